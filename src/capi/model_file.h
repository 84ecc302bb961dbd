// Reads a whole file into memory: a mapped one that another process shortens would end the host.
// Threads: independent calls are independent.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace scoria::capi {

// Errors: not_found, denied, unavailable, too_large (above `max_bytes`), each naming the path.
Result<std::string> read_model_file(const char* path, std::uint64_t max_bytes);

}  // namespace scoria::capi
