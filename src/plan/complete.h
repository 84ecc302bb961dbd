// Rows for the combinations that a table lacks.
// Threads: free functions over immutable input.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/named_list.h"
#include "plan/sequence.h"
#include "table/table.h"

namespace scoria::plan {

// How, as a plan says it: complete(nesting(sku, store), week = full_seq(week, 1), fill = list(sales = 0)).
struct Complete {
  std::vector<std::vector<std::string>>
      columns;                           // each: one column, or several of which only the combinations there are count
  std::map<std::string, Period> ranges;  // of single columns: a sequence instead of the values there are
  NamedList<std::string> fill;           // what new rows hold in a column, NA otherwise, as text
  bool is_explicit = true;               // fills the NA and NaN of old rows as well, as tidyr does
  std::vector<std::string> by;           // completes each group by itself
};

struct Completed {
  table::Table rows;
  std::uint64_t added = 0;
};

inline constexpr std::uint64_t kMaxCompletedRows = 1u << 27;

// tidyr::complete: every combination of the columns' values, in their order (numbers ascending, text by its bytes, factors by
// level and each of their levels, then NaN, then NA), the first column changing slowest; where the table has rows for a
// combination, those in their order. `by` columns come first. Rows that a sequence's tolerance leaves out come last.
// Errors: invalid, naming column and row: a column that is not there, a value off a sequence, a fill of another type;
// too_large, above kMaxCompletedRows.
Result<Completed> complete(const table::Table& rows, const Complete& how);

}  // namespace scoria::plan
