#include "rdata/number_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/na.h"

namespace scoria::rdata {

std::string format_real(double x, int scipen) {
  if (is_na(x)) return "NA";
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "Inf" : "-Inf";
  if (x == 0) return "0";  // of either sign
  constexpr int kDigits = 15;
  std::array<char, 400> buffer;  // the longest: -1.8e308 in fixed form
  const auto written = [&](std::chars_format format, int precision) {
    const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x, format, precision);
    return std::string(buffer.data(), code == std::errc() ? end : buffer.data());
  };
  std::string scientific = written(std::chars_format::scientific, kDigits - 1);
  const std::size_t e = scientific.find('e');
  std::size_t mantissa_end = e;
  while (scientific[mantissa_end - 1] == '0') --mantissa_end;
  if (scientific[mantissa_end - 1] == '.') --mantissa_end;
  int exponent = 0;
  const char* exponent_digits = scientific.data() + e + 1;
  if (*exponent_digits == '+') ++exponent_digits;
  std::from_chars(exponent_digits, scientific.data() + scientific.size(), exponent);
  const bool negative = scientific.front() == '-';
  const int significant =
      static_cast<int>(mantissa_end) - (negative ? 1 : 0) - (mantissa_end - (negative ? 1u : 0u) > 1 ? 1 : 0);
  scientific.erase(mantissa_end, e - mantissa_end);

  const int decimals = std::max(0, significant - exponent - 1);
  const std::int64_t fixed_width =
      (negative ? 1 : 0) + (exponent >= 0 ? exponent + 1 : 1) + (decimals > 0 ? decimals + 1 : 0);
  if (fixed_width > static_cast<std::int64_t>(scientific.size()) + scipen) return scientific;
  return written(std::chars_format::fixed, decimals);
}

}  // namespace scoria::rdata
