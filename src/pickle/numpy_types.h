// Builds numpy's element types from what a pickle says of them: every field within its element, depth and parts bounded.
// Errors as in builder.h.
#pragma once

#include <cstdint>
#include <optional>

#include "pickle/builder.h"

namespace scoria::pickle {

// A size or a count, as numpy writes them; nullopt for what is none.
inline std::optional<std::uint64_t> as_size(const Value& value) {
  if (value.kind != Kind::integer || value.integer < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value.integer);
}

// numpy.dtype('f8', ...): a dtype, whose state comes later.
Value* make_dtype(Builder& builder, const Value& arguments);
// (version, byte order, base, names, fields, item size, ...): replaces the type of `dtype`.
bool set_dtype_state(Builder& builder, Value& dtype, const Value& state);

}  // namespace scoria::pickle
