#include "report/evaluation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "report/series.h"
#include "report/tally.h"

namespace scoria::report {
namespace {

using table::Table;

// A value of a series at a time, for looking up and for taking the last few.
struct Entry {
  std::uint32_t series;
  double time;
  double value;

  bool is_before(std::uint32_t other_series, double other_time) const {
    return series != other_series ? series < other_series : time < other_time;
  }
};

class Entries {
 public:
  static Result<Entries> read(const Table& table, const ForecastSpec& spec, SeriesIndex& index, TimeKind kind,
                              std::string_view what) {
    Entries result;
    SCORIA_TRY(series, index.number(table, what));
    SCORIA_TRY(time, times(table, spec.time, what));
    SCORIA_TRY(value, numbers(table, spec.value, what));
    bool has_time = false;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      if (series[row] == kNoSeries || std::isnan(time.values[row])) continue;
      has_time = true;
      result.entries_.push_back({series[row], time.values[row], value[row]});
    }
    if (has_time && time.kind != kind) {
      return Error{Code::invalid, "column '" + spec.time + "' holds dates in one of the tables forecast and " +
                                      std::string(what) + " and numbers in the other"};
    }
    const auto by_place = [](const Entry& a, const Entry& b) { return a.is_before(b.series, b.time); };
    if (!std::is_sorted(result.entries_.begin(), result.entries_.end(), by_place)) {
      std::sort(result.entries_.begin(), result.entries_.end(), by_place);
    }
    for (std::size_t i = 1; i < result.entries_.size(); ++i) {
      const Entry& entry = result.entries_[i];
      if (result.entries_[i - 1].series != entry.series || result.entries_[i - 1].time != entry.time) continue;
      return Error{Code::invalid, "the " + std::string(what) + " table has two rows for " + index.title(entry.series) +
                                      ", " + spec.time + " " + time_text(kind, entry.time) +
                                      "; are all key columns named?"};
    }
    return result;
  }

  // The first entry of `series` at `time` or later.
  std::vector<Entry>::const_iterator from(std::uint32_t series, double time) const {
    return std::lower_bound(entries_.begin(), entries_.end(), time,
                            [series](const Entry& entry, double at) { return entry.is_before(series, at); });
  }
  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

struct ForecastRows {
  std::vector<std::uint32_t> series;
  Times time;
  std::vector<double> step;
  std::vector<std::vector<double>> quantiles;

  bool is_complete(std::size_t row) const {
    return series[row] != kNoSeries && !std::isnan(time.values[row]) && !std::isnan(step[row]) &&
           std::none_of(quantiles.begin(), quantiles.end(),
                        [row](const std::vector<double>& values) { return std::isnan(values[row]); });
  }
};

// The place of each time among the distinct ones, from 1.
std::vector<double> steps_from(const std::vector<double>& time) {
  std::vector<double> distinct;
  std::copy_if(time.begin(), time.end(), std::back_inserter(distinct), [](double t) { return !std::isnan(t); });
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<double> steps;
  for (const double t : time) {
    const auto place = std::lower_bound(distinct.begin(), distinct.end(), t) - distinct.begin();
    steps.push_back(std::isnan(t) ? kUndefined : static_cast<double>(place + 1));
  }
  return steps;
}

Status refuse_repeats(const ForecastRows& rows, const ForecastSpec& spec, const SeriesIndex& index) {
  std::vector<std::uint32_t> order(rows.series.size());
  std::iota(order.begin(), order.end(), 0u);
  std::erase_if(order, [&](std::uint32_t row) {
    return rows.series[row] == kNoSeries || std::isnan(rows.time.values[row]) || std::isnan(rows.step[row]);
  });
  const auto place = [&](std::uint32_t row) {
    return std::tuple(rows.series[row], rows.time.values[row], rows.step[row]);
  };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return place(a) < place(b); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (place(order[i - 1]) != place(order[i])) continue;
    return Error{Code::invalid, "the forecast table has two rows for " + index.title(rows.series[order[i]]) + ", " +
                                    spec.time + " " + time_text(rows.time.kind, rows.time.values[order[i]]) +
                                    "; are all key columns and the step column named?"};
  }
  return Ok{};
}

Result<ForecastRows> read_forecast(const Table& forecast, const ForecastSpec& spec, SeriesIndex& index) {
  SCORIA_TRY(series, index.number(forecast, "forecast"));
  SCORIA_TRY(time, times(forecast, spec.time, "forecast"));
  ForecastRows rows{.series = std::move(series), .time = std::move(time)};
  if (spec.step.empty()) {
    rows.step = steps_from(rows.time.values);
  } else {
    SCORIA_TRY(step, numbers(forecast, spec.step, "forecast"));
    rows.step = std::move(step);
  }
  for (const Quantile& quantile : spec.quantiles) {
    SCORIA_TRY(values, numbers(forecast, quantile.column, "forecast"));
    rows.quantiles.push_back(std::move(values));
  }
  SCORIA_TRY_STATUS(refuse_repeats(rows, spec, index));
  return rows;
}

// The first time that the forecast has for each series.
std::vector<double> origins(const ForecastRows& rows, std::size_t series) {
  std::vector<double> origin(series, std::numeric_limits<double>::infinity());
  for (std::size_t row = 0; row < rows.series.size(); ++row) {
    if (rows.series[row] == kNoSeries || std::isnan(rows.time.values[row])) continue;
    origin[rows.series[row]] = std::min(origin[rows.series[row]], rows.time.values[row]);
  }
  return origin;
}

std::vector<std::optional<NaiveForecasts>> naive_forecasts(const Entries& history, const std::vector<double>& origin) {
  constexpr std::size_t kRecent = 4;
  std::vector<std::optional<NaiveForecasts>> naive(origin.size());
  for (std::uint32_t series = 0; series < origin.size(); ++series) {
    std::vector<double> known;
    const auto end = history.from(series, origin[series]);
    for (auto at = history.from(series, -std::numeric_limits<double>::infinity()); at != end; ++at) {
      if (!std::isnan(at->value)) known.push_back(at->value);
    }
    if (known.empty()) continue;
    const auto mean_of_last = [&](std::size_t count) {
      const long double sum = std::accumulate(known.end() - static_cast<std::ptrdiff_t>(count), known.end(), 0.0L);
      return static_cast<double>(sum / static_cast<long double>(count));
    };
    naive[series] = {known.back(), mean_of_last(std::min(kRecent, known.size())), mean_of_last(known.size())};
  }
  return naive;
}

}  // namespace

std::string_view naive_name(std::size_t naive) {
  constexpr std::array<std::string_view, kNaives> kNames = {"last value", "mean of last 4", "mean of all"};
  return kNames.at(naive);
}

Result<Evaluation> evaluate(const Table& forecast, const Table& actual, const Table& history,
                            const ForecastSpec& spec) {
  SCORIA_TRY_STATUS(check(spec));
  SeriesIndex index(spec.keys);
  SCORIA_TRY(rows, read_forecast(forecast, spec, index));
  const std::size_t forecast_series = index.size();
  SCORIA_TRY(truth, Entries::read(actual, spec, index, rows.time.kind, "actual"));
  std::vector<std::optional<NaiveForecasts>> naive(forecast_series);
  if (history.columns() > 0) {
    SCORIA_TRY(known, Entries::read(history, spec, index, rows.time.kind, "history"));
    naive = naive_forecasts(known, origins(rows, forecast_series));
  }

  Tally overall(spec.quantiles);
  std::map<double, Tally> by_step;
  std::vector<double> values(spec.quantiles.size());
  std::vector<char> used(static_cast<std::size_t>(truth.end() - truth.begin()), 0);
  for (std::size_t row = 0; row < forecast.rows(); ++row) {
    Tally* step = nullptr;
    if (!std::isnan(rows.step[row])) step = &by_step.try_emplace(rows.step[row], spec.quantiles).first->second;
    const auto each = [&](auto&&... arguments) {
      overall.add(arguments...);
      if (step != nullptr) step->add(arguments...);
    };
    if (!rows.is_complete(row)) {
      each(Tally::Outcome::incomplete);
      continue;
    }
    const auto found = truth.from(rows.series[row], rows.time.values[row]);
    const bool is_there =
        found != truth.end() && found->series == rows.series[row] && found->time == rows.time.values[row];
    if (is_there) used[static_cast<std::size_t>(found - truth.begin())] = 1;
    if (!is_there || std::isnan(found->value)) {
      each(Tally::Outcome::without_actual);
      continue;
    }
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = rows.quantiles[i][row];
    const std::optional<NaiveForecasts>& guess = naive[rows.series[row]];
    each(found->value, std::span<const double>(values), guess ? &*guess : nullptr);
  }

  Evaluation evaluation{.overall = overall.score()};
  for (const auto& [step, tally] : by_step) {
    evaluation.steps.push_back(tally.score());
    evaluation.steps.back().step = step;
  }
  for (auto at = truth.begin(); at != truth.end(); ++at) {
    const bool was_used = used[static_cast<std::size_t>(at - truth.begin())] != 0;
    evaluation.unused_actuals += !was_used && !std::isnan(at->value);
  }
  return evaluation;
}

}  // namespace scoria::report
