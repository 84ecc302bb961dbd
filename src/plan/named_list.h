// Named values in the order written.
// Threads: value type.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace scoria::plan {

template <typename T>
using NamedList = std::vector<std::pair<std::string, T>>;

}  // namespace scoria::plan
