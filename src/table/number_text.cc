#include "table/number_text.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "table/number_fast.h"

namespace scoria::table {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Exponents are added up no further than this: it is far outside any double even after the longest mantissa.
constexpr std::int64_t kExponentCap = 1ll << 40;

bool is_blank_char(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank_char(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank_char(text.back())) text.remove_suffix(1);
  return text;
}

bool equals_in_any_case(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(), [](char a, char b) { return lower(a) == b; });
}

// Takes a sign if there is one; true when it is a minus.
bool take_sign(std::string_view& text) {
  if (text.empty() || (text.front() != '-' && text.front() != '+')) return false;
  const bool negative = text.front() == '-';
  text.remove_prefix(1);
  return negative;
}

// Takes an optionally signed run of digits; nullopt when there is no digit or something follows.
std::optional<std::int64_t> take_exponent(std::string_view text) {
  const bool negative = take_sign(text);
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = std::min(value * 10 + (c - '0'), kExponentCap);
  }
  return negative ? -value : value;
}

// std::from_chars, with strtod's answer where it only says "out of range": `leading_exponent` is the (binary or decimal)
// exponent of the first digit that is not zero, so its sign tells too large from too small.
double correctly_rounded(std::string_view text, std::chars_format format, std::int64_t leading_exponent) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format);
  if (error == std::errc::result_out_of_range) return leading_exponent > 0 ? kInfinity : 0.0;
  return value;
}

// The number after its sign and "0x".
std::optional<double> parse_hex(std::string_view text) {
  std::int64_t leading = 0;
  bool any_digit = false;
  bool any_nonzero = false;
  bool after_point = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !after_point) {
      after_point = true;
      continue;
    }
    const int digit = hex_value(text[i]);
    if (digit < 0) break;
    any_digit = true;
    any_nonzero = any_nonzero || digit != 0;
    if (any_nonzero && !after_point) leading += 4;
    if (!any_nonzero && after_point) leading -= 4;
  }
  if (!any_digit) return std::nullopt;
  if (i < text.size()) {
    if (lower(text[i]) != 'p') return std::nullopt;
    const auto exponent = take_exponent(text.substr(i + 1));
    if (!exponent) return std::nullopt;
    leading += *exponent;
  }
  if (!any_nonzero) return 0.0;
  return correctly_rounded(text, std::chars_format::hex, leading);
}

// The number after its sign.
std::optional<double> parse_decimal(std::string_view text) {
  std::uint64_t mantissa = 0;  // of the first 19 digits that count
  int counted = 0;             // digits in it
  bool dropped = false;        // were there more?
  std::int64_t scale = 0;      // value = mantissa * 10^scale, when nothing was dropped
  std::int64_t leading = 0;    // exponent of the first digit that is not zero, plus one
  bool any_digit = false;
  bool after_point = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (!is_digit(text[i])) break;
    any_digit = true;
    if (after_point) --scale;
    if (counted == 0 && text[i] == '0') {
      if (after_point) --leading;
      continue;
    }
    if (!after_point) ++leading;
    if (counted < 19) {
      mantissa = mantissa * 10 + static_cast<std::uint64_t>(text[i] - '0');
      ++counted;
    } else {
      dropped = true;
    }
  }
  if (!any_digit) return std::nullopt;
  if (i < text.size()) {
    if (lower(text[i]) != 'e') return std::nullopt;
    const auto exponent = take_exponent(text.substr(i + 1));
    if (!exponent) return std::nullopt;
    scale += *exponent;
    leading += *exponent;
  }
  if (counted == 0) return 0.0;
  if (!dropped) {
    if (const auto exact = scale_exactly(mantissa, scale)) return *exact;
  }
  return correctly_rounded(text, std::chars_format::general, leading);
}

}  // namespace

std::optional<double> parse_real(std::string_view text) {
  text = trimmed(text);
  const bool negative = take_sign(text);
  if (text.empty()) return std::nullopt;
  std::optional<double> value;
  if (text.size() > 2 && text[0] == '0' && lower(text[1]) == 'x') {
    value = parse_hex(text.substr(2));
  } else if (is_digit(text[0]) || text[0] == '.') {
    value = parse_decimal(text);
  } else if (equals_in_any_case(text, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (equals_in_any_case(text, "inf") || equals_in_any_case(text, "infinity")) {
    value = kInfinity;
  }
  if (!value) return std::nullopt;
  return negative ? -*value : *value;
}

std::optional<std::int32_t> parse_integer(std::string_view text) {
  text = trimmed(text);
  const bool negative = take_sign(text);
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
    if (value > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  }
  return static_cast<std::int32_t>(negative ? -value : value);
}

std::optional<bool> parse_logical(std::string_view text) {
  if (text == "TRUE" || text == "T" || text == "true" || text == "True") return true;
  if (text == "FALSE" || text == "F" || text == "false" || text == "False") return false;
  return std::nullopt;
}

bool is_blank(std::string_view text) { return std::all_of(text.begin(), text.end(), is_blank_char); }

}  // namespace scoria::table
