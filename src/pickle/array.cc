#include "pickle/array.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "pickle/text.h"

namespace scoria::pickle {
namespace {

// The bytes of one element, which may stand anywhere, as a number of that width in this machine's order.
template <typename T>
T load(const std::byte* at, bool is_big_endian) {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), at, sizeof(T));
  if (is_big_endian) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

double half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double x = 0;
  if (exponent == 31) {
    x = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    x = std::ldexp(fraction, -24);
  } else {
    x = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (bits & 0x8000u) != 0 ? -x : x;
}

double load_real(const DataType& type, const std::byte* at) {
  switch (type.item_size) {
    case 2: return half(load<std::uint16_t>(at, type.is_big_endian));
    case 4: return load<float>(at, type.is_big_endian);
    default: return load<double>(at, type.is_big_endian);
  }
}

std::int64_t load_signed(const DataType& type, const std::byte* at) {
  switch (type.item_size) {
    case 1: return load<std::int8_t>(at, false);
    case 2: return load<std::int16_t>(at, type.is_big_endian);
    case 4: return load<std::int32_t>(at, type.is_big_endian);
    default: return load<std::int64_t>(at, type.is_big_endian);
  }
}

std::uint64_t load_unsigned(const DataType& type, const std::byte* at) {
  switch (type.item_size) {
    case 1: return load<std::uint8_t>(at, false);
    case 2: return load<std::uint16_t>(at, type.is_big_endian);
    case 4: return load<std::uint32_t>(at, type.is_big_endian);
    default: return load<std::uint64_t>(at, type.is_big_endian);
  }
}

bool is_long_double(const DataType& type) { return type.kind == ElementKind::real && type.item_size > 8; }

// numpy pads both with zeros at the end.
std::string unpadded_bytes(const DataType& type, const std::byte* at) {
  std::string text(reinterpret_cast<const char*>(at), type.item_size);
  text.resize(text.find_last_not_of('\0') + 1);
  return text;
}

std::string unpadded_text(const DataType& type, const std::byte* at) {
  std::uint64_t length = type.item_size / 4;
  const auto code_point = [&](std::uint64_t i) { return load<std::uint32_t>(at + 4 * i, type.is_big_endian); };
  while (length > 0 && code_point(length - 1) == 0) --length;
  std::string text;
  for (std::uint64_t i = 0; i < length; ++i) append_utf8(code_point(i), text);
  return text;
}

Error wrong_type(const Array& array, std::string_view wanted) {
  return Error{Code::corrupt,
               "a numpy array of " + type_name(*array.type) + " stands where " + std::string(wanted) + " should be"};
}

// Calls `use(element's first byte)` for all elements, the last index fastest.
template <typename Use>
void for_each(const Array& array, Use use) {
  if (array.count == 0) return;
  if (array.shape.empty()) {
    use(array.data.data());
    return;
  }
  std::vector<std::uint64_t> index(array.shape.size(), 0);
  const std::uint64_t inner = array.shape.back();
  const std::uint64_t step = array.strides.back();
  std::uint64_t start = 0;
  for (;;) {
    for (std::uint64_t i = 0; i < inner; ++i) use(array.data.data() + start + i * step);
    std::size_t axis = index.size() - 1;
    for (;;) {
      if (axis == 0) return;
      --axis;
      start += array.strides[axis];
      if (++index[axis] < array.shape[axis]) break;
      start -= array.strides[axis] * array.shape[axis];
      index[axis] = 0;
    }
  }
}

// Whether the elements stand one behind the other in the order that is asked for, so that they can be copied at once.
bool is_contiguous(const Array& array) {
  std::uint64_t stride = array.type->item_size;
  for (std::size_t i = array.shape.size(); i-- > 0;) {
    if (array.shape[i] != 1 && array.strides[i] != stride) return false;
    stride *= array.shape[i];
  }
  return true;
}

template <typename T>
bool copy_at_once(const Array& array, std::vector<T>& out) {
  if (array.count == 0 || array.type->item_size != sizeof(T) || array.type->is_big_endian || !is_contiguous(array))
    return false;
  out.resize(array.count);
  std::memcpy(out.data(), array.data.data(), array.count * sizeof(T));
  return true;
}

// Texts that numpy keeps as objects; nothing where some are not.
Result<std::vector<std::string>> object_texts(const Array& array) {
  std::vector<std::string> texts;
  texts.reserve(array.count);
  for (const Value* item : array.objects) {
    if (is_text(*item)) {
      texts.emplace_back(item->text);
    } else if (item->kind == Kind::scalar && (item->array->type->kind == ElementKind::text)) {
      texts.push_back(unpadded_text(*item->array->type, item->array->data.data()));
    } else {
      return Error{Code::corrupt, "a numpy array of objects holds " + brief(*item) + " where a text should be"};
    }
  }
  return texts;
}

std::string one(const DataType& type, const std::byte* at, std::size_t max_text);

std::string joined_parts(const DataType& type, const std::byte* at, std::size_t max_text) {
  constexpr std::size_t kShown = 8;
  std::string text(1, type.base != nullptr ? '[' : '{');
  if (type.base != nullptr) {
    std::uint64_t count = type.base->item_size == 0 ? 0 : type.item_size / type.base->item_size;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kShown); ++i) {
      text += (i == 0 ? "" : ", ") + one(*type.base, at + i * type.base->item_size, max_text);
    }
    return text + (count > kShown ? ", ...]" : "]");
  }
  for (std::size_t i = 0; i < std::min(type.fields.size(), kShown) && text.size() < 1000; ++i) {
    const Field& field = type.fields[i];
    text += (i == 0 ? "" : ", ") + escaped(field.name, max_text) + ": " + one(*field.type, at + field.offset, max_text);
  }
  return text + (type.fields.size() > kShown ? ", ...}" : "}");
}

// kMaxTypeDepth bounds the recursion, kShown its width.
std::string one(const DataType& type, const std::byte* at, std::size_t max_text) {
  switch (type.kind) {
    case ElementKind::boolean: return load<std::uint8_t>(at, false) != 0 ? "True" : "False";
    case ElementKind::time:
    case ElementKind::time_difference:
    case ElementKind::signed_integer: return std::to_string(load_signed(type, at));
    case ElementKind::unsigned_integer: return std::to_string(load_unsigned(type, at));
    case ElementKind::real: return is_long_double(type) ? "long double" : number_text(load_real(type, at));
    case ElementKind::complex: {
      if (type.item_size > 16) return "long complex";
      DataType part = type;
      part.item_size /= 2;
      const std::string imaginary = number_text(load_real(part, at + part.item_size));
      return number_text(load_real(part, at)) + (imaginary.front() == '-' ? "" : "+") + imaginary + "j";
    }
    case ElementKind::bytes: return "b'" + escaped(unpadded_bytes(type, at), max_text) + "'";
    case ElementKind::text: return "'" + escaped(unpadded_text(type, at), max_text) + "'";
    case ElementKind::object: return "object";
    case ElementKind::raw:
      if (type.base != nullptr || !type.fields.empty()) return joined_parts(type, at, max_text);
      return std::to_string(type.item_size) + " bytes";
  }
  throw_bug(__FILE__, __LINE__, "a known ElementKind");
}

}  // namespace

std::string type_name(const DataType& type) {
  const std::string size = std::to_string(type.item_size);
  const auto coded = [&](char code) {
    return std::string(type.item_size == 1 ? "|" : type.is_big_endian ? ">" : "<") + code + size;
  };
  switch (type.kind) {
    case ElementKind::boolean: return "|b1";
    case ElementKind::signed_integer: return coded('i');
    case ElementKind::unsigned_integer: return coded('u');
    case ElementKind::real: return coded('f');
    case ElementKind::complex: return coded('c');
    case ElementKind::bytes: return "|S" + size;
    case ElementKind::text: return (type.is_big_endian ? ">U" : "<U") + std::to_string(type.item_size / 4);
    case ElementKind::object: return "|O";
    case ElementKind::time:
    case ElementKind::time_difference:
      return coded(type.kind == ElementKind::time ? 'M' : 'm') +
             (type.unit.empty() ? "" : "[" + escaped(type.unit, 20) + "]");
    case ElementKind::raw: break;
  }
  if (type.base != nullptr) return type_name(*type.base) + shape_text(type.base_shape);
  if (type.fields.empty()) return "|V" + size;
  std::string text = "structured (";
  constexpr std::size_t kLongest = 200;
  for (const Field& field : type.fields) {
    if (text.back() != '(') text += ", ";
    if (text.size() > kLongest) return text + "...)";
    text += escaped(field.name, 40) + " " + type_name(*field.type);
  }
  return text + ")";
}

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : " x ") + std::to_string(shape[i]);
  return text + "]";
}

std::uint64_t element_offset(const Array& array, std::uint64_t index) {
  std::uint64_t offset = 0;
  for (std::size_t axis = array.shape.size(); axis-- > 0;) {
    offset += index % array.shape[axis] * array.strides[axis];
    index /= array.shape[axis];
  }
  return offset;
}

bool has_field(const Array& array, std::string_view name) {
  const auto& fields = array.type->fields;
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
}

Result<Array> field(const Array& array, std::string_view name) {
  std::string names;
  for (const Field& candidate : array.type->fields) {
    if (candidate.name == name) {
      Array part = array;
      part.type = candidate.type;
      // Without elements there are no bytes to stand before.
      part.data = array.count == 0 ? array.data : array.data.subspan(candidate.offset);
      return part;
    }
    if (names.size() < 300) names += (names.empty() ? "" : ", ") + escaped(candidate.name, 40);
  }
  return Error{Code::corrupt,
               "a numpy array has no field '" + std::string(name) + "'; it has " + (names.empty() ? "none" : names)};
}

Result<std::vector<double>> numbers(const Array& array) {
  std::vector<double> out;
  const DataType& type = *array.type;
  if (is_long_double(type)) {
    return Error{Code::unsupported,
                 "numpy's long double, whose form depends on the machine that wrote it, is not read"};
  }
  if (type.kind == ElementKind::real && copy_at_once(array, out)) return out;
  const auto read = [&](auto element) {
    out.reserve(array.count);
    for_each(array, [&](const std::byte* at) { out.push_back(static_cast<double>(element(type, at))); });
  };
  switch (type.kind) {
    case ElementKind::real: read(load_real); break;
    case ElementKind::signed_integer: read(load_signed); break;
    case ElementKind::unsigned_integer: read(load_unsigned); break;
    case ElementKind::boolean:
      read([](const DataType&, const std::byte* at) { return *at != std::byte{0} ? 1 : 0; });
      break;
    default: return wrong_type(array, "numbers");
  }
  return out;
}

Result<std::vector<float>> floats(const Array& array) {
  std::vector<float> out;
  if (array.type->kind != ElementKind::real || array.type->item_size > 4) {
    return wrong_type(array, "single-precision numbers");
  }
  if (copy_at_once(array, out)) return out;
  out.reserve(array.count);
  for_each(array, [&](const std::byte* at) { out.push_back(static_cast<float>(load_real(*array.type, at))); });
  return out;
}

Result<std::vector<std::int64_t>> integers(const Array& array) {
  std::vector<std::int64_t> out;
  const DataType& type = *array.type;
  switch (type.kind) {
    case ElementKind::time:
    case ElementKind::time_difference:
    case ElementKind::signed_integer:
      if (copy_at_once(array, out)) return out;
      out.reserve(array.count);
      for_each(array, [&](const std::byte* at) { out.push_back(load_signed(type, at)); });
      return out;
    case ElementKind::boolean:
    case ElementKind::unsigned_integer: break;
    default: return wrong_type(array, "integers");
  }
  std::optional<std::uint64_t> too_large;
  out.reserve(array.count);
  for_each(array, [&](const std::byte* at) {
    const std::uint64_t x = type.kind == ElementKind::boolean ? (*at != std::byte{0} ? 1 : 0) : load_unsigned(type, at);
    if (x > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) too_large = x;
    out.push_back(static_cast<std::int64_t>(x));
  });
  if (too_large) {
    return Error{Code::corrupt, "a numpy array holds " + std::to_string(*too_large) + ", more than a 64-bit integer"};
  }
  return out;
}

Result<std::vector<std::string>> strings(const Array& array) {
  if (array.type->kind == ElementKind::object) return object_texts(array);
  const bool is_text = array.type->kind == ElementKind::text;
  if (!is_text && array.type->kind != ElementKind::bytes) return wrong_type(array, "texts");
  std::vector<std::string> out;
  out.reserve(array.count);
  for_each(array, [&](const std::byte* at) {
    out.push_back(is_text ? unpadded_text(*array.type, at) : unpadded_bytes(*array.type, at));
  });
  return out;
}

std::string element_text(const Array& array, std::uint64_t index, std::size_t max_text) {
  if (array.type->kind == ElementKind::object) return brief(*array.objects[index], max_text);
  return one(*array.type, array.data.data() + element_offset(array, index), max_text);
}

}  // namespace scoria::pickle
