// The time of day as text. Threads: free function.
#pragma once

#include <string>

namespace scoria::plan {

// Now in UTC, ISO 8601: "2026-11-20T14:03:59Z".
std::string utc_now();

}  // namespace scoria::plan
