// Whole bytes to one gzip member.
// Threads: independent calls are independent.
#pragma once

#include <string>
#include <string_view>

namespace scoria {

// Level 6, R's own default. Deterministic: no name, no time.
std::string gzip(std::string_view bytes);

}  // namespace scoria
