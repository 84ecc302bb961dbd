#include "model/r_matrix.h"

#include <cmath>

namespace scoria::model {

using rdata::Kind;
using rdata::Value;

std::vector<std::size_t> dimensions(const Value& value, std::size_t count) {
  const Value* dim = value.attribute("dim");
  if (dim == nullptr) return {};
  std::vector<std::size_t> sizes;
  std::size_t product = 1;
  for (const double size : to_numbers(*dim)) {
    // A product of sizes that are each at most `count`, which is in memory, and stop above it cannot overflow.
    if (!(size >= 0 && size <= static_cast<double>(count)) || size != std::floor(size)) return {};
    sizes.push_back(static_cast<std::size_t>(size));
    product *= sizes.back();
    if (product > count) return {};
  }
  if (product != count) return {};
  return sizes;
}

std::vector<std::string> dimension_names(const Value& value, std::size_t dimension) {
  const Value* names = value.attribute("dimnames");
  if (names == nullptr || names->kind != Kind::list || dimension >= names->items.size()) return {};
  const Value& own = *names->items[dimension];
  return own.kind == Kind::character ? rdata::strings(own) : std::vector<std::string>{};
}

Result<RMatrix> read_matrix(const Value& value, const RObject& object, std::string_view where) {
  if (value.kind != Kind::real && value.kind != Kind::integer && value.kind != Kind::logical) {
    return object.corrupt(where, "is a " + std::string(rdata::kind_name(value.kind)) + ", must be a matrix of numbers");
  }
  RMatrix matrix{.values = to_numbers(value)};
  const std::vector<std::size_t> sizes = dimensions(value, matrix.values.size());
  if (sizes.size() != 2) return object.corrupt(where, "must be a matrix with two dimensions that fit its numbers");
  matrix.rows = sizes[0];
  matrix.columns = sizes[1];
  matrix.row_names = dimension_names(value, 0);
  matrix.column_names = dimension_names(value, 1);
  if (!matrix.row_names.empty() && matrix.row_names.size() != matrix.rows)
    return object.corrupt(where, "has row names that do not fit its rows");
  if (!matrix.column_names.empty() && matrix.column_names.size() != matrix.columns)
    return object.corrupt(where, "has column names that do not fit its columns");
  return matrix;
}

Result<RMatrix> read_matrix(const RObject& object, std::string_view slot) {
  const Value* value = object.find(slot);
  if (value == nullptr) return object.corrupt(slot, "is absent");
  return read_matrix(*value, object, slot);
}

}  // namespace scoria::model
