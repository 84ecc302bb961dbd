// R's arithmetic on single values, where it is not simply C's.
// Source: behaviour of R 4.2 (?Arithmetic, ?Round), checked bit for bit against it in tests/data/expr.
// Threads: pure functions.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/na.h"

namespace scoria::expr {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInf = std::numeric_limits<double>::infinity();

// x ^ y: 1 for x == 1 or y == 0 whatever the other is; x * x for y == 2; else C's pow, with R's rules for infinities.
double r_power(double x, double y);
// x %% y, with the sign of y; NaN for y == 0.
double r_modulo(double x, double y);
// x %/% y.
double r_quotient(double x, double y);
// round(x, digits) of R 4.0.0 and later: of the two neighbours with that many decimals the nearer one as doubles go, the
// even one in a tie.
double r_round(double x, double digits);

// Integers: NA (kNaInt) in or overflow gives NA.
inline std::int32_t narrow(std::int64_t value) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return value > kMost || value < -kMost ? kNaInt : static_cast<std::int32_t>(value);
}
inline std::int32_t r_modulo(std::int32_t x, std::int32_t y) {
  if (x == kNaInt || y == kNaInt || y == 0) return kNaInt;
  const std::int64_t rest = std::int64_t{x} % y;
  return static_cast<std::int32_t>(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest);
}
inline std::int32_t r_quotient(std::int32_t x, std::int32_t y) {
  if (x == kNaInt || y == kNaInt || y == 0) return kNaInt;
  const std::int64_t quotient = std::int64_t{x} / y;
  return static_cast<std::int32_t>(std::int64_t{x} % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient);
}

}  // namespace scoria::expr
