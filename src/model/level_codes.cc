#include "model/level_codes.h"

#include <cmath>

#include "base/result.h"
#include "expr/convert.h"
#include "table/number_text.h"

namespace scoria::model {

using table::Column;
using table::Type;

namespace {

std::string number_text(double value) {
  std::string text;
  expr::append_number(value, text);
  return text;
}

}  // namespace

bool holds_numbers(const Column& column) { return column.type() == Type::real || column.type() == Type::integer; }

std::string cell_text(const Column& column, std::size_t row) {
  switch (column.type()) {
    case Type::text: return std::string(column.text_at(row));
    case Type::factor: return column.levels()[static_cast<std::size_t>(column.codes()[row])];
    case Type::integer: return std::to_string(column.integers()[row]);
    case Type::logical: return column.logicals()[row] != 0 ? "TRUE" : "FALSE";
    case Type::real: return number_text(column.reals()[row]);
  }
  throw_bug(__FILE__, __LINE__, "a known Type");
}

LevelCodes::LevelCodes(const std::vector<std::string>& levels) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto code = static_cast<std::int32_t>(i);
    by_text_.emplace(levels[i], code);
    if (const auto number = table::parse_real(levels[i]); number && !std::isnan(*number)) {
      const auto [at, is_new] = by_number_.emplace(*number, code);
      if (!is_new) at->second = kNone;  // "1" and "1.0": only the text tells them apart
    }
  }
}

std::int32_t LevelCodes::of_text(std::string_view text) const {
  const auto found = by_text_.find(text);
  return found == by_text_.end() ? kNone : found->second;
}

std::int32_t LevelCodes::of_number(double value) const {
  const std::string text = number_text(value);
  if (const std::int32_t code = of_text(text); code != kNone) return code;
  const auto rounded = table::parse_real(text);
  const auto found = rounded ? by_number_.find(*rounded) : by_number_.end();
  return found == by_number_.end() ? kNone : found->second;
}

std::int32_t LevelCodes::at(const Column& column, std::size_t row) const {
  if (column.type() == Type::real) return of_number(column.reals()[row]);
  if (column.type() == Type::integer) return of_number(column.integers()[row]);
  return of_text(column.type() == Type::text ? column.text_at(row) : std::string_view(cell_text(column, row)));
}

std::vector<std::int32_t> LevelCodes::of_column(const Column& column) const {
  std::vector<std::int32_t> codes(column.size(), kNone);
  std::vector<std::int32_t> by_code;  // a factor column's own codes -> ours
  if (column.type() == Type::factor) {
    for (const std::string& level : column.levels()) by_code.push_back(of_text(level));
  }
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (column.is_null(row)) continue;
    codes[row] = by_code.empty() ? at(column, row) : by_code[static_cast<std::size_t>(column.codes()[row])];
  }
  return codes;
}

}  // namespace scoria::model
