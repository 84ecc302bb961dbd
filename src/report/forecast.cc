#include "report/forecast.h"

#include <algorithm>
#include <cmath>

#include "report/format.h"
#include "table/number_text.h"

namespace scoria::report {
namespace {

constexpr double kSameLevel = 1e-9;  // far below any level in use, far above rounding of a percent

std::optional<double> number_after_q(std::string_view name) {
  if (name.size() < 2 || name.front() != 'q') return std::nullopt;
  name.remove_prefix(1);
  const bool is_plain =
      std::all_of(name.begin(), name.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  if (!is_plain) return std::nullopt;
  return table::parse_real(name);
}

}  // namespace

std::vector<Quantile> quantile_columns(const table::Table& forecast) {
  std::vector<Quantile> found;
  for (const std::string& name : forecast.names()) {
    const std::optional<double> number = number_after_q(name);
    if (number && *number > 0 && *number < 100) found.push_back({*number, name});
  }
  const bool is_percent = std::any_of(found.begin(), found.end(), [](const Quantile& q) { return q.level >= 1; });
  if (is_percent) {
    for (Quantile& quantile : found) quantile.level /= 100;
  }
  std::stable_sort(found.begin(), found.end(), [](const Quantile& a, const Quantile& b) { return a.level < b.level; });
  found.erase(
      std::unique(found.begin(), found.end(),
                  [](const Quantile& a, const Quantile& b) { return std::abs(a.level - b.level) < kSameLevel; }),
      found.end());
  return found;
}

std::vector<Band> central_bands(const std::vector<Quantile>& quantiles) {
  std::vector<Band> bands;
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    for (std::size_t j = quantiles.size(); j-- > i + 1;) {
      if (std::abs(quantiles[i].level + quantiles[j].level - 1) < kSameLevel) {
        bands.push_back({i, j, quantiles[j].level - quantiles[i].level});
      }
    }
  }
  return bands;
}

std::optional<std::size_t> median_of(const std::vector<Quantile>& quantiles) {
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    if (std::abs(quantiles[i].level - 0.5) < kSameLevel) return i;
  }
  return std::nullopt;
}

std::string quantile_name(double level) { return "q" + plain_number(level * 100, 6); }

Status check(const ForecastSpec& spec) {
  if (spec.time.empty()) return Error{Code::invalid, "forecast report: the time column is not named"};
  if (spec.value.empty()) {
    return Error{Code::invalid, "forecast report: the value column (of history and actual) is not named"};
  }
  if (spec.quantiles.empty()) {
    return Error{Code::invalid,
                 "forecast report: the forecast has no quantile columns; they are named q5, q50, q97.5 and so on"};
  }
  double last = 0;
  for (const Quantile& quantile : spec.quantiles) {
    if (!(quantile.level > last && quantile.level < 1)) {
      return Error{Code::invalid, "forecast report: quantile column '" + quantile.column + "' has level " +
                                      plain_number(quantile.level, 6) + "; levels are above 0, below 1 and ascend"};
    }
    last = quantile.level;
  }
  return Ok{};
}

}  // namespace scoria::report
