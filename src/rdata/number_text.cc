#include "rdata/number_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/na.h"

namespace scoria::rdata {
namespace {

constexpr int kSignificantDigits = 15;
constexpr int kLargestPower = 27;

// Doubles, as in R's table: from 10^23 on they are not exact, and R's answers show it.
constexpr std::array<double, kLargestPower + 1> kPowersOfTen = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
    1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27};

long double power_of_ten(int exponent) { return kPowersOfTen[static_cast<std::size_t>(exponent)]; }

struct Decimal {
  int exponent;          // of the leading digit
  int significant;       // how many of the 15 digits are needed
  bool rounding_widens;  // 15 digits would have one more before the point than the number itself
};

// R scales to a 15-digit integer in long double and rounds that. Where the 16th digit is nearly a 5 this is not the
// correctly rounded decimal, and whether a digit is shown depends on it: so the same steps, not a better algorithm.
Decimal decimal_of(double positive) {
  int scale = static_cast<int>(std::floor(std::log10(positive))) - kSignificantDigits + 1;
  long double scaled = positive;
  if (std::abs(scale) > kLargestPower) {
    scaled /= std::pow(10.0L, static_cast<long double>(scale));
  } else if (scale > 0) {
    scaled /= power_of_ten(scale);
  } else {
    scaled *= power_of_ten(-scale);
  }
  if (scaled < power_of_ten(kSignificantDigits - 1)) {
    scaled *= 10;
    --scale;
  }
  auto digits = static_cast<double>(std::nearbyint(scaled));
  int significant = kSignificantDigits;
  for (; significant > 0; --significant) {
    digits /= 10;
    if (digits != std::floor(digits)) break;
  }
  if (significant == 0) {  // rounded up to the next power of ten
    significant = 1;
    ++scale;
  }
  const int exponent = scale + kSignificantDigits - 1;
  const bool widens = exponent > 0 && exponent <= kLargestPower && positive < power_of_ten(exponent);
  return {exponent, significant, widens};
}

std::string written(double x, std::chars_format format, int decimals) {
  std::array<char, 400> buffer;  // the longest: -1.8e308 in fixed form
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x, format, decimals);
  std::string text(buffer.data(), code == std::errc() ? end : buffer.data());
  const std::size_t point = text.find('.');
  if (point == std::string::npos) return text;
  const std::size_t mantissa_end = std::min(text.find('e'), text.size());
  std::size_t kept = mantissa_end;
  while (text[kept - 1] == '0') --kept;
  if (kept == point + 1) --kept;
  return text.erase(kept, mantissa_end - kept);
}

}  // namespace

std::string format_real(double x, int scipen) {
  if (is_na(x)) return "NA";
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "Inf" : "-Inf";
  if (x == 0) return "0";  // of either sign
  const Decimal decimal = decimal_of(std::fabs(x));
  const int before_point = decimal.exponent + (decimal.rounding_widens ? 0 : 1);
  const int decimals = std::max(0, decimal.significant - decimal.exponent - 1);
  const int sign = x < 0 ? 1 : 0;
  const int fixed_width = sign + std::max(1, before_point) + (decimals > 0 ? decimals + 1 : 0);
  const int exponent_width = before_point > 100 || before_point <= -99 ? 5 : 4;  // "e+10"; -99 counts as three digits
  const int scientific_width = sign + decimal.significant + (decimal.significant > 1 ? 1 : 0) + exponent_width;
  if (fixed_width <= std::int64_t{scientific_width} + scipen) return written(x, std::chars_format::fixed, decimals);
  return written(x, std::chars_format::scientific, decimal.significant - 1);
}

}  // namespace scoria::rdata
