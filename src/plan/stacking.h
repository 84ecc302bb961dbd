// Many tables under each other.
// Threads: free function over immutable input.
#pragma once

#include <span>

#include "base/result.h"
#include "table/table.h"

namespace scoria::plan {

// As table::stack, for one table or more; halves of halves, so that rows are copied log(n) times.
Result<table::Table> stack_all(std::span<const table::Table> tables);

}  // namespace scoria::plan
