#include "rdata/value.h"

#include <algorithm>
#include <array>

#include "base/result.h"
#include "rdata/document.h"

namespace scoria::rdata {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::null: return "NULL";
    case Kind::symbol: return "symbol";
    case Kind::pairlist: return "pairlist";
    case Kind::language: return "call";
    case Kind::dots: return "dots";
    case Kind::closure: return "function";
    case Kind::environment: return "environment";
    case Kind::promise: return "promise";
    case Kind::builtin: return "builtin function";
    case Kind::special: return "special function";
    case Kind::character_element: return "string";
    case Kind::logical: return "logical vector";
    case Kind::integer: return "integer vector";
    case Kind::real: return "double vector";
    case Kind::complex: return "complex vector";
    case Kind::character: return "character vector";
    case Kind::raw: return "raw vector";
    case Kind::list: return "list";
    case Kind::expression: return "expression";
    case Kind::s4: return "S4 object";
    case Kind::external_pointer: return "external pointer";
    case Kind::weak_reference: return "weak reference";
    case Kind::bytecode: return "byte code";
    case Kind::name_space: return "namespace";
    case Kind::package: return "package environment";
    case Kind::global_environment: return "global environment";
    case Kind::base_environment: return "base environment";
    case Kind::empty_environment: return "empty environment";
    case Kind::base_namespace: return "base namespace";
    case Kind::missing_argument: return "missing argument";
    case Kind::unbound_value: return "unbound value";
  }
  throw_bug(__FILE__, __LINE__, "a known Kind");
}

std::size_t Value::size() const {
  switch (kind) {
    case Kind::logical:
    case Kind::integer: return integers.size();
    case Kind::real: return reals.size();
    case Kind::complex: return reals.size() / 2;
    case Kind::character: return texts.size();
    case Kind::raw: return bytes.size();
    case Kind::list:
    case Kind::expression: return items.size();
    case Kind::pairlist:
    case Kind::language:
    case Kind::dots:
    case Kind::environment: return cells.size();
    default: return 0;
  }
}

const Value* Value::attribute(std::string_view attribute_name) const {
  for (const Named& attribute : attributes) {
    if (attribute.name == attribute_name) return attribute.value;
  }
  return nullptr;
}

Document::Document(std::unique_ptr<Storage> storage, const Value* root) : storage_(std::move(storage)), root_(root) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

const Value& constant(Kind kind) {
  static const auto constants = [] {
    std::array<Value, static_cast<std::size_t>(Kind::unbound_value) + 1> values;
    for (std::size_t i = 0; i < values.size(); ++i) values[i].kind = static_cast<Kind>(i);
    return values;
  }();
  return constants[static_cast<std::size_t>(kind)];
}

const Value* member(const Value& value, std::string_view name) {
  if (value.kind == Kind::list || value.kind == Kind::expression) {
    const Value* names = value.attribute("names");
    if (names == nullptr || names->texts.size() != value.items.size()) return nullptr;
    for (std::size_t i = 0; i < names->texts.size(); ++i) {
      const Text& text = names->texts[i];
      if (text.is_na) continue;
      if (text.bytes == name || (text.encoding == Encoding::latin1 && utf8(text) == name)) return value.items[i];
    }
    return nullptr;
  }
  for (const Named& cell : value.cells) {
    if (cell.name == name) return cell.value;
  }
  return nullptr;
}

std::vector<std::string> classes(const Value& value) {
  const Value* attribute = value.attribute("class");
  return attribute == nullptr ? std::vector<std::string>{} : strings(*attribute);
}

bool inherits(const Value& value, std::string_view class_name) {
  const Value* attribute = value.attribute("class");
  return attribute != nullptr && std::any_of(attribute->texts.begin(), attribute->texts.end(),
                                             [&](const Text& text) { return !text.is_na && text.bytes == class_name; });
}

std::vector<std::string> strings(const Value& value) {
  std::vector<std::string> result;
  if (value.kind == Kind::character) {
    result.reserve(value.texts.size());
    for (const Text& text : value.texts) result.push_back(text.is_na ? "NA" : utf8(text));
  } else if (value.kind == Kind::integer && inherits(value, "factor")) {
    const Value* levels = value.attribute("levels");
    if (levels == nullptr) return result;
    const std::vector<std::string> labels = strings(*levels);
    result.reserve(value.integers.size());
    for (const std::int32_t code : value.integers) {
      const bool known = code >= 1 && static_cast<std::size_t>(code) <= labels.size();
      result.push_back(known ? labels[static_cast<std::size_t>(code) - 1] : "NA");
    }
  }
  return result;
}

}  // namespace scoria::rdata
