// Named values in the order written, and lists of names as messages show them.
// Threads: value type and a pure function.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace scoria::plan {

template <typename T>
using NamedList = std::vector<std::pair<std::string, T>>;

// "a, b, c"; beyond `most` names, how many more there are.
inline std::string listed(const std::vector<std::string>& names, std::size_t most = ~std::size_t{0}) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}

}  // namespace scoria::plan
