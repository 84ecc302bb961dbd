#include "pickle/numpy_values.h"

#include <algorithm>
#include <numeric>

#include "pickle/numpy_types.h"

namespace scoria::pickle {
namespace {

constexpr std::size_t kMaxDimensions = 64;            // numpy 2's own
constexpr std::uint64_t kMaxBytes = 1ull << 56;       // keeps sums of products below 2^64
constexpr std::uint64_t kMaxEmptyElements = 1 << 16;  // of elements without bytes, which any file can claim

const DataType* type_of(Builder& builder, const Value& value) {
  if (value.kind == Kind::dtype) return value.type;
  builder.corrupt("a numpy array has " + brief(value) + " where its type should be");
  return nullptr;
}

// Fills an Array; `array` is replaced, so that what was taken from it before stays whole.
bool set_array(Builder& builder, Value& array, const Array& content) {
  array.array = builder.make_one(content);
  return array.array != nullptr;
}

// Strides of an array whose axes stand in the order `axes`, the last one fastest.
bool set_strides(Builder& builder, Array& array, std::span<const std::size_t> axes) {
  std::span<std::uint64_t> strides;
  if (!builder.make_table(array.shape.size(), strides)) return false;
  std::uint64_t stride = array.type->item_size;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    strides[*axis] = array.count == 0 ? 0 : stride;
    stride *= array.count == 0 ? 1 : array.shape[*axis];
  }
  array.strides = strides;
  return true;
}

std::optional<Array> over_bytes(Builder& builder, const DataType& type, std::span<const std::uint64_t> shape,
                                std::span<const std::size_t> axes, std::string_view data) {
  if (type.has_objects) {
    builder.corrupt("an array of Python objects comes as bytes");
    return std::nullopt;
  }
  const auto size = extent(builder, shape, type);
  if (!size) return std::nullopt;
  if (size->bytes != data.size()) {
    builder.corrupt("a numpy array " + shape_text(shape) + " of " + type_name(type) + " takes " +
                    std::to_string(size->bytes) + " bytes and has " + std::to_string(data.size()));
    return std::nullopt;
  }
  Array array{.type = &type, .shape = shape, .count = size->count, .data = std::as_bytes(std::span(data))};
  if (!set_strides(builder, array, axes)) return std::nullopt;
  return array;
}

std::vector<std::size_t> axes_in_order(std::size_t count, bool is_fortran) {
  std::vector<std::size_t> axes(count);
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  if (is_fortran) std::reverse(axes.begin(), axes.end());
  return axes;
}

}  // namespace

std::optional<std::span<std::uint64_t>> read_shape(Builder& builder, const Value& shape) {
  std::span<std::uint64_t> sizes;
  const auto& items = shape.items;
  if ((shape.kind != Kind::tuple && shape.kind != Kind::list) || items.size() > kMaxDimensions) {
    builder.corrupt("the shape of a numpy array is " + brief(shape));
    return std::nullopt;
  }
  if (!builder.make_table(items.size(), sizes)) return std::nullopt;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto size = as_size(*items[i]);
    if (!size) {
      builder.corrupt("the shape of a numpy array is " + brief(shape));
      return std::nullopt;
    }
    sizes[i] = *size;
  }
  return sizes;
}

std::optional<Extent> extent(Builder& builder, std::span<const std::uint64_t> shape, const DataType& type) {
  Extent result{.count = 1};
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) return Extent{};
  for (const std::uint64_t size : shape) {
    if (size > kMaxBytes / std::max<std::uint64_t>(1, type.item_size) / result.count) {
      builder.corrupt("a numpy array claims the shape " + shape_text(shape) + " of " + type_name(type) +
                      ", more than any memory holds");
      return std::nullopt;
    }
    result.count *= size;
  }
  if (type.item_size == 0 && result.count > kMaxEmptyElements) {
    builder.fail(Code::too_large, "a numpy array claims " + std::to_string(result.count) + " elements without bytes");
    return std::nullopt;
  }
  result.bytes = result.count * type.item_size;
  return result;
}

Value* make_array_shell(Builder& builder) {
  static constexpr DataType kByte{.kind = ElementKind::unsigned_integer, .item_size = 1};
  static constexpr std::uint64_t kZero[] = {0};
  Value* value = builder.make(Kind::array);
  if (value == nullptr) return nullptr;
  return set_array(builder, *value, {.type = &kByte, .shape = kZero, .strides = kZero, .count = 0}) ? value : nullptr;
}

bool set_array_state(Builder& builder, Value& array, const Value& state) {
  auto parts = state.items;
  if (state.kind == Kind::tuple && parts.size() == 5) parts = parts.subspan(1);  // a version, which says nothing
  if (state.kind != Kind::tuple || parts.size() != 4) {
    return builder.corrupt("the state of a numpy array is " + brief(state) + ", must be shape, type, order and data");
  }
  const DataType* type = type_of(builder, *parts[1]);
  if (type == nullptr) return false;
  const auto shape = read_shape(builder, *parts[0]);
  if (!shape) return false;
  if (parts[2]->kind != Kind::boolean && parts[2]->kind != Kind::integer) {
    return builder.corrupt("the order of a numpy array is " + brief(*parts[2]));
  }
  const Value& data = *parts[3];
  if (type->kind == ElementKind::object) {
    const auto size = extent(builder, *shape, *type);
    if (!size) return false;
    if (data.kind != Kind::list || data.items.size() != size->count) {
      return builder.corrupt(
          "a numpy array " + shape_text(*shape) + " of objects has " +
          (data.kind == Kind::list ? std::to_string(data.items.size()) + " of them" : "no list but " + brief(data)));
    }
    // numpy lists them with the last index fastest, also for an array in Fortran's order.
    return set_array(builder, array, {.type = type, .shape = *shape, .count = size->count, .objects = data.items});
  }
  if (!is_bytes(data)) return builder.corrupt("the data of a numpy array are " + brief(data) + ", must be bytes");
  const auto axes = axes_in_order(shape->size(), parts[2]->integer != 0);
  const auto content = over_bytes(builder, *type, *shape, axes, data.text);
  return content && set_array(builder, array, *content);
}

Value* make_scalar(Builder& builder, const Value& arguments) {
  if (arguments.items.empty()) {
    builder.corrupt("a numpy scalar has no type");
    return nullptr;
  }
  const DataType* type = type_of(builder, *arguments.items[0]);
  if (type == nullptr) return nullptr;
  if (arguments.items.size() != 2 || !is_bytes(*arguments.items[1])) {
    builder.fail(Code::unsupported, "a numpy scalar of type " + type_name(*type) + " has no bytes");
    return nullptr;
  }
  const auto content = over_bytes(builder, *type, {}, {}, arguments.items[1]->text);
  Value* value = content ? builder.make(Kind::scalar) : nullptr;
  return value != nullptr && set_array(builder, *value, *content) ? value : nullptr;
}

Value* make_from_buffer(Builder& builder, const Value& arguments) {
  const auto& parts = arguments.items;
  if (parts.size() < 4 || !is_bytes(*parts[0]) || !is_text(*parts[3])) {
    builder.corrupt("a numpy array is to be made of " + brief(arguments) + ", must be bytes, type, shape and order");
    return nullptr;
  }
  const DataType* type = type_of(builder, *parts[1]);
  if (type == nullptr) return nullptr;
  const auto shape = read_shape(builder, *parts[2]);
  if (!shape) return nullptr;
  // 'K': the bytes are those of an array whose shape is given and whose axes are then put into the order that follows.
  std::vector<std::size_t> axes = axes_in_order(shape->size(), parts[3]->text == "F");
  std::span<std::uint64_t> sizes = *shape;
  if (parts[3]->text == "K" && parts.size() > 4 && parts[4]->kind != Kind::none) {
    const auto order = read_shape(builder, *parts[4]);
    if (!order) return nullptr;
    std::vector<bool> seen(shape->size());
    bool is_permutation = order->size() == shape->size();
    if (!builder.make_table(shape->size(), sizes)) return nullptr;
    for (std::size_t i = 0; is_permutation && i < order->size(); ++i) {
      const std::uint64_t axis = (*order)[i];
      is_permutation = axis < seen.size() && !seen[axis];
      if (!is_permutation) break;
      seen[axis] = true;
      sizes[i] = (*shape)[axis];
      axes[axis] = i;
    }
    if (!is_permutation) {
      builder.corrupt("the axes of a numpy array are to be put into the order " + brief(*parts[4]));
      return nullptr;
    }
  } else if (parts[3]->text != "C" && parts[3]->text != "F" && parts[3]->text != "K") {
    builder.corrupt("the order of a numpy array is " + brief(*parts[3]));
    return nullptr;
  }
  const auto content = over_bytes(builder, *type, sizes, axes, parts[0]->text);
  Value* value = content ? builder.make(Kind::array) : nullptr;
  return value != nullptr && set_array(builder, *value, *content) ? value : nullptr;
}

Value* make_array(Builder& builder, const DataType& type, std::span<const std::uint64_t> shape, bool is_fortran,
                  std::string_view data) {
  const auto content = over_bytes(builder, type, shape, axes_in_order(shape.size(), is_fortran), data);
  Value* value = content ? builder.make(Kind::array) : nullptr;
  return value != nullptr && set_array(builder, *value, *content) ? value : nullptr;
}

}  // namespace scoria::pickle
