// Missing values of a column from the rows before or after.
// Threads: free functions over immutable input.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/table.h"

namespace scoria::plan {

enum class FillDirection : std::uint8_t { down, up, downup, updown };

// "down", "up", "downup", "updown"; nullopt for anything else.
std::optional<FillDirection> fill_direction(std::string_view name);

// tidyr::fill(rows, columns, .direction) within the groups that start at `group_starts`: NA and NaN take the last value before
// them (down) or the next one after them (up); downup fills down first, then up what is left.
// Errors: invalid, for a column that is not there. O(rows x columns).
Result<table::Table> fill(const table::Table& rows, std::span<const std::uint32_t> group_starts,
                          const std::vector<std::string>& columns, FillDirection direction);

}  // namespace scoria::plan
