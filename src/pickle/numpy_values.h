// Builds numpy's arrays and scalars from what a pickle says of them; every size is checked against the bytes there are.
// Errors as in builder.h.
#pragma once

#include <optional>
#include <span>

#include "pickle/array.h"
#include "pickle/builder.h"

namespace scoria::pickle {

// numpy's _reconstruct(class, (0,), b'b'): an array without elements, whose state comes later.
Value* make_array_shell(Builder& builder);
// (version, shape, type, is Fortran, bytes or list): replaces the content of `array`.
bool set_array_state(Builder& builder, Value& array, const Value& state);

// numpy's scalar(type, bytes).
Value* make_scalar(Builder& builder, const Value& arguments);
// numpy's _frombuffer(bytes, type, shape, order[, order of axes]).
Value* make_from_buffer(Builder& builder, const Value& arguments);

// A tuple of sizes. nullopt after an error.
std::optional<std::span<std::uint64_t>> read_shape(Builder& builder, const Value& shape);
// Elements in an array of that shape and type, and bytes that they take.
struct Extent {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};
std::optional<Extent> extent(Builder& builder, std::span<const std::uint64_t> shape, const DataType& type);
// An array over `data`, which is at least as long as its extent. No error but limits.
Value* make_array(Builder& builder, const DataType& type, std::span<const std::uint64_t> shape, bool is_fortran,
                  std::string_view data);

}  // namespace scoria::pickle
