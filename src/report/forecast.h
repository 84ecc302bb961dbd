// What the columns of a forecast mean: series keys, time, step, quantiles, and the column of what really happened.
//
//   forecast: keys..., time, step, q5 .. q95     one row per series, time and step
//   history:  keys..., time, value, ...          what was known when the forecast was made
//   actual:   keys..., time, value, ...          what came true since
//
// Threads: plain values and pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/table.h"

namespace scoria::report {

// A column of the forecast that holds the quantile of `level`, above 0 and below 1.
struct Quantile {
  double level;
  std::string column;
};

struct ForecastSpec {
  std::vector<std::string> keys;  // name a series: {"sku", "store"}; none: the table is one series
  std::string time;               // "week": a number, or ISO-8601 dates as text
  std::string step;               // how many times ahead; empty: counted from the forecast's distinct times, first = 1
  std::string value;              // "sales": in history and actual
  std::vector<Quantile> quantiles;  // ascending by level; quantile_columns() finds them
};

// The columns named q and a number, ascending by level: q5 is 0.05, q2.5 is 0.025. Numbers are percent, unless every one of
// them is below 1 (q0.05, q0.5, q0.95). Of two columns with one level the first counts.
std::vector<Quantile> quantile_columns(const table::Table& forecast);

// Two quantiles whose levels add up to 1, as positions in the list of quantiles; nominal is the share they should hold.
struct Band {
  std::size_t lower;
  std::size_t upper;
  double nominal;
};

// Widest first.
std::vector<Band> central_bands(const std::vector<Quantile>& quantiles);
std::optional<std::size_t> median_of(const std::vector<Quantile>& quantiles);

// "q5": the level as percent after a q, whatever the column is called.
std::string quantile_name(double level);

// Errors: invalid, naming what is wrong: no time, value or quantile; levels outside 0 to 1 or not ascending.
Status check(const ForecastSpec& spec);

}  // namespace scoria::report
