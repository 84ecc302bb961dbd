// One value with R's type, missing or not: what a constant of a frame holds, and what a one-value expression gives.
// Threads: plain value.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/result.h"
#include "table/column.h"

namespace scoria::expr {

struct Scalar {
  std::variant<bool, std::int32_t, double, std::string> value = false;
  bool is_missing = false;

  // NA of a type. A factor's is text.
  static Scalar na(table::Type type);
  // Row `row` of a column; a factor gives its level as text.
  static Scalar from(const table::Column& column, std::size_t row);

  table::Type type() const;
  // The value as a column of one row.
  table::ColumnPtr column() const;
  // R's as.character(): at most 15 significant digits, "NA" when missing.
  std::string text() const;
  // The same value as `to`, where nothing is lost: logical -> integer -> double; a whole double -> integer.
  // Errors: invalid, otherwise.
  Result<Scalar> as(table::Type to) const;
};

}  // namespace scoria::expr
