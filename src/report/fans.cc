#include "report/fans.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "report/format.h"
#include "table/number_text.h"

namespace scoria::report {
namespace {

using table::Table;

constexpr std::size_t kMostChosen = 24;
constexpr std::size_t kFirstValues = 4;  // of the first key, where the choice does not name it

// Numbers by size, before text.
bool value_less(const std::string& a, const std::string& b) {
  const std::optional<double> x = table::parse_real(a);
  const std::optional<double> y = table::parse_real(b);
  if (x && y && *x != *y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  return a < b;
}

// By the later keys, then the first: all products of one store, then those of the next.
bool names_less(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (std::size_t k = 1; k <= a.size(); ++k) {
    const std::size_t key = k % a.size();
    if (a[key] != b[key]) return value_less(a[key], b[key]);
  }
  return false;
}

// What a series has in one table, before it is sorted.
struct Rows {
  std::vector<std::vector<std::uint32_t>> of_series;
  std::vector<double> time;
};

// Orders the rows of one series by time, then `rank`; of rows with one time only the first stays.
void order_by_time(std::vector<std::uint32_t>& rows, const std::vector<double>& time, const std::vector<double>& rank) {
  const auto less = [&](std::uint32_t a, std::uint32_t b) {
    if (time[a] != time[b]) return time[a] < time[b];
    return !rank.empty() && rank[a] < rank[b];
  };
  std::stable_sort(rows.begin(), rows.end(), less);
  rows.erase(
      std::unique(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) { return time[a] == time[b]; }),
      rows.end());
}

class Collector {
 public:
  Collector(const FanTables& tables, const SeriesChoice& choice)
      : tables_(tables), choice_(choice), index_(tables.spec.keys) {}

  Result<Fans> collect(std::size_t budget) {
    SCORIA_TRY_STATUS(check(tables_.spec));
    SCORIA_TRY_STATUS(check_choice());
    SCORIA_TRY(series, index_.number(tables_.forecast, "forecast"));
    SCORIA_TRY(time, times(tables_.forecast, tables_.spec.time, "forecast"));
    result_.kind = time.kind;
    result_.series = index_.size();
    choose(series, budget);
    SCORIA_TRY_STATUS(read_forecast(series, time.values));
    if (tables_.history.columns() > 0) {
      SCORIA_TRY_STATUS(read_values(tables_.history, "history", &Fan::history_time, &Fan::history));
    }
    if (tables_.actual != nullptr) {
      SCORIA_TRY_STATUS(read_values(*tables_.actual, "actual", &Fan::actual_time, &Fan::actual));
    }
    note_what_is_missing();
    return std::move(result_);
  }

 private:
  Status check_choice() {
    for (const auto& [key, values] : choice_.values) {
      const std::vector<std::string>& keys = tables_.spec.keys;
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      std::string known;
      for (const std::string& name : keys) known += (known.empty() ? "" : ", ") + name;
      return Error{Code::invalid, "the series to show name '" + key +
                                      "', which is no key; the keys: " + (known.empty() ? "none" : known)};
    }
    return Ok{};
  }

  const std::vector<std::string>* wanted(const std::string& key) const {
    for (const auto& [name, values] : choice_.values) {
      if (name == key) return &values;
    }
    return nullptr;
  }

  // The values that each key may take in the chosen series: those named, else the first among the series left by then.
  std::vector<std::uint32_t> chosen_of(std::vector<std::uint32_t> ordered) const {
    const std::vector<std::string>& keys = tables_.spec.keys;
    const auto keep = [&](std::size_t key, const std::vector<std::string>& values) {
      std::erase_if(ordered, [&](std::uint32_t series) {
        return std::find(values.begin(), values.end(), index_.names(series)[key]) == values.end();
      });
    };
    for (std::size_t key = 0; key < keys.size(); ++key) {
      if (const auto* values = wanted(keys[key])) keep(key, *values);
    }
    // From the last key to the first, in the order of names_less: the first series left has the first value.
    for (std::size_t key = 1; key < keys.size() && !ordered.empty(); ++key) {
      if (wanted(keys[key]) == nullptr) keep(key, {index_.names(ordered.front())[key]});
    }
    const bool is_first_named = !keys.empty() && wanted(keys.front()) != nullptr;
    ordered.resize(std::min(ordered.size(), is_first_named ? kMostChosen : kFirstValues));
    return ordered;
  }

  void choose(const std::vector<std::uint32_t>& series, std::size_t budget) {
    std::vector<std::size_t> size(index_.size(), 0);
    for (const std::uint32_t one : series) {
      if (one != kNoSeries) size[one] += tables_.spec.quantiles.size() + 1;
    }
    // History is as long for each on average; looking exactly would cost a pass over a table that may be large.
    const std::size_t others = tables_.history.rows() + (tables_.actual != nullptr ? tables_.actual->rows() : 0);
    const std::size_t share = index_.size() == 0 ? 0 : others / index_.size();

    std::vector<std::uint32_t> ordered(index_.size());
    std::iota(ordered.begin(), ordered.end(), 0u);
    if (!tables_.spec.keys.empty()) {
      std::sort(ordered.begin(), ordered.end(),
                [&](std::uint32_t a, std::uint32_t b) { return names_less(index_.names(a), index_.names(b)); });
    }
    const std::vector<std::uint32_t> chosen = chosen_of(ordered);
    place_.assign(index_.size(), kNoSeries);
    std::size_t numbers = 0;
    const auto take = [&](std::uint32_t one) {
      if (place_[one] != kNoSeries) return;
      place_[one] = static_cast<std::uint32_t>(result_.fans.size());
      result_.fans.push_back({.names = index_.names(one)});
      numbers += size[one] + share;
    };
    for (const std::uint32_t one : chosen) take(one);
    result_.chosen = chosen.size();
    for (const std::uint32_t one : ordered) {
      if (place_[one] != kNoSeries) continue;
      if (numbers + size[one] + share > budget) break;
      take(one);
    }
  }

  // The rows of the picked series, by place in result_.fans.
  std::vector<std::vector<std::uint32_t>> rows_by_fan(const std::vector<std::uint32_t>& series,
                                                      const std::vector<double>& time) const {
    std::vector<std::vector<std::uint32_t>> rows(result_.fans.size());
    for (std::uint32_t row = 0; row < series.size(); ++row) {
      if (series[row] >= place_.size() || std::isnan(time[row])) continue;
      if (place_[series[row]] != kNoSeries) rows[place_[series[row]]].push_back(row);
    }
    return rows;
  }

  Status read_forecast(const std::vector<std::uint32_t>& series, const std::vector<double>& time) {
    std::vector<double> step;
    if (!tables_.spec.step.empty()) {
      SCORIA_TRY(found, numbers(tables_.forecast, tables_.spec.step, "forecast"));
      step = std::move(found);
    }
    std::vector<std::vector<double>> quantiles;
    for (const Quantile& quantile : tables_.spec.quantiles) {
      SCORIA_TRY(found, numbers(tables_.forecast, quantile.column, "forecast"));
      quantiles.push_back(std::move(found));
    }
    std::vector<std::vector<std::uint32_t>> rows = rows_by_fan(series, time);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      order_by_time(rows[i], time, step);
      Fan& fan = result_.fans[i];
      fan.quantiles.resize(quantiles.size());
      for (const std::uint32_t row : rows[i]) {
        fan.time.push_back(time[row]);
        for (std::size_t q = 0; q < quantiles.size(); ++q) fan.quantiles[q].push_back(quantiles[q][row]);
      }
    }
    return Ok{};
  }

  Status read_values(const Table& table, std::string_view what, std::vector<double> Fan::*time_of,
                     std::vector<double> Fan::*value_of) {
    SCORIA_TRY(series, index_.number(table, what));
    SCORIA_TRY(time, times(table, tables_.spec.time, what));
    SCORIA_TRY(value, numbers(table, tables_.spec.value, what));
    if (time.kind != result_.kind && table.rows() > 0 && tables_.forecast.rows() > 0) {
      return Error{Code::invalid, "column '" + tables_.spec.time + "' holds dates in one of the tables forecast and " +
                                      std::string(what) + " and numbers in the other"};
    }
    std::vector<std::vector<std::uint32_t>> rows = rows_by_fan(series, time.values);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      order_by_time(rows[i], time.values, {});
      Fan& fan = result_.fans[i];
      for (const std::uint32_t row : rows[i]) {
        (fan.*time_of).push_back(time.values[row]);
        (fan.*value_of).push_back(value[row]);
      }
    }
    return Ok{};
  }

  void note_what_is_missing() {
    const std::string& time = tables_.spec.time;
    if (result_.series == 0) {
      result_.notes.push_back(
          "The forecast has no rows, so there is nothing to draw. Does the plan's filter keep the " + time +
          " to forecast, and do the inputs hold it?");
      return;
    }
    if (result_.chosen == 0) {
      result_.notes.push_back(
          "No series of the forecast has the key values that were asked for. It has, for example: " + index_.title(0) +
          ".");
    }
    const auto drawn_end = result_.fans.begin() + static_cast<std::ptrdiff_t>(result_.chosen);
    const auto without =
        std::count_if(result_.fans.begin(), drawn_end, [](const Fan& fan) { return fan.history.empty(); });
    if (without > 0) {
      result_.notes.push_back("Series shown without history: " + std::to_string(without) +
                              ". They are not in the history table, or their keys are written in another way there.");
    }
  }

  const FanTables& tables_;
  const SeriesChoice& choice_;
  SeriesIndex index_;
  std::vector<std::uint32_t> place_;  // of a series in result_.fans
  Fans result_;
};

}  // namespace

Result<Fans> collect_fans(const FanTables& tables, const SeriesChoice& choice, std::size_t budget) {
  return Collector(tables, choice).collect(budget);
}

Window recent_window(const Fan& fan) {
  constexpr double kHistories = 2;
  Window all{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const std::vector<double>* times : {&fan.history_time, &fan.time, &fan.actual_time}) {
    if (times->empty()) continue;
    all.low = std::min(all.low, times->front());
    all.high = std::max(all.high, times->back());
  }
  if (fan.time.size() < 2) return all;
  const double count = static_cast<double>(fan.time.size());
  const double length = (fan.time.back() - fan.time.front()) * count / (count - 1);
  return {std::max(all.low, fan.time.front() - kHistories * length), all.high};
}

}  // namespace scoria::report
