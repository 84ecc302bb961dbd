// Positions of a factor's levels by the text or number that a table's cell holds.
// Threads: immutable once made. Borrows: the levels.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "table/column.h"

namespace scoria::model {

class LevelCodes {
 public:
  static constexpr std::int32_t kNone = -1;

  explicit LevelCodes(const std::vector<std::string>& levels);

  // Whether some level is a number: then columns of numbers can hold levels.
  bool has_numbers() const { return !by_number_.empty(); }

  // kNone where there is no such level. A number is matched to R's 15 significant digits, and by value, as R may write whole
  // numbers above 99999 as 1e+05.
  std::int32_t of_text(std::string_view text) const;
  std::int32_t of_number(double value) const;
  // Precondition: the cell is not null.
  std::int32_t at(const table::Column& column, std::size_t row) const;

  // Every row's; kNone where the cell is null or holds no level.
  std::vector<std::int32_t> of_column(const table::Column& column) const;

 private:
  std::unordered_map<std::string_view, std::int32_t> by_text_;
  std::unordered_map<double, std::int32_t> by_number_;
};

bool holds_numbers(const table::Column& column);  // double or integer

// A cell of any type as R's as.character() gives it. Precondition: it is not null.
std::string cell_text(const table::Column& column, std::size_t row);

}  // namespace scoria::model
