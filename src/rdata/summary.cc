#include "rdata/summary.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <vector>

#include "base/na.h"
#include "base/outline.h"

namespace scoria::rdata {
namespace {

using Node = OutlineNode;

std::string short_number(double x) {
  if (is_na(x)) return "NA";
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "Inf" : "-Inf";
  std::array<char, 32> buffer;
  constexpr int kDigits = 6;
  const auto [end, code] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), x, std::chars_format::general, kDigits);
  return std::string(buffer.data(), code == std::errc() ? end : buffer.data());
}

std::string integer_text(std::int32_t x) { return x == kNaInt ? "NA" : std::to_string(x); }

std::string quoted(std::string_view text, std::size_t max_text) {
  std::string out = "\"";
  for (const char c : text) {
    if (out.size() > max_text && (static_cast<unsigned char>(c) & 0xC0u) != 0x80) return out + "...\"";
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          constexpr std::string_view kDigits = "0123456789abcdef";
          out += "\\x";
          out += kDigits[static_cast<unsigned char>(c) >> 4];
          out += kDigits[static_cast<unsigned char>(c) & 15u];
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

class Outline {
 public:
  explicit Outline(const SummaryOptions& options) : options_(options), nodes_left_(options.max_nodes) {
    options_.max_depth = std::min<std::size_t>(options_.max_depth, 50);
  }

  Node node(std::string label, const Value& x, std::size_t depth) {
    if (nodes_left_ > 0) --nodes_left_;
    Node node;
    node.label = std::move(label);
    node.type = kind_name(x.kind);
    node.classes = classes(x);
    first_values(node, x);
    if (x.kind == Kind::environment) {
      const auto [entry, is_new] = environments_.try_emplace(&x, environments_.size() + 1);
      node.type += " #" + std::to_string(entry->second);
      if (!is_new) {
        node.has_length = false;
        node.values.push_back("shown above");
        return node;
      }
    }
    children(node, x, depth);
    return node;
  }

 private:
  void first_values(Node& node, const Value& x) {
    switch (x.kind) {
      case Kind::logical:
      case Kind::integer: integers(node, x); break;
      case Kind::real: elements(node, x.reals.size(), [&](std::size_t i) { return short_number(x.reals[i]); }); break;
      case Kind::complex:
        elements(node, x.reals.size() / 2, [&](std::size_t i) {
          const std::string imaginary = short_number(x.reals[2 * i + 1]);
          return short_number(x.reals[2 * i]) + (imaginary.front() == '-' ? "" : "+") + imaginary + "i";
        });
        break;
      case Kind::character:
      case Kind::character_element:
        elements(node, x.texts.size(),
                 [&](std::size_t i) { return x.texts[i].is_na ? "NA" : quoted(utf8(x.texts[i]), options_.max_text); });
        break;
      case Kind::raw:
        elements(node, x.bytes.size(), [&](std::size_t i) {
          constexpr std::string_view kDigits = "0123456789abcdef";
          const auto byte = std::to_integer<unsigned>(x.bytes[i]);
          return std::string{kDigits[byte >> 4], kDigits[byte & 15u]};
        });
        break;
      case Kind::list:
      case Kind::expression:
      case Kind::pairlist:
      case Kind::dots:
      case Kind::environment:
        node.has_length = true;
        node.length = x.size();
        break;
      case Kind::language: node.values.push_back(code_text(x, options_.max_text)); break;
      case Kind::promise: node.values.push_back(code_text(*x.body, options_.max_text)); break;
      case Kind::closure: {
        std::string arguments = "function(";
        for (const Named& formal : x.formals->cells.first(std::min(x.formals->cells.size(), options_.max_values))) {
          arguments.append(arguments.back() == '(' ? "" : ", ").append(formal.name);
        }
        node.values.push_back(arguments + (x.formals->cells.size() > options_.max_values ? ", ...)" : ")"));
        break;
      }
      case Kind::symbol:
      case Kind::builtin:
      case Kind::special:
      case Kind::name_space:
      case Kind::package: node.values.emplace_back(x.name); break;
      default: break;
    }
    if (const Value* dim = x.attribute("dim"); dim != nullptr && dim->kind == Kind::integer) {
      const std::size_t shown = std::min<std::size_t>(dim->integers.size(), 8);
      node.has_dim = shown > 0;
      node.dim.assign(dim->integers.begin(), dim->integers.begin() + static_cast<std::ptrdiff_t>(shown));
    }
  }

  template <typename Text>
  void elements(Node& node, std::size_t count, Text text) {
    node.has_length = true;
    node.length = count;
    for (std::size_t i = 0; i < std::min(count, options_.max_values); ++i) node.values.push_back(text(i));
  }

  void integers(Node& node, const Value& x) {
    const Value* levels = inherits(x, "factor") ? x.attribute("levels") : nullptr;
    elements(node, x.integers.size(), [&](std::size_t i) -> std::string {
      const std::int32_t code = x.integers[i];
      if (levels != nullptr && code >= 1 && static_cast<std::size_t>(code) <= levels->texts.size()) {
        return quoted(utf8(levels->texts[static_cast<std::size_t>(code) - 1]), options_.max_text);
      }
      if (x.kind == Kind::logical && code != kNaInt) return code != 0 ? "TRUE" : "FALSE";
      return integer_text(code);
    });
  }

  void children(Node& node, const Value& x, std::size_t depth) {
    const Value* names = x.attribute("names");
    if (x.kind == Kind::list || x.kind == Kind::expression) {
      const bool named = names != nullptr && names->texts.size() == x.items.size();
      each(node, x.items.size(), depth, named, [&](std::size_t i) {
        const bool has_name = named && !names->texts[i].is_na && !names->texts[i].bytes.empty();
        return std::pair(has_name ? "$" + utf8(names->texts[i]) : "[[" + std::to_string(i + 1) + "]]", x.items[i]);
      });
    } else if (x.kind == Kind::pairlist || x.kind == Kind::dots || x.kind == Kind::environment) {
      each(node, x.cells.size(), depth, true, [&](std::size_t i) {
        const Named& cell = x.cells[i];
        return std::pair(cell.name.empty() ? "[[" + std::to_string(i + 1) + "]]" : "$" + std::string(cell.name),
                         cell.value);
      });
    }
    std::vector<Named> shown;
    for (const Named& attribute : x.attributes) {
      const bool in_its_line = attribute.name == "class" || attribute.name == "dim" ||
                               (attribute.name == "names" && (x.kind == Kind::list || x.kind == Kind::expression)) ||
                               attribute.name == "srcref";
      if (!in_its_line) shown.push_back(attribute);
    }
    each(node, shown.size(), depth, true,
         [&](std::size_t i) { return std::pair("@" + std::string(shown[i].name), shown[i].value); });
  }

  template <typename Child>
  void each(Node& node, std::size_t count, std::size_t depth, bool named, Child child) {
    constexpr std::size_t kLeast = 4;
    constexpr std::size_t kAlike = 3;  // elements without names are mostly alike: trees, groups, splits
    std::size_t width = std::max(kLeast, options_.max_children >> std::min<std::size_t>(2 * depth, 60));
    if (!named && depth > 0) width = kAlike;
    const std::size_t shown = depth >= options_.max_depth ? 0 : std::min(count, width);
    std::size_t done = 0;
    for (; done < shown && nodes_left_ > 0; ++done) {
      auto [label, value] = child(done);
      node.children.push_back(this->node(std::move(label), *value, depth + 1));
    }
    node.more += count - done;
  }

  SummaryOptions options_;
  std::size_t nodes_left_;
  std::unordered_map<const Value*, std::size_t> environments_;
};

}  // namespace

std::string summarize(const Document& document, const SummaryOptions& options) {
  std::string out = document.is_workspace ? "R workspace" : "R object";
  out += ", " + document.format + " format version " + std::to_string(document.version) + ", written by R " +
         document.writer;
  if (document.compression != "none") out += ", " + document.compression;
  out += '\n';
  return out + outline_text(Outline(options).node("", document.root(), 0));
}

std::string summarize_json(const Document& document, const SummaryOptions& options) {
  nlohmann::ordered_json json;
  json["format"] = document.format;
  json["version"] = document.version;
  json["writer"] = document.writer;
  json["compression"] = document.compression;
  json["workspace"] = document.is_workspace;
  json["root"] = outline_json(Outline(options).node("", document.root(), 0));
  // Names of a hostile file need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace scoria::rdata
