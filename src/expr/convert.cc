#include "expr/convert.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>
#include <vector>

#include "base/na.h"
#include "base/result.h"
#include "expr/kernel.h"
#include "table/number_text.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\f\v";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<double> parse_unsigned(std::string_view text) {
  const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  // R takes an exponent without digits as zero: "1e" is 1.
  if (!hex) {
    std::string_view bare = text;
    if (bare.ends_with('+') || bare.ends_with('-')) bare.remove_suffix(1);
    if (bare.ends_with('e') || bare.ends_with('E')) text = bare.substr(0, bare.size() - 1);
  } else if (text.find('.') != std::string_view::npos && text.find_first_of("pP") == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view digits = hex ? text.substr(2) : text;
  if (digits.empty() || digits[0] == '+' || digits[0] == '-' || digits[0] == 'i' || digits[0] == 'n')
    return std::nullopt;
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed =
      std::from_chars(digits.data(), end, value, hex ? std::chars_format::hex : std::chars_format::general);
  if (parsed.ptr != end) return std::nullopt;
  if (parsed.ec == std::errc::result_out_of_range) return std::strtod(std::string(text).c_str(), nullptr);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

struct Digits {
  int significant;  // 1 to 15, without trailing zeros
  int exponent;     // of the first digit
};

// As doubles, on purpose: from 10^23 on they are not exact, and R's are not.
constexpr std::array<double, 28> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                            1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
                                            1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27};

// How many of 15 significant digits a number above 0 needs. Counted in 80 bits as R does, which makes a tie of what is
// within 80 bits of one.
Digits digits_of(double value) {
  constexpr int kMost = 15;
  int power = static_cast<int>(std::floor(std::log10(value))) - kMost + 1;
  long double scaled = value;
  const auto distance = static_cast<std::size_t>(std::abs(power));
  if (distance < kPowers.size()) {
    scaled = power > 0 ? scaled / kPowers[distance] : scaled * kPowers[distance];
  } else {
    scaled /= std::pow(10.0L, static_cast<long double>(power));
  }
  if (scaled < 1e14L) {
    scaled *= 10;
    --power;
  }
  auto whole = static_cast<std::int64_t>(std::nearbyint(scaled));
  Digits digits{kMost, power + kMost - 1};
  while (digits.significant > 0 && whole % 10 == 0) {
    whole /= 10;
    --digits.significant;
  }
  // Rounded up to the next power of ten.
  if (digits.significant == 0) return {1, digits.exponent + 1};
  return digits;
}

ColumnPtr text_to_real(const Column& column) {
  std::vector<double> values(column.size());
  NullRows nulls(column.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    std::optional<double> value;
    if (!column.is_null(row)) value = number_in(column.text_at(row));
    if (value) {
      values[row] = *value;
    } else {
      nulls.add(row);
    }
  }
  return Column::real(std::move(values), nulls.take());
}

}  // namespace

void append_number(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "Inf" : "-Inf";
    return;
  }
  if (value == 0) {
    out += '0';
    return;
  }
  const Digits digits = digits_of(std::fabs(value));
  const int decimals = std::max(0, digits.significant - digits.exponent - 1);
  const int fixed_width = std::max(digits.exponent, 0) + 1 + (decimals > 0 ? decimals + 1 : 0);
  const int scientific_width =
      (digits.significant > 1 ? digits.significant + 1 : 1) + (std::abs(digits.exponent) >= 100 ? 5 : 4);
  std::array<char, 400> buffer{};
  const bool is_fixed = fixed_width <= scientific_width;
  const int length = is_fixed ? std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value)
                              : std::snprintf(buffer.data(), buffer.size(), "%.*e", digits.significant - 1, value);
  std::string_view text(buffer.data(), static_cast<std::size_t>(length));
  const std::size_t exponent = std::min(text.find('e'), text.size());
  std::string_view mantissa = text.substr(0, exponent);
  if (mantissa.find('.') != std::string_view::npos) {
    mantissa = mantissa.substr(0, mantissa.find_last_not_of('0') + 1);
    if (mantissa.ends_with('.')) mantissa.remove_suffix(1);
  }
  out += mantissa;
  out += text.substr(exponent);
}

std::optional<double> number_in(std::string_view text) {
  text = trim(text);
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::optional<double> value;
  if (equals_ignoring_case(text, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else {
    value = parse_unsigned(text);
  }
  if (value && negative) value = -*value;
  return value;
}

ColumnPtr to_real(const ColumnPtr& column) {
  switch (column->type()) {
    case Type::real: return column;
    case Type::text: return text_to_real(*column);
    case Type::factor: return text_to_real(*to_text(column));
    default: break;
  }
  std::vector<double> values(column->size());
  if (column->type() == Type::integer) {
    const auto integers = column->integers();
    for (std::size_t row = 0; row < values.size(); ++row) values[row] = integers[row];
  } else {
    const auto logicals = column->logicals();
    for (std::size_t row = 0; row < values.size(); ++row) values[row] = logicals[row];
  }
  return Column::real(std::move(values), column->validity());
}

ColumnPtr to_integer(const ColumnPtr& column) {
  if (column->type() == Type::integer) return column;
  std::vector<std::int32_t> values(column->size());
  if (column->type() == Type::logical) {
    const auto logicals = column->logicals();
    for (std::size_t row = 0; row < values.size(); ++row) values[row] = logicals[row];
    return Column::integer(std::move(values), column->validity());
  }
  if (column->type() == Type::factor) {
    // R's as.integer(factor): the code, counted from 1.
    const auto codes = column->codes();
    for (std::size_t row = 0; row < values.size(); ++row) values[row] = codes[row] + 1;
    return Column::integer(std::move(values), column->validity());
  }
  const ColumnPtr real = to_real(column);
  const auto reals = real->reals();
  for (std::size_t row = 0; row < values.size(); ++row) {
    const double x = reals[row];
    values[row] = x > -2147483648.0 && x < 2147483648.0 ? static_cast<std::int32_t>(x) : kNaInt;
  }
  return Column::integer(std::move(values), real->validity());
}

ColumnPtr to_text(const ColumnPtr& column) {
  if (column->type() == Type::text) return column;
  TextRows rows(column->size());
  std::string number;
  for (std::size_t row = 0; row < column->size(); ++row) {
    if (column->is_null(row)) {
      rows.add_null();
      continue;
    }
    switch (column->type()) {
      case Type::logical: rows.add(column->logicals()[row] != 0 ? "TRUE" : "FALSE"); break;
      case Type::integer: rows.add(std::to_string(column->integers()[row])); break;
      case Type::factor: rows.add(column->levels()[static_cast<std::size_t>(column->codes()[row])]); break;
      default:
        number.clear();
        append_number(column->reals()[row], number);
        rows.add(number);
    }
  }
  return rows.finish();
}

ColumnPtr to_logical(const ColumnPtr& column) {
  if (column->type() == Type::logical) return column;
  std::vector<std::uint8_t> values(column->size());
  if (column->type() == Type::integer) {
    const auto integers = column->integers();
    for (std::size_t row = 0; row < values.size(); ++row) values[row] = integers[row] != 0 && integers[row] != kNaInt;
    return Column::logical(std::move(values), column->validity());
  }
  NullRows nulls(values.size());
  if (column->type() != Type::real) {
    const ColumnPtr text = to_text(column);
    for (std::size_t row = 0; row < values.size(); ++row) {
      const auto value = text->is_null(row) ? std::nullopt : table::parse_logical(text->text_at(row));
      if (value) {
        values[row] = *value ? 1 : 0;
      } else {
        nulls.add(row);
      }
    }
    return Column::logical(std::move(values), nulls.take());
  }
  const auto reals = column->reals();
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (std::isnan(reals[row])) {
      nulls.add(row);
    } else {
      values[row] = reals[row] != 0;
    }
  }
  return Column::logical(std::move(values), nulls.take());
}

ColumnPtr to_type(const ColumnPtr& column, Type type) {
  switch (type) {
    case Type::logical: return to_logical(column);
    case Type::integer: return to_integer(column);
    case Type::real: return to_real(column);
    case Type::text: return to_text(column);
    case Type::factor: break;
  }
  SCORIA_CHECK(column->type() == Type::factor);
  return column;
}

}  // namespace scoria::expr
