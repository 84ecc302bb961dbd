// SHA-256 of bytes, as 64 hexadecimal digits. Threads: free function.
#pragma once

#include <string>
#include <string_view>

namespace scoria::plan {

std::string sha256(std::string_view bytes);

}  // namespace scoria::plan
