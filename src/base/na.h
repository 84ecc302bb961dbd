// R's missing double: a NaN whose low word is 1954 (R's arithmetic.c), so that NA and NaN stay apart in memory.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace scoria {

inline constexpr std::uint32_t kNaLowWord = 1954;

inline double na_real() { return std::bit_cast<double>(0x7FF00000000007A2ull); }

// R's ISNA: true for NA, false for NaN. Quieting keeps the low word, so both NA bit patterns count.
inline bool is_na(double x) {
  return std::isnan(x) && static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(x)) == kNaLowWord;
}

inline constexpr std::int32_t kNaInt = std::numeric_limits<std::int32_t>::min();

}  // namespace scoria
