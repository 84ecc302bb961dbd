// What one expression may ask for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace scoria::expr {

// Values in a vector made by c() or `:`.
inline constexpr std::size_t kMaxVectorLength = 1'000'000;

// Calls below one another, through the definitions that an expression reads: evaluation recurses.
inline constexpr std::uint32_t kMaxChain = 400;

}  // namespace scoria::expr
