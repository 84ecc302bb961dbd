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
  // 15 significant digits, then without their trailing zeros.
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.14e", std::fabs(value));
  int significant = 15;
  for (int digit = 15; digit >= 2 && text[static_cast<std::size_t>(digit)] == '0'; --digit) --significant;
  const int exponent = std::atoi(text.data() + 17);
  const int decimals = std::max(0, significant - exponent - 1);
  const int fixed_width = std::max(exponent, 0) + 1 + (decimals > 0 ? decimals + 1 : 0);
  const int scientific_width = (significant > 1 ? significant + 1 : 1) + (std::abs(exponent) >= 100 ? 5 : 4);
  if (fixed_width <= scientific_width) {
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  } else {
    std::snprintf(text.data(), text.size(), "%.*e", significant - 1, value);
  }
  out += text.data();
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
  SCORIA_CHECK(column->type() == Type::real);
  const auto reals = column->reals();
  NullRows nulls(values.size());
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
