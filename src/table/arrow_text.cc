#include "table/arrow_text.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "table/number_text.h"

namespace scoria::table {
namespace {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

constexpr std::int64_t kSecondsOfDay = 86'400;
constexpr std::int64_t kFirstDay = -719'528;  // 0000-01-01
constexpr std::int64_t kLastDay = 2'932'896;  // 9999-12-31

void append_digits(std::int64_t value, int width, std::string& out) {
  const std::size_t end = out.size() + static_cast<std::size_t>(width);
  out.resize(end);
  for (int i = 1; i <= width; ++i) {
    out[end - static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// Division that rounds down: what lies before 1970 is negative.
std::int64_t floor_divide(std::int64_t value, std::int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

}  // namespace

bool append_date(std::int64_t days, std::string& out) {
  if (days < kFirstDay || days > kLastDay) return false;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  append_digits(static_cast<int>(date.year()), 4, out);
  out += '-';
  append_digits(static_cast<unsigned>(date.month()), 2, out);
  out += '-';
  append_digits(static_cast<unsigned>(date.day()), 2, out);
  return true;
}

bool append_time(std::int64_t ticks, std::int64_t per_second, std::string& out) {
  const std::int64_t seconds = floor_divide(ticks, per_second);
  if (seconds < 0 || seconds >= kSecondsOfDay) return false;
  append_digits(seconds / 3600, 2, out);
  out += ':';
  append_digits(seconds / 60 % 60, 2, out);
  out += ':';
  append_digits(seconds % 60, 2, out);
  std::int64_t fraction = ticks - seconds * per_second;
  if (fraction == 0) return true;
  int width = 0;
  for (std::int64_t unit = per_second; unit > 1; unit /= 10) ++width;
  for (; fraction % 10 == 0; fraction /= 10) --width;
  out += '.';
  append_digits(fraction, width, out);
  return true;
}

bool append_timestamp(std::int64_t ticks, std::int64_t per_second, std::string& out) {
  const std::int64_t per_day = per_second * kSecondsOfDay;
  // Of the remainder: days times per_day may be below what 64 bits hold.
  const std::int64_t rest = ticks % per_day;
  if (!append_date(floor_divide(ticks, per_day), out)) return false;
  out += ' ';
  return append_time(rest < 0 ? rest + per_day : rest, per_second, out);
}

double half_to_double(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(1024 + fraction, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

std::optional<double> decimal_to_double(const void* little_endian, int bytes, int scale) {
  Int128 value = 0;
  if (bytes == 4) {
    std::int32_t narrow = 0;
    std::memcpy(&narrow, little_endian, sizeof narrow);
    value = narrow;
  } else if (bytes == 8) {
    std::int64_t narrow = 0;
    std::memcpy(&narrow, little_endian, sizeof narrow);
    value = narrow;
  } else {
    std::memcpy(&value, little_endian, sizeof value);
  }
  const UInt128 magnitude = value < 0 ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
  std::string text;
  for (UInt128 rest = magnitude; rest != 0; rest /= 10) text += static_cast<char>('0' + static_cast<int>(rest % 10));
  if (text.empty()) return 0.0;
  if (value < 0) text += '-';
  std::reverse(text.begin(), text.end());
  text += "e" + std::to_string(-static_cast<std::int64_t>(scale));
  const std::optional<double> number = parse_real(text);
  // The integer itself is asked as well: 2^53 + 1 rounds to 2^53.
  if (scale <= 0 && (magnitude > UInt128{1} << 53 || std::fabs(number.value_or(0)) > 0x1p53)) return std::nullopt;
  return number;
}

}  // namespace scoria::table
