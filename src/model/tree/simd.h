// Which vector instructions the kernels use: chosen once per request, from what this processor has.
// Threads: free functions.
#pragma once

#include "base/result.h"
#include "model/model.h"

namespace scoria::model::tree {

enum class Simd : std::uint8_t { none, avx2, avx512 };

// The best that this processor has, or the one asked for. Errors: unsupported, where it lacks the one asked for.
Result<Simd> resolve_simd(SimdTarget target);

}  // namespace scoria::model::tree
