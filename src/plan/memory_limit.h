// How much memory a command may plan with.
// Threads: free function.
#pragma once

#include <cstdint>

namespace scoria::plan {

// Four fifths of what this process may have at most: the machine's memory, its control group's limit, its resource limits.
std::uint64_t default_memory_limit();

}  // namespace scoria::plan
