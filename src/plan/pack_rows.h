// Which rows of a table belong to which model of a pack.
// Threads: immutable once made.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "pack/pack.h"
#include "table/table.h"

namespace scoria::plan {

// Neighbouring rows with one key.
struct KeyRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  pack::Found model;  // place 0: none
};

// The runs of rows [first, first + count), in order. `columns` are the key columns, in the pack's order. A null is no key.
// Errors: corrupt, of the pack.
Result<std::vector<KeyRun>> find_runs(const pack::Pack& pack, std::span<const table::ColumnPtr> columns,
                                      std::size_t first, std::size_t count);

}  // namespace scoria::plan
