#include "pickle/summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/outline.h"
#include "pickle/array.h"
#include "pickle/text.h"

namespace scoria::pickle {
namespace {

class Outline {
 public:
  explicit Outline(const SummaryOptions& options) : options_(options), nodes_left_(options.max_nodes) {
    options_.max_depth = std::min<std::size_t>(options_.max_depth, 50);
  }

  OutlineNode node(std::string label, const Value& x, std::size_t depth) {
    if (nodes_left_ > 0) --nodes_left_;
    OutlineNode node;
    node.label = std::move(label);
    node.type = kind_name(x.kind);
    switch (x.kind) {
      case Kind::array: array(node, x, depth); break;
      case Kind::record: record(node, x, depth); break;
      case Kind::dict: entries(node, x, "", depth); break;
      case Kind::list:
      case Kind::tuple:
      case Kind::set:
      case Kind::frozen_set: items(node, x, depth); break;
      case Kind::text:
      case Kind::narrow_text:
      case Kind::bytes:
      case Kind::byte_array:
        node.has_length = x.kind == Kind::bytes || x.kind == Kind::byte_array;
        node.length = x.text.size();
        node.values.push_back(brief(x, options_.max_text));
        break;
      case Kind::scalar:
        node.type += " " + type_name(*x.array->type);
        node.values.push_back(brief(x, options_.max_text));
        break;
      case Kind::none: break;
      default: node.values.push_back(brief(x, options_.max_text)); break;
    }
    return node;
  }

 private:
  static constexpr std::size_t kFew = 4;

  void array(OutlineNode& node, const Value& x, std::size_t depth) {
    const Array& content = *x.array;
    node.type += " " + type_name(*content.type);
    node.has_dim = true;
    for (const std::uint64_t size : content.shape) node.dim.push_back(static_cast<std::int64_t>(size));
    if (content.type->kind == ElementKind::object) {
      children(node, content.objects.size(), kFew, depth,
               [&](std::size_t i) { return std::pair("[" + std::to_string(i) + "]", content.objects[i]); });
      return;
    }
    const bool is_wide = !content.type->fields.empty();
    const std::uint64_t shown = std::min<std::uint64_t>(content.count, is_wide ? 1 : options_.max_values);
    for (std::uint64_t i = 0; i < shown; ++i) node.values.push_back(element_text(content, i, options_.max_text));
    node.has_length = true;
    node.length = content.count;
  }

  void record(OutlineNode& node, const Value& x, std::size_t depth) {
    const Record& content = *x.record;
    node.type = class_name(x);
    if (!content.arguments->items.empty()) items_of(node, *content.arguments, "argument ", kFew, depth);
    if (content.elements != nullptr) items_of(node, *content.elements, "", kFew, depth);
    if (content.entries != nullptr) entries(node, *content.entries, "", depth);
    if (content.state == nullptr) return;
    const Value& state = *content.state;
    if (state.kind == Kind::dict) {
      entries(node, state, ".", depth);
    } else if (state.kind == Kind::tuple && state.items.size() == 2) {
      for (const Value* part : state.items) entries(node, *part, ".", depth);
    } else {
      children(node, 1, 1, depth, [&](std::size_t) { return std::pair(std::string("state"), &state); });
    }
  }

  void items(OutlineNode& node, const Value& x, std::size_t depth) {
    node.has_length = true;
    node.length = x.items.size();
    items_of(node, x, "", depth == 0 ? options_.max_children : kFew, depth);
  }

  void items_of(OutlineNode& node, const Value& x, const std::string& prefix, std::size_t most, std::size_t depth) {
    children(node, x.items.size(), most, depth,
             [&](std::size_t i) { return std::pair(prefix + "[" + std::to_string(i) + "]", x.items[i]); });
  }

  void entries(OutlineNode& node, const Value& dict, const std::string& prefix, std::size_t depth) {
    if (dict.kind != Kind::dict) return;
    if (prefix.empty()) {
      node.has_length = true;
      node.length = dict.size();
    }
    // Attributes tell what a model is; of the entries of a table a few will do.
    const std::size_t most = prefix.empty() && depth > 0 ? kFew : options_.max_children;
    children(node, dict.size(), most, depth, [&](std::size_t i) {
      const Value& key = *dict.items[2 * i];
      const std::string name = is_text(key) ? escaped(key.text, options_.max_text) : brief(key, options_.max_text);
      return std::pair(prefix.empty() ? "[" + name + "]" : prefix + name, dict.items[2 * i + 1]);
    });
  }

  template <typename Child>
  void children(OutlineNode& node, std::size_t count, std::size_t most, std::size_t depth, Child child) {
    const std::size_t shown = depth >= options_.max_depth ? 0 : std::min(count, most);
    std::size_t done = 0;
    for (; done < shown && nodes_left_ > 0; ++done) {
      const auto [label, value] = child(done);
      node.children.push_back(this->node(label, *value, depth + 1));
    }
    node.more += count - done;
  }

  SummaryOptions options_;
  std::size_t nodes_left_;
};

std::string writer(const Document& document) {
  const std::string version = sklearn_version(document.root());
  return version.empty() ? "" : "scikit-learn " + version;
}

}  // namespace

std::string describe_file(const Document& document) {
  std::string text = document.has_inline_arrays ? "joblib file" : "Python pickle";
  text += document.protocol == 0 ? ", protocol 0 or 1" : ", protocol " + std::to_string(document.protocol);
  const std::string by = writer(document);
  if (!by.empty()) text += ", written by " + by;
  if (document.compression != "none") text += ", " + document.compression;
  return text;
}

std::string describe_class(const Value& value) {
  std::string text = value.kind == Kind::record ? class_name(value) : std::string(kind_name(value.kind));
  const Value* steps = attribute(value, "steps");
  if (steps == nullptr || steps->kind != Kind::list) return text;
  constexpr std::size_t kMost = 10;
  for (std::size_t i = 0; i < std::min(steps->items.size(), kMost); ++i) {
    const Value& step = *steps->items[i];
    const bool is_step = step.kind == Kind::tuple && step.items.size() == 2;
    const std::string name = is_step ? class_name(*step.items[1]) : "";
    text += (i == 0 ? " of " : ", ") +
            (name.empty() ? (is_step ? brief(*step.items[1], 40) : "?") : name.substr(name.rfind('.') + 1));
  }
  return text;
}

std::string summarize(const Document& document, const SummaryOptions& options) {
  return describe_file(document) + "\n" + outline_text(Outline(options).node("", document.root(), 0));
}

std::string summarize_json(const Document& document, const SummaryOptions& options) {
  nlohmann::ordered_json json;
  json["format"] = document.has_inline_arrays ? "joblib" : "pickle";
  json["version"] = document.protocol;
  json["writer"] = writer(document);
  json["compression"] = document.compression;
  json["root"] = outline_json(Outline(options).node("", document.root(), 0));
  // Texts of a hostile file may hold lone surrogates.
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace scoria::pickle
