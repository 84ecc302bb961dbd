// Many tables under each other.
// Threads: free functions over immutable input.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "table/table.h"

namespace scoria::plan {

// As table::stack, for one table or more; halves of halves, so that rows are copied log(n) times.
Result<table::Table> stack_all(std::span<const table::Table> tables);

// The named columns of tables under each other; a name that no table has is left out.
Result<table::Table> stack_columns(std::span<const table::Table> tables, const std::vector<std::string>& names);

}  // namespace scoria::plan
