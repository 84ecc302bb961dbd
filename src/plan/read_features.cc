#include "plan/read_parts.h"

namespace scoria::plan {

Result<Features> read_features(const YamlPlace& place) {
  SCORIA_TRY_STATUS(place.only({"from", "prepare", "group_by", "arrange", "mutate", "filter", "drop_incomplete"}));
  Features features;
  SCORIA_TRY(from_place, place.required("from"));
  SCORIA_TRY(from, from_place.texts());
  if (from.empty()) return from_place.error("needs at least one input");
  features.from = std::move(from);
  if (place.has("group_by")) {
    SCORIA_TRY(names, place.at("group_by").texts());
    features.group_by = std::move(names);
  }
  if (place.has("arrange")) {
    SCORIA_TRY(names, place.at("arrange").texts());
    features.arrange = std::move(names);
  }
  if (place.has("prepare")) {
    SCORIA_TRY(steps, read_prepare(place.at("prepare"), {features.group_by, features.arrange}));
    features.prepare = std::move(steps);
  }
  if (place.has("mutate")) {
    SCORIA_TRY(definitions, place.at("mutate").expressions());
    features.mutate = std::move(definitions);
  }
  if (place.has("filter")) {
    SCORIA_TRY(condition, place.at("filter").expression());
    features.filter = condition;
  }
  if (place.has("drop_incomplete")) {
    SCORIA_TRY(flag, place.at("drop_incomplete").flag());
    features.drop_incomplete = flag;
  }
  return features;
}

}  // namespace scoria::plan
