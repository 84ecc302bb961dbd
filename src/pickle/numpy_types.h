// Builds numpy's element types from what a pickle says of them: every field within its element, depth and parts bounded.
// Errors as in builder.h.
#pragma once

#include "pickle/builder.h"

namespace scoria::pickle {

// numpy.dtype('f8', ...): a dtype, whose state comes later.
Value* make_dtype(Builder& builder, const Value& arguments);
// (version, byte order, base, names, fields, item size, ...): replaces the type of `dtype`.
bool set_dtype_state(Builder& builder, Value& dtype, const Value& state);

}  // namespace scoria::pickle
