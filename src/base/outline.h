// An outline of some object, as str() gives it in R: what the readers of object files make, and how it is shown.
// Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace scoria {

struct OutlineNode {
  std::string label;
  std::string type;
  std::vector<std::string> classes;
  bool has_length = false;
  std::size_t length = 0;
  bool has_dim = false;
  std::vector<std::int64_t> dim;    // shown instead of the length
  std::vector<std::string> values;  // the first ones, as text
  std::vector<OutlineNode> children;
  std::size_t more = 0;  // children that are not shown
};

// A line for each node, indented by its depth. Recursive: whoever makes the nodes bounds their depth.
std::string outline_text(const OutlineNode& root);

// label, type, class, length, dim, values, children and more, where they apply.
nlohmann::ordered_json outline_json(const OutlineNode& root);

}  // namespace scoria
