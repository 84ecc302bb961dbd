#include "expr/arithmetic.h"

#include <algorithm>
#include <cfloat>

namespace scoria::expr {
namespace {

constexpr double kLongEpsilon = LDBL_EPSILON;  // R divides with 80-bit rests

// 10 to a whole power by repeated squaring in double, as R does: exact up to 10^22, the same rounding errors above.
double power_of_ten(int exponent) {
  double result = 1;
  double square = 10;
  for (unsigned left = static_cast<unsigned>(std::abs(exponent)); left != 0; left >>= 1) {
    if ((left & 1) != 0) result *= square;
    square *= square;
  }
  return exponent < 0 ? 1 / result : result;
}

// One side is infinite, none is NaN, x is neither 0 nor 1, y is not 0.
double infinite_power(double x, double y) {
  if (x == kInf) return y < 0 ? 0 : kInf;
  if (x == -kInf && std::isfinite(y) && y == std::floor(y)) {
    if (y < 0) return 0;
    return std::fmod(y, 2) != 0 ? x : -x;
  }
  if (std::isinf(y) && x >= 0) {
    const bool grows = (y > 0) == (x >= 1);
    return grows ? kInf : 0;
  }
  return kNan;
}

}  // namespace

double r_power(double x, double y) {
  if (y == 2) return x * x;
  if (x == 1 || y == 0) return 1;
  if (x == 0) {
    if (y > 0) return 0;
    return y < 0 ? kInf : y;
  }
  if (std::isfinite(x) && std::isfinite(y)) return std::pow(x, y);
  if (std::isnan(x) || std::isnan(y)) return x + y;
  return infinite_power(x, y);
}

double r_modulo(double x, double y) {
  if (y == 0) return kNan;
  // So large a divisor that the rest is beyond 80 bits too.
  if (std::fabs(y) * kLongEpsilon > 1 && std::isfinite(x) && std::fabs(x) <= std::fabs(y)) {
    if (std::fabs(x) == std::fabs(y)) return 0;
    return (x < 0 && y > 0) || (y < 0 && x > 0) ? x + y : x;
  }
  const double whole = std::floor(x / y);
  const long double rest = static_cast<long double>(x) - whole * static_cast<long double>(y);
  return static_cast<double>(rest - std::floor(rest / y) * y);
}

double r_quotient(double x, double y) {
  const double quotient = x / y;
  if (y == 0 || std::fabs(quotient) * kLongEpsilon > 1 || !std::isfinite(quotient)) return quotient;
  if (std::fabs(quotient) < 1) return quotient < 0 || (x < 0 && y > 0) || (x > 0 && y < 0) ? -1 : 0;
  const double whole = std::floor(quotient);
  const long double rest = static_cast<long double>(x) - whole * static_cast<long double>(y);
  return static_cast<double>(whole + std::floor(rest / y));
}

double r_round(double x, double digits) {
  constexpr int kMostDigits = DBL_MAX_10_EXP + DBL_DIG;
  if (std::isnan(x) || std::isnan(digits)) return x + digits;
  if (!std::isfinite(x) || digits > kMostDigits || x == 0) return x;
  if (digits < -DBL_MAX_10_EXP) return 0;
  if (digits == 0) return std::nearbyint(x);
  const int places = static_cast<int>(std::floor(digits + 0.5));
  const double size = std::fabs(x);
  // More digits asked for than a double holds.
  constexpr double kLog10Of2 = 0.301029995663981195;
  if (kLog10Of2 * (0.5 + std::logb(size)) + places > DBL_DIG) return x;
  const int first = std::min(places, DBL_MAX_10_EXP);  // in two steps, where 10^places would overflow
  const double scale = power_of_ten(first);
  const double rest = places > first ? power_of_ten(places - first) : 1;
  const double scaled = size * scale * rest;
  const double low = std::floor(scaled);
  const double down = low / scale / rest;
  const double up = std::ceil(scaled) / scale / rest;
  const double to_up = up - size;
  const double to_down = size - down;
  const double rounded = to_up < to_down || (to_up == to_down && std::fmod(low, 2) == 1) ? up : down;
  return std::copysign(rounded, x);
}

}  // namespace scoria::expr
