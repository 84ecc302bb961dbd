#include "pickle/numpy_types.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "pickle/array.h"
#include "pickle/numpy_values.h"

namespace scoria::pickle {
namespace {

constexpr std::uint64_t kMaxItemSize = 1ull << 31;  // numpy counts item sizes in int

std::optional<ElementKind> kind_of(char code) {
  switch (code) {
    case 'b': return ElementKind::boolean;
    case 'i': return ElementKind::signed_integer;
    case 'u': return ElementKind::unsigned_integer;
    case 'f': return ElementKind::real;
    case 'c': return ElementKind::complex;
    case 'S':
    case 'a': return ElementKind::bytes;
    case 'U': return ElementKind::text;
    case 'O': return ElementKind::object;
    case 'V': return ElementKind::raw;
    case 'M': return ElementKind::time;
    case 'm': return ElementKind::time_difference;
    default: return std::nullopt;
  }
}

bool is_size_allowed(ElementKind kind, std::uint64_t size) {
  switch (kind) {
    case ElementKind::boolean: return size == 1;
    case ElementKind::signed_integer:
    case ElementKind::unsigned_integer: return size == 1 || size == 2 || size == 4 || size == 8;
    case ElementKind::real: return size == 2 || size == 4 || size == 8 || size == 12 || size == 16;
    case ElementKind::complex: return size == 8 || size == 16 || size == 24 || size == 32;
    case ElementKind::object: return size == 4 || size == 8;
    case ElementKind::time:
    case ElementKind::time_difference: return size == 8;
    case ElementKind::text: return size % 4 == 0 && size < kMaxItemSize;
    case ElementKind::bytes:
    case ElementKind::raw: return size < kMaxItemSize;
  }
  return false;
}

// "f8", "<U12", "|b1", "V56", "O8"; nothing where it is another.
std::optional<DataType> type_of_text(std::string_view text) {
  DataType type;
  if (!text.empty() && std::string_view("<>|=").find(text[0]) != std::string_view::npos) {
    type.is_big_endian = text[0] == '>';
    text.remove_prefix(1);
  }
  if (text == "?") text = "b1";
  if (text == "O") text = "O8";
  if (text.empty()) return std::nullopt;
  const auto kind = kind_of(text[0]);
  if (!kind) return std::nullopt;
  type.kind = *kind;
  std::uint64_t size = 0;
  const char* const end = text.data() + text.size();
  if (text.size() > 1) {
    const auto [stop, code] = std::from_chars(text.data() + 1, end, size);
    if (code != std::errc() || stop != end || size >= kMaxItemSize) return std::nullopt;
  }
  type.item_size = type.kind == ElementKind::text ? 4 * size : size;
  if (!is_size_allowed(type.kind, type.item_size)) return std::nullopt;
  type.has_objects = type.kind == ElementKind::object;
  return type;
}

// (base type, shape) of an element that is itself a small array.
bool set_base(Builder& builder, DataType& type, const Value& pair) {
  if (pair.kind != Kind::tuple || pair.items.size() != 2 || pair.items[0]->kind != Kind::dtype) {
    return builder.corrupt("a numpy type within a type must be a pair of type and shape, and is " + brief(pair));
  }
  const DataType* base = pair.items[0]->type;
  std::span<const std::uint64_t> shape;
  if (const auto single = as_size(*pair.items[1])) {
    std::span<std::uint64_t> one;
    if (!builder.make_table(1, one)) return false;
    one[0] = *single;
    shape = one;
  } else {
    const auto several = read_shape(builder, *pair.items[1]);
    if (!several) return false;
    shape = *several;
  }
  const auto size = extent(builder, shape, *base);
  if (!size) return false;
  if (size->bytes > kMaxItemSize) return builder.corrupt("a numpy type has elements of more than 2 GiB");
  type.kind = ElementKind::raw;
  type.base = base;
  type.base_shape = shape;
  type.item_size = size->bytes;
  type.has_objects = base->has_objects;
  type.depth = base->depth + 1;
  type.leaves = size->count * base->leaves;
  return true;
}

bool set_fields(Builder& builder, DataType& type, const Value& names, const Value& fields) {
  if ((names.kind != Kind::tuple && names.kind != Kind::list) || fields.kind != Kind::dict) {
    return builder.corrupt("a structured numpy type must have a tuple of names and a dict of fields");
  }
  std::span<Field> table;
  if (!builder.make_table(names.items.size(), table)) return false;
  type.leaves = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Value& name = *names.items[i];
    if (!is_text(name)) return builder.corrupt("a field of a numpy type is named " + brief(name));
    if (!builder.spend(fields.items.size())) return false;
    const Value* place = member(fields, name.text);
    const bool is_place = place != nullptr && place->kind == Kind::tuple && place->items.size() >= 2 &&
                          place->items[0]->kind == Kind::dtype;
    const auto offset = is_place ? as_size(*place->items[1]) : std::nullopt;
    if (!offset) return builder.corrupt("the field " + brief(name) + " of a numpy type has no type and offset");
    const DataType& field = *place->items[0]->type;
    if (*offset > type.item_size || field.item_size > type.item_size - *offset) {
      return builder.corrupt("the field " + brief(name) + " of a numpy type ends beyond the " +
                             std::to_string(type.item_size) + " bytes of an element");
    }
    table[i] = {name.text, *offset, &field};
    type.has_objects = type.has_objects || field.has_objects;
    type.depth = std::max(type.depth, field.depth + 1);
    type.leaves += field.leaves;
    if (type.leaves > kMaxTypeLeaves) break;
  }
  type.fields = table;
  return true;
}

// ({}, (b'ns', 1, 1, 1)): the unit of a time and how many of them make one.
bool set_unit(Builder& builder, DataType& type, const Value& metadata) {
  if (metadata.kind != Kind::tuple || metadata.items.size() < 2) return true;
  const Value& unit = *metadata.items[1];
  if (unit.kind != Kind::tuple || unit.items.size() < 2) return true;
  if (!is_text(*unit.items[0]) && !is_bytes(*unit.items[0])) return true;
  std::string_view name = unit.items[0]->text;
  const auto multiple = as_size(*unit.items[1]);
  if (name == "generic") name = {};
  if (name.size() > 8) return builder.corrupt("the unit of a numpy time is " + brief(*unit.items[0]));
  if (!multiple || *multiple == 1) {
    type.unit = name;
    return true;
  }
  return builder.copy(std::to_string(*multiple) + std::string(name), type.unit);
}

}  // namespace

Value* make_dtype(Builder& builder, const Value& arguments) {
  std::optional<DataType> type;
  const Value* first = arguments.items.empty() ? nullptr : arguments.items[0];
  if (first != nullptr && is_text(*first)) {
    type = type_of_text(first->text);
  } else if (first != nullptr && first->kind == Kind::global && public_name(*first->global) == "numpy.record") {
    type = DataType{.kind = ElementKind::raw};  // structured; the fields come with its state
  }
  if (!type) {
    builder.fail(Code::unsupported, "a numpy type " + brief(arguments) + ", which is not among those that are read");
    return nullptr;
  }
  Value* value = builder.make(Kind::dtype);
  if (value == nullptr) return nullptr;
  value->type = builder.make_one(*type);
  return value->type == nullptr ? nullptr : value;
}

bool set_dtype_state(Builder& builder, Value& dtype, const Value& state) {
  const auto& parts = state.items;
  if (state.kind != Kind::tuple || parts.size() < 8 || parts[0]->kind != Kind::integer || parts[0]->integer < 3 ||
      parts[0]->integer > 4) {
    return builder.fail(Code::unsupported, "the state of a numpy type is " + brief(state) +
                                               "; versions 3 and 4 (numpy 1.0 and newer) are read");
  }
  DataType type{.kind = dtype.type->kind, .item_size = dtype.type->item_size, .has_objects = dtype.type->has_objects};
  if (!is_text(*parts[1]) || parts[1]->text.size() != 1 ||
      std::string_view("<>|=").find(parts[1]->text[0]) == std::string_view::npos) {
    return builder.corrupt("the byte order of a numpy type is " + brief(*parts[1]));
  }
  type.is_big_endian = parts[1]->text[0] == '>';
  const bool is_flexible =
      type.kind == ElementKind::bytes || type.kind == ElementKind::text || type.kind == ElementKind::raw;
  if (is_flexible && parts[5]->kind == Kind::integer && parts[5]->integer >= 0) {
    type.item_size = static_cast<std::uint64_t>(parts[5]->integer);
    if (!is_size_allowed(type.kind, type.item_size)) {
      return builder.corrupt("a numpy type has elements of " + std::to_string(type.item_size) + " bytes");
    }
  }
  if (parts[2]->kind != Kind::none && !set_base(builder, type, *parts[2])) return false;
  if (parts[3]->kind != Kind::none) {
    if (type.kind != ElementKind::raw || type.base != nullptr) {
      return builder.corrupt("a numpy type that is not structured has fields");
    }
    if (!set_fields(builder, type, *parts[3], *parts[4])) return false;
  }
  if (type.kind == ElementKind::time || type.kind == ElementKind::time_difference) {
    if (parts.size() > 8 && !set_unit(builder, type, *parts[8])) return false;
  }
  if (type.depth > kMaxTypeDepth || type.leaves > kMaxTypeLeaves) {
    return builder.fail(Code::too_large, "a numpy type is nested deeper than " + std::to_string(kMaxTypeDepth) +
                                             " levels or has more than " + std::to_string(kMaxTypeLeaves) + " parts");
  }
  dtype.type = builder.make_one(type);
  return dtype.type != nullptr;
}

}  // namespace scoria::pickle
