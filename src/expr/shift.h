// lag and lead: the value some rows away within the group.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "table/column.h"

namespace scoria::expr {

// How many rows lag or lead move. Errors: invalid, for anything but a whole number of at least 0.
Result<std::size_t> shift_distance(const table::ColumnPtr& n);

// Where the shifted values of some rows come from.
struct ShiftedRows {
  std::vector<std::uint32_t> rows;     // the row itself where there is none
  std::vector<std::uint32_t> outside;  // positions in `rows` whose source is outside the group
};

// Of `rows`; of all `size` rows when `rows` is nullptr. group_of: by row; starts: first row of every group.
ShiftedRows shifted_rows(const std::span<const std::uint32_t>* rows, std::size_t distance, bool is_lead,
                         std::span<const std::uint32_t> starts, std::size_t size,
                         const std::vector<std::uint32_t>& group_of);

// All rows of a double column lagged, the default NA: one pass without an index.
table::ColumnPtr lag_reals(const table::Column& column, std::size_t distance, std::span<const std::uint32_t> starts);

// The column with the value of `fill` (one row; nullptr for NA) at `positions`. Precondition: both of one type.
// Errors: invalid, for a factor with a fill that is not NA.
Result<table::ColumnPtr> filled(const table::ColumnPtr& column, std::span<const std::uint32_t> positions,
                                const table::ColumnPtr& fill);

}  // namespace scoria::expr
