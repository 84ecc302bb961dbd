#include "report/series.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>

#include "report/format.h"
#include "table/number_format.h"
#include "table/number_text.h"

namespace scoria::report {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 12; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > 12) text += ", ...";
  return text.empty() ? "none" : text;
}

Result<table::ColumnPtr> find(const table::Table& table, const std::string& column, std::string_view what) {
  table::ColumnPtr found = table.find(column);
  if (found == nullptr) {
    return Error{Code::invalid, "the " + std::string(what) + " table has no column '" + column +
                                    "'; its columns: " + listed(table.names())};
  }
  return found;
}

std::string number_text(double value) {
  std::array<char, table::kNumberRoom> text{};
  return std::string(text.data(), table::write_real(text.data(), value));
}

// Two digits, or nothing.
std::optional<int> two_digits(std::string_view text, std::size_t at) {
  if (text.size() < at + 2) return std::nullopt;
  const char a = text[at];
  const char b = text[at + 1];
  if (a < '0' || a > '9' || b < '0' || b > '9') return std::nullopt;
  return (a - '0') * 10 + (b - '0');
}

// HH:MM, with seconds and Z where they are given, as part of a day.
std::optional<double> parse_clock(std::string_view text) {
  if (!text.empty() && text.back() == 'Z') text.remove_suffix(1);
  const std::optional<int> hour = two_digits(text, 0);
  const std::optional<int> minute = text.size() >= 5 && text[2] == ':' ? two_digits(text, 3) : std::nullopt;
  if (!hour || !minute || *hour > 24 || *minute > 59) return std::nullopt;
  double seconds = *hour * 3600.0 + *minute * 60.0;
  if (text.size() > 5) {
    const std::optional<double> rest = text[5] == ':' ? table::parse_real(text.substr(6)) : std::nullopt;
    if (!rest || !(*rest >= 0 && *rest < 61)) return std::nullopt;
    seconds += *rest;
  }
  return seconds / 86'400;
}

std::optional<double> parse_date(std::string_view text) {
  const std::optional<int> century = two_digits(text, 0);
  const std::optional<int> year = two_digits(text, 2);
  const std::optional<int> month = two_digits(text, 5);
  const std::optional<int> day = two_digits(text, 8);
  if (!century || !year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*century * 100 + *year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const double days = std::chrono::sys_days{date}.time_since_epoch().count();
  if (text.size() == 10) return days;
  if (text[10] != 'T' && text[10] != ' ') return std::nullopt;
  const std::optional<double> clock = parse_clock(text.substr(11));
  if (!clock) return std::nullopt;
  return days + *clock;
}

std::string_view cell_text(const table::Column& column, std::size_t row) {
  if (column.type() == table::Type::text) return column.text_at(row);
  return column.levels()[static_cast<std::size_t>(column.codes()[row])];
}

bool is_text(const table::Column& column) {
  return column.type() == table::Type::text || column.type() == table::Type::factor;
}

std::vector<double> number_cells(const table::Column& column) {
  std::vector<double> values(column.size(), kMissing);
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (column.is_null(row)) continue;
    switch (column.type()) {
      case table::Type::logical: values[row] = column.logicals()[row]; break;
      case table::Type::integer: values[row] = column.integers()[row]; break;
      default: values[row] = column.reals()[row];
    }
    if (!std::isfinite(values[row])) values[row] = kMissing;
  }
  return values;
}

Result<Times> text_times(const table::Column& column, const std::string& name, std::string_view what) {
  Times result{TimeKind::number, std::vector<double>(column.size(), kMissing)};
  bool any = false;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row)) continue;
    const std::string_view text = cell_text(column, row);
    const std::optional<double> date = parse_date(text);
    const TimeKind kind = date ? TimeKind::date : TimeKind::number;
    const std::optional<double> value = date ? date : table::parse_real(text);
    if (!value || !std::isfinite(*value) || (any && kind != result.kind)) {
      return Error{Code::invalid, "the " + std::string(what) + " table, column '" + name + "', row " +
                                      std::to_string(row + 1) + ": '" + std::string(text.substr(0, 40)) +
                                      "' is not a time like the others; times are numbers or dates such as 2026-11-20"};
    }
    result.kind = kind;
    any = true;
    result.values[row] = *value;
  }
  return result;
}

}  // namespace

SeriesIndex::SeriesIndex(std::vector<std::string> keys) {
  for (std::string& key : keys) keys_.push_back({.name = std::move(key)});
}

std::vector<std::uint32_t> SeriesIndex::code(const table::Column& column, Key& key) {
  const auto code_of = [&](std::string text) {
    const auto [place, is_new] = key.codes.try_emplace(text, static_cast<std::uint32_t>(key.values.size()));
    if (is_new) key.values.push_back(std::move(text));
    return place->second;
  };
  std::vector<std::uint32_t> codes(column.size(), kNoSeries);
  const std::vector<double> values = is_text(column) ? std::vector<double>{} : number_cells(column);
  std::unordered_map<double, std::uint32_t> seen;  // spares the text of a number that came before
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (column.is_null(row)) continue;
    if (is_text(column)) {
      codes[row] = code_of(std::string(cell_text(column, row)));
      continue;
    }
    const double value = values[row] == 0 ? 0 : values[row];
    if (std::isnan(value)) continue;
    const auto [place, is_new] = seen.try_emplace(value, 0);
    if (is_new) place->second = code_of(number_text(value));
    codes[row] = place->second;
  }
  return codes;
}

Result<std::vector<std::uint32_t>> SeriesIndex::number(const table::Table& table, std::string_view what) {
  if (keys_.empty()) {
    if (table.rows() > 0 && names_.empty()) names_.push_back({});
    return std::vector<std::uint32_t>(table.rows(), 0);
  }
  std::vector<std::vector<std::uint32_t>> codes;
  for (Key& key : keys_) {
    SCORIA_TRY(column, find(table, key.name, what));
    codes.push_back(code(*column, key));
  }
  std::vector<std::uint32_t> series(table.rows(), kNoSeries);
  for (std::size_t row = 0; row < series.size(); ++row) series[row] = join(codes, row);
  return series;
}

std::uint32_t SeriesIndex::join(const std::vector<std::vector<std::uint32_t>>& codes, std::size_t row) {
  std::uint32_t series = 0;
  bool is_new = false;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    if (codes[k][row] == kNoSeries) return kNoSeries;
    const std::uint64_t pair = static_cast<std::uint64_t>(series) << 32 | codes[k][row];
    const auto next = static_cast<std::uint32_t>(keys_[k].joined.size());
    const auto [place, inserted] = keys_[k].joined.try_emplace(pair, next);
    series = place->second;
    is_new = inserted;
  }
  if (is_new) {
    std::vector<std::string>& names = names_.emplace_back();
    for (std::size_t k = 0; k < keys_.size(); ++k) names.push_back(keys_[k].values[codes[k][row]]);
  }
  return series;
}

std::string SeriesIndex::title(std::uint32_t series) const {
  std::string text;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    text += (k == 0 ? "" : ", ") + keys_[k].name + " " + names(series)[k];
  }
  return text.empty() ? "the series" : text;
}

Result<Times> times(const table::Table& table, const std::string& column, std::string_view what) {
  SCORIA_TRY(found, find(table, column, what));
  if (is_text(*found)) return text_times(*found, column, what);
  return Times{TimeKind::number, number_cells(*found)};
}

Result<std::vector<double>> numbers(const table::Table& table, const std::string& column, std::string_view what) {
  SCORIA_TRY(found, find(table, column, what));
  if (is_text(*found)) {
    return Error{Code::invalid, "the " + std::string(what) + " table, column '" + column + "' holds " +
                                    std::string(table::type_name(found->type())) + ", must hold numbers"};
  }
  return number_cells(*found);
}

std::string time_text(TimeKind kind, double time) {
  if (kind == TimeKind::number || !std::isfinite(time) || std::abs(time) > 1e7) return plain_number(time, 10);
  const double day = std::floor(time);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{static_cast<int>(day)}}};
  std::array<char, 40> text{};
  int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                             static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  const int minutes = static_cast<int>(std::lround((time - day) * 1440));
  if (minutes > 0 && minutes < 1440) {
    length += std::snprintf(text.data() + length, text.size() - static_cast<std::size_t>(length), " %02d:%02d",
                            minutes / 60, minutes % 60);
  }
  return std::string(text.data(), static_cast<std::size_t>(length));
}

}  // namespace scoria::report
