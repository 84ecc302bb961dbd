// A second table's columns beside the rows of the first, matched by key.
// Threads: free functions over immutable input.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/named_list.h"
#include "table/table.h"

namespace scoria::plan {

// How, as a plan says it.
struct Join {
  std::string input;            // the second table
  NamedList<std::string> by;    // column of the rows -> column of the second table
  NamedList<std::string> take;  // new name -> column of the second table; empty: every column but the keys
  bool na_matches = true;  // NA finds NA and NaN finds NaN, as in dplyr; false: a row with one of them finds nothing
};

struct Joined {
  table::Table rows;
  std::uint64_t unmatched = 0;  // rows that found nothing
};

// dplyr::left_join(rows, second, by, relationship = "many-to-one"): every row stays, in its place, with the columns of the one
// row of `second` that has its key, or with NA. Numbers are compared as numbers whatever their type, text and factors as text.
// Unlike dplyr, a column that both tables have is refused instead of renamed. O(rows + second).
// Errors: invalid, naming input, column and rows: a key column that is not there, keys of types that cannot be equal, a key
// that `second` has twice, a name that is there already.
Result<Joined> left_join(const table::Table& rows, const table::Table& second, const Join& join);

}  // namespace scoria::plan
