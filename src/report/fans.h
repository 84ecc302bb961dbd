// Picks series out of the tables for drawing: history, quantiles and actual values, in order of time.
// Threads: plain values and pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "report/forecast.h"
#include "report/series.h"
#include "table/table.h"

namespace scoria::report {

// Which series to show: the values of keys, as text: {{"sku", {"1", "2"}}, {"store", {"8"}}}. A key that is not named takes its
// first value, the first key its first four; numbers are in order of size.
struct SeriesChoice {
  std::vector<std::pair<std::string, std::vector<std::string>>> values;
};

struct Fan {
  std::vector<std::string> names;  // the values of the keys
  std::vector<double> history_time;
  std::vector<double> history;  // NaN where missing
  std::vector<double> time;
  std::vector<std::vector<double>> quantiles;  // [quantile][time]
  std::vector<double> actual_time;
  std::vector<double> actual;
};

struct Fans {
  TimeKind kind = TimeKind::number;
  std::vector<Fan> fans;  // the chosen ones first, then as many as the budget allows, by the later keys, then the first
  std::size_t chosen = 0;          // how many of them were chosen
  std::size_t series = 0;          // how many the forecast has
  std::vector<std::string> notes;  // for people: what is not there, and what to do
};

struct FanTables {
  const ForecastSpec& spec;
  const table::Table& forecast;
  const table::Table& history;  // without columns: none
  const table::Table* actual;   // nullptr: none
};

// At most 24 series are chosen; others come along until `budget` numbers are there. Where a forecast has a series and time at
// several steps, the lowest step is drawn.
// Errors: invalid, naming a column that is missing or text, a key of the choice that is none, dates beside numbers.
Result<Fans> collect_fans(const FanTables& tables, const SeriesChoice& choice, std::size_t budget);

// The times that a chart of this fan shows: the forecast and twice as much history before it, so that the fan can be seen.
struct Window {
  double low;
  double high;
};
Window recent_window(const Fan& fan);

}  // namespace scoria::report
