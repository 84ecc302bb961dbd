#include "table/json_column.h"

#include <cmath>
#include <limits>
#include <utility>

#include "base/na.h"
#include "base/result.h"
#include "table/csv_rows.h"
#include "table/number_text.h"

namespace scoria::table {
namespace {

std::optional<double> special(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

std::string quoted(std::string_view text) { return "\"" + excerpt(text) + "\""; }

}  // namespace

bool is_json_number(std::string_view token) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t first = i;
    while (i < token.size() && token[i] >= '0' && token[i] <= '9') ++i;
    return i - first;
  };
  if (i < token.size() && token[i] == '-') ++i;
  const std::size_t first = i;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && token[first] == '0')) return false;
  if (i < token.size() && token[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
    ++i;
    if (i < token.size() && (token[i] == '-' || token[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == token.size();
}

JsonColumn::JsonColumn(std::optional<Type> given) : is_given_(given.has_value()), kind_(Kind::undecided) {
  if (!given) return;
  switch (*given) {
    case Type::logical: kind_ = Kind::logical; break;
    case Type::integer: kind_ = Kind::integer; break;
    case Type::real: kind_ = Kind::real; break;
    case Type::text: kind_ = Kind::text; break;
    case Type::factor: kind_ = Kind::factor; break;
  }
}

void JsonColumn::push_missing() {
  switch (kind_) {
    case Kind::undecided: break;
    case Kind::logical:
      nulls_.push_back(rows_);
      logicals_.push_back(0);
      break;
    case Kind::integer: integers_.push_back(kNaInt); break;
    case Kind::real: reals_.push_back(na_real()); break;
    case Kind::text:
      nulls_.push_back(rows_);
      offsets_.push_back(offsets_.back());
      break;
    case Kind::factor: integers_.push_back(-1); break;
  }
  ++rows_;
}

void JsonColumn::fill_to(std::size_t row) {
  while (rows_ < row) push_missing();
}

// Before a row is set.
void JsonColumn::start(std::size_t row) {
  SCORIA_CHECK(!last_row_ || row > *last_row_);
  fill_to(row);
  last_row_ = row;
  ++given_rows_;
}

std::string JsonColumn::conflict(std::string_view what) const {
  std::string holds;
  switch (kind_) {
    case Kind::undecided: break;
    case Kind::logical: holds = "true and false"; break;
    case Kind::integer: holds = is_given_ ? "integers from -2147483647 to 2147483647" : "numbers"; break;
    case Kind::real: holds = "numbers"; break;
    case Kind::text:
    case Kind::factor: holds = "strings"; break;
  }
  return std::string(what) + " in a column that " + (is_given_ ? "must hold " : "holds ") + holds;
}

std::string JsonColumn::set_null(std::size_t row) {
  start(row);
  push_missing();
  return "";
}

std::string JsonColumn::set_bool(std::size_t row, bool value) {
  start(row);
  if (kind_ == Kind::undecided) {
    kind_ = Kind::logical;
    fill_to(std::exchange(rows_, 0));
  }
  if (kind_ != Kind::logical) return conflict(value ? "true" : "false");
  logicals_.push_back(value ? 1 : 0);
  ++rows_;
  return "";
}

void JsonColumn::become_real() {
  if (kind_ == Kind::integer) {
    for (const std::int32_t x : integers_) reals_.push_back(x == kNaInt ? na_real() : x);
    integers_ = {};
  } else {
    // Strings so far were NaN, Inf and -Inf only.
    reals_.assign(rows_, na_real());
    for (std::size_t row = 0; row < rows_; ++row) {
      const auto begin = static_cast<std::size_t>(offsets_[row]);
      const auto end = static_cast<std::size_t>(offsets_[row + 1]);
      if (const auto value = special(std::string_view(bytes_).substr(begin, end - begin))) reals_[row] = *value;
    }
    offsets_ = {0};
    bytes_ = {};
    nulls_ = {};
  }
  kind_ = Kind::real;
}

std::string JsonColumn::set_number(std::size_t row, std::string_view token) {
  start(row);
  const double value = *parse_real(token);
  // -0 is a number that no integer is.
  const bool is_whole = std::abs(value) <= std::numeric_limits<std::int32_t>::max() && std::trunc(value) == value &&
                        !(value == 0 && std::signbit(value));
  const bool looks_whole = is_whole && token.find_first_of(".eE") == std::string_view::npos;
  if (kind_ == Kind::undecided) {
    kind_ = looks_whole ? Kind::integer : Kind::real;
    fill_to(std::exchange(rows_, 0));
  } else if (!is_given_ && ((kind_ == Kind::integer && !looks_whole) || (kind_ == Kind::text && only_special_))) {
    become_real();
  }
  switch (kind_) {
    case Kind::integer:
      if (!is_whole) return conflict(excerpt(token));
      integers_.push_back(static_cast<std::int32_t>(value));
      break;
    case Kind::real: reals_.push_back(value); break;
    case Kind::text:
    case Kind::factor:
      // Asked for as text, a number is taken as it stands: keys are often written so.
      if (!is_given_) return conflict("the number " + excerpt(token));
      push_text(token);
      break;
    default: return conflict("the number " + excerpt(token));
  }
  ++rows_;
  return "";
}

void JsonColumn::push_text(std::string_view value) {
  if (kind_ == Kind::text) {
    bytes_ += value;
    offsets_.push_back(static_cast<std::int64_t>(bytes_.size()));
    return;
  }
  const auto [at, is_new] = code_of_.emplace(value, static_cast<std::int32_t>(levels_.size()));
  if (is_new) levels_.emplace_back(value);
  integers_.push_back(at->second);
}

std::string JsonColumn::set_string(std::size_t row, std::string_view value) {
  start(row);
  if (value.find('\0') != std::string_view::npos) return "a string with a NUL character";
  const auto number = special(value);
  if (kind_ == Kind::undecided) {
    kind_ = Kind::text;
    fill_to(std::exchange(rows_, 0));
  } else if (kind_ == Kind::integer && !is_given_ && number) {
    become_real();
  }
  switch (kind_) {
    case Kind::real:
      if (!number) return conflict("the string " + quoted(value));
      reals_.push_back(*number);
      break;
    case Kind::text:
    case Kind::factor:
      only_special_ = only_special_ && number.has_value();
      push_text(value);
      break;
    default: return conflict("the string " + quoted(value));
  }
  ++rows_;
  return "";
}

ColumnPtr JsonColumn::finish(std::size_t rows) && {
  if (kind_ == Kind::undecided) {
    kind_ = Kind::logical;
    rows_ = 0;
  }
  fill_to(rows);
  Validity validity(rows);
  for (const std::size_t row : nulls_) validity.set_null(row);
  switch (kind_) {
    case Kind::logical: return Column::logical(std::move(logicals_), std::move(validity));
    case Kind::integer: return Column::integer(std::move(integers_));
    case Kind::real: return Column::real(std::move(reals_));
    case Kind::text: return Column::text(std::move(offsets_), std::move(bytes_), std::move(validity));
    case Kind::factor:
      return Column::factor(std::move(integers_), std::make_shared<const std::vector<std::string>>(std::move(levels_)));
    case Kind::undecided: break;
  }
  throw_bug(__FILE__, __LINE__, "a decided kind");
}

}  // namespace scoria::table
