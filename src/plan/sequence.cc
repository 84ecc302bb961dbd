#include "plan/sequence.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>

#include "expr/scalar.h"
#include "plan/row_keys.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

constexpr double kTolerance = 1e-6;  // of tidyr::full_seq

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// "2024-01-31" and nothing else.
std::optional<std::chrono::year_month_day> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text.substr(0, 4));
  const auto month = digits(text.substr(5, 2));
  const auto day = digits(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return date;
}

std::string date_text(std::chrono::year_month_day date) {
  std::array<char, 48> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return {text.data(), static_cast<std::size_t>(size)};
}

Error off_the_sequence(const Column& column, std::uint32_t row, const std::string& least, const std::string& period) {
  return Error{Code::invalid, "row " + std::to_string(row + 1) + " holds " + expr::Scalar::from(column, row).text() +
                                  ", which no sequence from " + least + " by " + period + " has"};
}

Status check_length(std::int64_t count) {
  if (count >= 0 && static_cast<std::uint64_t>(count) < kMaxSequence) return Ok{};
  return Error{Code::too_large, "the sequence has more than " + std::to_string(kMaxSequence) + " values"};
}

// Positions of whole numbers (also: days, months) on the sequence from the least by `every`.
struct Grid {
  std::int64_t least = 0;
  std::int64_t count = 0;
  std::vector<std::int64_t> positions;
};

Result<Grid> whole_grid(const std::vector<std::int64_t>& values, std::int64_t every, const Column& column,
                        std::span<const std::uint32_t> rows, const std::string& period) {
  const auto least = std::min_element(values.begin(), values.end());
  Grid grid{*least, (*std::max_element(values.begin(), values.end()) - *least) / every + 1, {}};
  SCORIA_TRY_STATUS(check_length(grid.count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if ((values[i] - grid.least) % every != 0) {
      const std::uint32_t first = rows[static_cast<std::size_t>(least - values.begin())];
      return off_the_sequence(column, rows[i], expr::Scalar::from(column, first).text(), period);
    }
    grid.positions.push_back((values[i] - grid.least) / every);
  }
  return grid;
}

Result<Sequence> of_integers(const Column& column, std::span<const std::uint32_t> rows, std::int64_t every) {
  std::vector<std::int64_t> values;
  for (const std::uint32_t row : rows) {
    values.push_back(column.type() == Type::integer ? column.integers()[row] : column.logicals()[row]);
  }
  SCORIA_TRY(grid, whole_grid(values, every, column, rows, std::to_string(every)));
  std::vector<std::int32_t> sequence;
  for (std::int64_t i = 0; i < grid.count; ++i) sequence.push_back(static_cast<std::int32_t>(grid.least + i * every));
  return Sequence{Column::integer(std::move(sequence)), std::move(grid.positions)};
}

Result<Sequence> of_numbers(const Column& column, std::span<const std::uint32_t> rows, double every) {
  const auto value = [&](std::uint32_t row) {
    return column.type() == Type::real ? column.reals()[row] : static_cast<double>(column.integers()[row]);
  };
  double least = value(rows[0]);
  double most = least;
  for (const std::uint32_t row : rows) {
    if (!std::isfinite(value(row))) return off_the_sequence(column, row, "any number", "anything");
    least = std::min(least, value(row));
    most = std::max(most, value(row));
  }
  const double steps = (most - least) / every;
  if (!(steps < static_cast<double>(kMaxSequence))) return check_length(-1).error();
  if (every - std::fmod(most - least, every) <= kTolerance) most += kTolerance;
  // seq(): least + (0:n) * every, n with its own tolerance, no value beyond the last.
  const auto n = static_cast<std::int64_t>((most - least) / every + 1e-10);
  std::vector<double> sequence;
  for (std::int64_t i = 0; i <= n; ++i) sequence.push_back(std::min(least + static_cast<double>(i) * every, most));
  std::vector<std::int64_t> positions;
  for (const std::uint32_t row : rows) {
    const double rest = std::fmod(value(row) - least, every);
    if (rest > kTolerance && every - rest > kTolerance) {
      return off_the_sequence(column, row, expr::Scalar{least}.text(), expr::Scalar{every}.text());
    }
    const auto nearest = std::clamp<std::int64_t>(std::llround((value(row) - least) / every), 0, n);
    positions.push_back(sequence[static_cast<std::size_t>(nearest)] == value(row) ? nearest : -1);
  }
  return Sequence{Column::real(std::move(sequence)), std::move(positions)};
}

Result<Sequence> of_dates(const Column& column, std::span<const std::uint32_t> rows, Period period) {
  const bool is_months = period.unit == Period::Unit::months;
  const auto every = static_cast<std::int64_t>(period.every);
  std::vector<std::int64_t> values;  // days, or months, since 1970
  unsigned day_of_month = 0;
  for (const std::uint32_t row : rows) {
    const std::string text = expr::Scalar::from(column, row).text();
    const auto date = parse_date(text);
    if (!date) {
      return Error{Code::invalid,
                   "row " + std::to_string(row + 1) + " holds '" + text + "', which is no date such as 2024-01-31"};
    }
    if (!is_months) {
      values.push_back(std::chrono::sys_days(*date).time_since_epoch().count());
      continue;
    }
    const auto day = static_cast<unsigned>(date->day());
    if (day > 28) {
      return Error{Code::invalid, "row " + std::to_string(row + 1) + " holds '" + text +
                                      "'; a sequence of months needs a day that every month has, 1 to 28"};
    }
    if (day_of_month == 0) day_of_month = day;
    if (day != day_of_month)
      return off_the_sequence(column, row, "day " + std::to_string(day_of_month) + " of a month", "months");
    values.push_back((static_cast<int>(date->year()) - 1970) * 12 +
                     static_cast<int>(static_cast<unsigned>(date->month())) - 1);
  }
  SCORIA_TRY(grid, whole_grid(values, every, column, rows, std::to_string(every) + (is_months ? " months" : " days")));
  std::vector<std::string> sequence;
  for (std::int64_t i = 0; i < grid.count; ++i) {
    const auto at = static_cast<int>(grid.least + i * every);
    const std::chrono::year_month_day date =
        is_months
            ? std::chrono::year_month_day((std::chrono::year(1970) / std::chrono::January + std::chrono::months(at)) /
                                          std::chrono::day(day_of_month))
            : std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(at)));
    sequence.push_back(date_text(date));
  }
  return Sequence{Column::text(sequence), std::move(grid.positions)};
}

}  // namespace

Result<Period> parse_period(std::string_view text) {
  const Error wrong{Code::invalid,
                    "'" + std::string(text) +
                        "' is no period; write a number, or day, week, month or year, or how many of them: 2 weeks"};
  Period period;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, period.every);
  std::string_view unit = error == std::errc{} ? std::string_view(rest, end) : text;
  if (error != std::errc{}) period.every = 1;
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.size() > 1 && unit.ends_with('s')) unit.remove_suffix(1);
  double times = 1;
  if (unit.empty()) {
    period.unit = Period::Unit::number;
  } else if (unit == "day" || unit == "week") {
    period.unit = Period::Unit::days;
    times = unit == "week" ? 7 : 1;
  } else if (unit == "month" || unit == "year") {
    period.unit = Period::Unit::months;
    times = unit == "year" ? 12 : 1;
  } else {
    return wrong;
  }
  if (!(period.every > 0) || period.every > 1e9) return wrong;
  if (period.unit != Period::Unit::number && period.every != std::floor(period.every)) return wrong;
  period.every *= times;
  return period;
}

Result<Sequence> full_sequence(const Column& column, std::span<const std::uint32_t> rows, Period period) {
  if (rows.empty()) return Sequence{column.take(rows), {}};
  for (const std::uint32_t row : rows) {
    if (is_missing(column, row))
      return Error{Code::invalid, "row " + std::to_string(row + 1) + " is missing; a sequence needs every value"};
  }
  const bool is_text = column.type() == Type::text || column.type() == Type::factor;
  const bool is_whole = period.every == std::floor(period.every);
  if (is_text && !is_whole) return Error{Code::invalid, "dates are whole days apart"};
  if (is_text) return of_dates(column, rows, period);
  if (period.unit != Period::Unit::number)
    return Error{Code::invalid, "is a column of numbers, so its period must be a number too"};
  if (column.type() != Type::real && is_whole)
    return of_integers(column, rows, static_cast<std::int64_t>(period.every));
  if (column.type() == Type::logical) return Error{Code::invalid, "logical values are 1 apart"};
  return of_numbers(column, rows, period.every);
}

}  // namespace scoria::plan
