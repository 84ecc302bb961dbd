#include "model/pipeline/numbers.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/na.h"
#include "model/level_codes.h"

namespace scoria::model::pipeline {
namespace {

Error refused(const std::string& column, std::size_t row, const std::string& what, std::string_view class_name) {
  return Error{Code::invalid, "row " + std::to_string(row) + ", column '" + column + "': " + what + ", which " +
                                  std::string(class_name) + " does not take"};
}

std::vector<double> as_doubles(const table::Column& column) {
  std::vector<double> values(column.size(), na_real());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (column.is_null(row)) continue;
    switch (column.type()) {
      case table::Type::logical: values[row] = column.logicals()[row]; break;
      case table::Type::integer: values[row] = column.integers()[row]; break;
      default: break;  // text without a value: require_numbers() let nothing else pass
    }
  }
  return values;
}

// Without a branch, so that it takes a fraction of the time of what is done with the numbers: compilers vectorise it.
bool all_finite(const double* values, std::size_t count) {
  constexpr std::uint64_t kExponent = 0x7ff0000000000000;
  constexpr std::uint64_t kCarry = 0x0010000000000000;  // carries into the sign where all bits of the exponent are set
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < count; ++i) found |= (std::bit_cast<std::uint64_t>(values[i]) & kExponent) + kCarry;
  return (found >> 63) == 0;
}

}  // namespace

Result<FeatureMatrix> to_numbers(const table::Table& columns, Accept accept, std::string_view class_name,
                                 std::size_t first_row) {
  FeatureMatrix matrix;
  matrix.rows = columns.rows();
  matrix.converted.reserve(columns.columns());
  for (std::size_t j = 0; j < columns.columns(); ++j) {
    const table::Column& column = *columns.column(j);
    const std::string& name = columns.names()[j];
    if (column.type() == table::Type::real) {
      matrix.columns.push_back(column.reals().data());
    } else {
      SCORIA_TRY_STATUS(require_numbers(column, name, first_row));
      matrix.columns.push_back(matrix.converted.emplace_back(as_doubles(column)).data());
    }
    if (!accept.only_float32 && all_finite(matrix.columns.back(), matrix.rows)) continue;
    const double most = accept.only_float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
    const double* values = matrix.columns.back();
    for (std::size_t row = 0; row < matrix.rows; ++row) {
      const double x = values[row];
      if (std::fabs(x) <= most) continue;
      if (std::isnan(x)) {
        if (!accept.missing) return refused(name, first_row + row, "the value is missing", class_name);
      } else if (!std::isinf(x)) {
        if (!std::isinf(static_cast<float>(x))) continue;  // rounds to the largest float32
        return refused(name, first_row + row, "the value is beyond the range of float32", class_name);
      } else if (!accept.infinite) {
        return refused(name, first_row + row, "the value is infinite", class_name);
      }
    }
  }
  return matrix;
}

}  // namespace scoria::model::pipeline
