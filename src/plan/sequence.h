// A regular sequence over a column's range: whole numbers, numbers, or ISO dates.
// Threads: free functions over immutable input.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/column.h"

namespace scoria::plan {

// How far apart neighbours are.
struct Period {
  enum class Unit : std::uint8_t { number, days, months };
  double every = 1;  // above 0; whole for days and months
  Unit unit = Unit::number;
};

// "1", "0.5", "day", "2 weeks", "month", "3 months", "year". Errors: invalid.
Result<Period> parse_period(std::string_view text);

// A sequence, and where in it each of the rows stands.
struct Sequence {
  table::ColumnPtr values;
  std::vector<std::int64_t>
      positions;  // by row asked for; -1: a double within the tolerance of a value, but not equal to it
};

inline constexpr std::size_t kMaxSequence = 1u << 24;

// tidyr::full_seq(x, period) over the named rows; dates are text as 2024-01-31, and a number counts days of them. Whole numbers
// stay whole where the period is. Doubles may be 1e-6 off, as in tidyr.
// Errors: invalid, naming the first row that is missing, no date, or not on the sequence that starts at the least value;
// too_large, for more than kMaxSequence values.
Result<Sequence> full_sequence(const table::Column& column, std::span<const std::uint32_t> rows, Period period);

}  // namespace scoria::plan
