// Numbers of the attempts that a state's database says are under way, or wait for their outputs to be published: only these may have staged
// outputs. Threads: a free function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>

#include "base/result.h"

namespace scoria::server {

// `folder` holds state.sqlite. A row that cannot be read has none. Errors: as store::StateFile.
Result<std::set<std::uint64_t>> open_attempts(const std::filesystem::path& folder);

}  // namespace scoria::server
