// Columns of one type under each other.
// Threads: free function over immutable input.
#pragma once

#include <span>

#include "table/column.h"

namespace scoria::table {

// Preconditions: at least one part; all have one type; factors share one set of levels. O(rows).
ColumnPtr concatenate(std::span<const ColumnPtr> parts);

}  // namespace scoria::table
