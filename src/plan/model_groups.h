// Which rows are scored by which model's file.
// Threads: free function over immutable input.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "expr/frame.h"
#include "plan/plan.h"
#include "table/table.h"

namespace scoria::plan {

// Rows that share a model.
struct ModelGroup {
  std::string path;                 // of the model's file; empty: these rows have none
  std::vector<std::uint32_t> rows;  // ascending
};

struct ModelGroups {
  std::vector<ModelGroup> groups;    // by path in order of first appearance of the keys, those without a model last
  std::vector<std::string> missing;  // files that are not there, in that order
  std::uint64_t missing_rows = 0;    // rows of those, and of keys that are NA
};

// Groups the rows of `keys`, which has the columns entry.groups, by the file that entry.file names with their values and
// `constants`. Errors: not_found, for a file that `exists` does not know, and invalid, for a key that is NA, where the plan's
// `missing` is error; denied, for a key that is no plain part of a file's name, whatever `missing` is; those of `exists`.
Result<ModelGroups> group_by_model(const Models& entry, const table::Table& keys, const expr::Constants& constants,
                                   const std::function<Result<bool>(const std::string&)>& exists);

}  // namespace scoria::plan
