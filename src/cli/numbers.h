// Numbers as people read them. Threads: free functions.
#pragma once

#include <cstdint>
#include <string>

namespace scoria::cli {

std::string with_commas(std::uint64_t number);  // 5,376,800
std::string short_seconds(double seconds);      // 0.46
std::string short_count(double count);          // "12.3 M", "456 k", "789"

}  // namespace scoria::cli
