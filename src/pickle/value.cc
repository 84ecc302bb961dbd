#include "pickle/value.h"

#include <algorithm>
#include <unordered_set>

#include "pickle/array.h"
#include "pickle/document.h"
#include "pickle/text.h"

namespace scoria::pickle {
namespace {

constexpr std::size_t kBriefDepth = 3;
constexpr std::size_t kBriefItems = 4;

std::string brief_at(const Value& value, std::size_t max_text, std::size_t depth);

// `step`: 2 for the entries of a dict.
std::string brief_items(const Value& value, std::string_view open, std::string_view close, std::size_t step,
                        std::size_t max_text, std::size_t depth) {
  std::string text(open);
  const std::size_t shown = depth >= kBriefDepth ? 0 : std::min(value.items.size(), kBriefItems * step);
  for (std::size_t i = 0; i + step <= shown; i += step) {
    text += (i == 0 ? "" : ", ") + brief_at(*value.items[i], max_text, depth + 1);
    if (step == 2) text += ": " + brief_at(*value.items[i + 1], max_text, depth + 1);
  }
  if (shown < value.items.size()) text += shown == 0 ? "..." : ", ...";
  if (value.kind == Kind::tuple && value.items.size() == 1) text += ",";
  return text.append(close);
}

std::string brief_record(const Value& value, std::size_t max_text, std::size_t depth) {
  const std::string name = public_name(*value.record->type);
  if (value.record->arguments->items.empty()) return name + (value.record->state == nullptr ? "()" : "(...)");
  const std::string arguments = brief_at(*value.record->arguments, max_text, depth + 1);
  return name + (arguments.starts_with('(') ? arguments : "(" + arguments + ")");
}

// kBriefDepth bounds the recursion, kBriefItems its width.
std::string brief_at(const Value& value, std::size_t max_text, std::size_t depth) {
  switch (value.kind) {
    case Kind::none: return "None";
    case Kind::boolean: return value.integer != 0 ? "True" : "False";
    case Kind::integer: return std::to_string(value.integer);
    case Kind::big_integer: return big_integer_text(value.text);
    case Kind::real: return number_text(value.real);
    case Kind::text:
    case Kind::narrow_text: return "'" + escaped(value.text, max_text) + "'";
    case Kind::bytes: return "b'" + escaped(value.text, max_text) + "'";
    case Kind::byte_array: return "bytearray(b'" + escaped(value.text, max_text) + "')";
    case Kind::list: return brief_items(value, "[", "]", 1, max_text, depth);
    case Kind::tuple: return brief_items(value, "(", ")", 1, max_text, depth);
    case Kind::dict: return brief_items(value, "{", "}", 2, max_text, depth);
    case Kind::set:
      return brief_items(value, value.items.empty() ? "set(" : "{", value.items.empty() ? ")" : "}", 1, max_text,
                         depth);
    case Kind::frozen_set: return brief_items(value, "frozenset({", "})", 1, max_text, depth);
    case Kind::global: return public_name(*value.global);
    case Kind::record: return brief_record(value, max_text, depth);
    case Kind::dtype: return "dtype('" + type_name(*value.type) + "')";
    case Kind::array: return "array " + type_name(*value.array->type) + " " + shape_text(value.array->shape);
    case Kind::scalar: return element_text(*value.array, 0, max_text);
  }
  throw_bug(__FILE__, __LINE__, "a known Kind");
}

const Value* entry(const Value& dict, std::string_view key) {
  if (dict.kind != Kind::dict) return nullptr;
  for (std::size_t i = dict.items.size() / 2; i-- > 0;) {
    if (is_text(*dict.items[2 * i], key)) return dict.items[2 * i + 1];
  }
  return nullptr;
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::none: return "None";
    case Kind::boolean: return "bool";
    case Kind::integer:
    case Kind::big_integer: return "int";
    case Kind::real: return "float";
    case Kind::text: return "str";
    case Kind::narrow_text: return "Python 2 str";
    case Kind::bytes: return "bytes";
    case Kind::byte_array: return "bytearray";
    case Kind::list: return "list";
    case Kind::tuple: return "tuple";
    case Kind::dict: return "dict";
    case Kind::set: return "set";
    case Kind::frozen_set: return "frozenset";
    case Kind::global: return "class or function";
    case Kind::record: return "object";
    case Kind::dtype: return "numpy dtype";
    case Kind::array: return "numpy array";
    case Kind::scalar: return "numpy scalar";
  }
  throw_bug(__FILE__, __LINE__, "a known Kind");
}

std::size_t Value::size() const {
  if (kind == Kind::dict) return items.size() / 2;
  if (array != nullptr) return static_cast<std::size_t>(array->count);
  return items.size();
}

Document::Document(std::unique_ptr<Storage> storage, const Value* root) : storage_(std::move(storage)), root_(root) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

bool is_text(const Value& value) { return value.kind == Kind::text || value.kind == Kind::narrow_text; }

bool is_text(const Value& value, std::string_view expected) { return is_text(value) && value.text == expected; }

bool is_bytes(const Value& value) {
  return value.kind == Kind::bytes || value.kind == Kind::byte_array || value.kind == Kind::narrow_text;
}

const Value* member(const Value& value, std::string_view key) {
  if (value.kind == Kind::record)
    return value.record->entries == nullptr ? nullptr : entry(*value.record->entries, key);
  return entry(value, key);
}

const Value* attribute(const Value& value, std::string_view name) {
  if (value.kind != Kind::record || value.record->state == nullptr) return nullptr;
  const Value& state = *value.record->state;
  if (state.kind != Kind::tuple || state.items.size() != 2) return entry(state, name);
  const Value* of_slots = entry(*state.items[1], name);
  return of_slots != nullptr ? of_slots : entry(*state.items[0], name);
}

std::string public_name(const Global& global) {
  std::string module(global.module);
  // Below its second part a library is arranged as its authors like, and differently from version to version.
  for (const std::string_view library : {"sklearn.", "scipy.", "numpy."}) {
    if (!module.starts_with(library)) continue;
    const std::size_t second_end = module.find('.', library.size());
    if (second_end != std::string::npos) module.resize(second_end);
    const std::string_view second = std::string_view(module).substr(library.size());
    if (library == "numpy." || second.starts_with('_')) module.resize(library.size() - 1);
  }
  if (module == "sklearn.grid_search" || module == "sklearn.cross_validation") module = "sklearn.model_selection";
  if (module == "builtins" || module == "__builtin__") return escaped(global.name, 100);
  return escaped(module, 100) + "." + escaped(global.name, 100);
}

std::string class_name(const Value& value) {
  return value.kind == Kind::record ? public_name(*value.record->type) : std::string();
}

std::string sklearn_version(const Value& value) {
  constexpr std::size_t kMostVisited = 5000;
  std::unordered_set<const Value*> met{&value};
  std::vector<const Value*> open{&value};
  for (std::size_t i = 0; i < open.size(); ++i) {
    const Value& x = *open[i];
    const Value* version = x.kind == Kind::record ? attribute(x, "_sklearn_version") : nullptr;
    if (version != nullptr && is_text(*version)) return escaped(version->text, 40);
    const auto add = [&](const Value* part) {
      if (part != nullptr && open.size() < kMostVisited && met.insert(part).second) open.push_back(part);
    };
    for (const Value* item : x.items.first(std::min<std::size_t>(x.items.size(), kMostVisited))) add(item);
    if (x.kind == Kind::record) {
      for (const Value* part : {x.record->state, x.record->arguments, x.record->elements, x.record->entries}) add(part);
    }
  }
  return {};
}

std::string brief(const Value& value, std::size_t max_text) { return brief_at(value, max_text, 0); }

}  // namespace scoria::pickle
