// What an imputer takes for missing: missing_values of scikit-learn's SimpleImputer and MissingIndicator.
// Threads: immutable; const members may run concurrently.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "pickle/object.h"
#include "table/column.h"

namespace scoria::model::preprocess {

inline bool holds_texts(const table::Column& column) {
  return column.type() == table::Type::text || column.type() == table::Type::factor;
}

class MissingMark {
 public:
  // The attribute `missing_values`. Errors: unsupported: what is no number, text, None, NaN or pandas' NA.
  static Result<MissingMark> read(const pickle::Object& object);

  // NaN, None and pandas' NA: a missing cell, NaN and an empty text.
  bool is_absence() const { return kind_ == Kind::absence; }

  // For each row whether the cell is one of these.
  std::vector<std::uint8_t> rows(const table::Column& column) const;

  // What scikit-learn refuses beside the mark: a missing cell where the mark is something else, an infinite number where
  // `takes_infinite` is not set. Errors: invalid, naming row, column `name` and `class_name`.
  Status check(const table::Column& column, const std::string& name, bool takes_infinite, std::size_t first_row,
               const std::string& class_name) const;

 private:
  enum class Kind : std::uint8_t { absence, number, text };

  Kind kind_ = Kind::absence;
  double number_ = 0;
  std::string text_;
};

}  // namespace scoria::model::preprocess
