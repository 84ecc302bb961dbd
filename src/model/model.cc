#include "model/model.h"

namespace scoria::model {

std::string_view feature_kind_name(FeatureKind kind) {
  switch (kind) {
    case FeatureKind::number: return "number";
    case FeatureKind::logical: return "logical";
    case FeatureKind::factor: return "factor";
    case FeatureKind::ordered: return "ordered";
  }
  throw_bug(__FILE__, __LINE__, "a known FeatureKind");
}

}  // namespace scoria::model
