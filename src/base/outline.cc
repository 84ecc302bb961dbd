#include "base/outline.h"

#include <nlohmann/json.hpp>

namespace scoria {
namespace {

void render(const OutlineNode& node, std::size_t depth, std::string& out) {
  out.append(2 * depth, ' ').append(node.label).append(node.label.empty() ? "" : ": ").append(node.type);
  for (std::size_t i = 0; i < node.classes.size(); ++i) out.append(i == 0 ? ", class " : ", ").append(node.classes[i]);
  if (node.has_dim) {
    out += " [";
    for (std::size_t i = 0; i < node.dim.size(); ++i) {
      out.append(i == 0 ? "" : " x ").append(std::to_string(node.dim[i]));
    }
    out += ']';
  } else if (node.has_length && (node.length != 1 || node.values.empty())) {
    out.append(" [").append(std::to_string(node.length)).append("]");
  }
  for (std::size_t i = 0; i < node.values.size(); ++i) out.append(i == 0 ? "  " : " ").append(node.values[i]);
  if (!node.values.empty() && node.has_length && node.length > node.values.size()) out += " ...";
  out += '\n';
  for (const OutlineNode& child : node.children) render(child, depth + 1, out);
  if (node.more > 0 && !node.children.empty()) {
    out.append(2 * depth + 2, ' ').append("... ").append(std::to_string(node.more)).append(" more\n");
  }
}

}  // namespace

std::string outline_text(const OutlineNode& root) {
  std::string out;
  render(root, 0, out);
  return out;
}

nlohmann::ordered_json outline_json(const OutlineNode& node) {
  nlohmann::ordered_json json;
  if (!node.label.empty()) json["label"] = node.label;
  json["type"] = node.type;
  if (!node.classes.empty()) json["class"] = node.classes;
  if (node.has_length) json["length"] = node.length;
  if (node.has_dim) json["dim"] = node.dim;
  if (!node.values.empty()) json["values"] = node.values;
  for (const OutlineNode& child : node.children) json["children"].push_back(outline_json(child));
  if (node.more > 0) json["more"] = node.more;
  return json;
}

}  // namespace scoria
