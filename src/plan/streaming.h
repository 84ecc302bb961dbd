// Whether a plan's rows may be worked on a batch at a time, in the memory of a few batches.
// Threads: free functions over immutable input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "plan/plan.h"

namespace scoria::plan {

// Why a partition needs all of its rows at once ("features.group_by"); nothing where each row's output depends on that row alone: one
// input, in its own order, with expressions that go row by row, and tables that are joined to it.
std::optional<std::string> needs_all_rows(const Plan& plan);

// From this size on an input is worked on in batches if it may be. Below it, types are found out over all of its rows.
inline constexpr std::uint64_t kStreamedBytes = 256ull << 20;

}  // namespace scoria::plan
