#include "model/projection/r_prcomp.h"

#include "model/projection/projection.h"

namespace scoria::model::projection {
namespace {

using rdata::Kind;
using rdata::Value;

// A number for each variable, or none where the slot is FALSE.
Result<std::vector<double>> read_shift(const RObject& object, std::string_view slot, std::size_t variables) {
  const Value* value = object.find(slot);
  if (value != nullptr && value->kind == Kind::logical && value->integers.size() == 1 && value->integers[0] == 0)
    return std::vector<double>{};
  SCORIA_TRY(numbers, object.numbers(slot));
  if (numbers.size() != variables) return object.corrupt(slot, "must be FALSE or a number for each variable");
  return numbers;
}

Result<ModelPtr> load(const Value& value, const std::string& family, std::string_view matrix_slot) {
  const RObject object(value, family + " object");
  SCORIA_TRY(rotation, read_matrix(object, matrix_slot));
  if (rotation.rows == 0 || rotation.columns == 0)
    return object.corrupt(matrix_slot, "must hold at least one component");
  SCORIA_TRY(center, read_shift(object, "center", rotation.rows));
  SCORIA_TRY(scale, read_shift(object, "scale", rotation.rows));
  Design design = Design::of_columns(rotation.row_names, rotation.rows);
  Description description;
  description.family = family;
  description.title = family + ": " + std::to_string(rotation.columns) + " principal components of " +
                      std::to_string(rotation.rows) + " variables";
  description.package = "stats";
  description.classes = rdata::classes(value);
  description.types = {"PC"};
  description.details = {{"components", std::to_string(rotation.columns)},
                         {"centered", center.empty() ? "no" : "yes"},
                         {"scaled", scale.empty() ? "no" : "yes"}};
  design.describe(description);
  return ModelPtr(std::make_shared<Projection>(std::move(description), std::move(design), std::move(center),
                                               std::move(scale), std::move(rotation)));
}

}  // namespace

Result<ModelPtr> load_r_prcomp(const Value& value) { return load(value, "prcomp", "rotation"); }

Result<ModelPtr> load_r_princomp(const Value& value) { return load(value, "princomp", "loadings"); }

}  // namespace scoria::model::projection
