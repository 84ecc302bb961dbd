// The order of rows that group_by and arrange ask for, and where each group starts.
// Threads: free functions over immutable input.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "table/table.h"

namespace scoria::plan {

struct Ordering {
  std::vector<std::uint32_t> rows;          // positions in the table, in the new order
  std::vector<std::uint32_t> group_starts;  // first position in `rows` of each group
};

// Rows by the group columns, then by the arrange columns, ascending and stable; missing values last, as in dplyr::arrange. Text is
// ordered by its bytes. NaN and NA are one key. O(rows x columns) for whole numbers of a small range, else O(rows log rows).
// Errors: invalid, for a column that the table lacks; too_large, for more than 2^31 rows.
Result<Ordering> order_rows(const table::Table& table, const std::vector<std::string>& group_by,
                            const std::vector<std::string>& arrange);

}  // namespace scoria::plan
