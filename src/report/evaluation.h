// How good a quantile forecast was, once the actual values are known: per step and overall, beside naive forecasts.
//
// Which rows count. A forecast row is *incomplete* when a key, the time, the step or a quantile is missing (NA, NaN or
// infinite); otherwise it is *without actual* when no row of `actual` with its keys and time holds a value; otherwise it is
// *scored*. Every mean below is over the scored rows; the three counts add up to `forecasts`. An incomplete row whose step is
// known counts under that step, else only overall.
//
// With y an actual value, q the forecast of the quantile of level tau, and m the median (level 0.5):
//   pinball        mean of max(tau (y - q), (tau - 1) (y - q)), in units of the value. Koenker & Bassett, Regression
//                  Quantiles, Econometrica 46 (1978); proper for quantiles: Gneiting & Raftery, Strictly Proper Scoring
//                  Rules, Prediction, and Estimation, JASA 102 (2007), section 6.
//   mean pinball   mean of pinball over the quantiles that the forecast has
//   at_or_below    share of rows with y <= q; a calibrated forecast has tau
//   coverage       share of rows with lower <= y <= upper, of two quantiles whose levels add up to 1 (0.05 and 0.95: 90 %)
//   width          mean of upper - lower
//   crossing       share of rows where a quantile is below one of a lower level
//   MAE, RMSE      mean |y - m|, root of mean (y - m)^2. The pinball of the median is MAE / 2.
//   MAPE           mean of |y - m| / |y| over the rows with y != 0; the others are counted in zero_actuals
//   WAPE           sum |y - m| / sum |y|
//
// Naive forecasts, each made for a whole series as of its origin, which is the first time that the forecast has for the series:
// the *last* known value, the mean of the last *four* known, the mean of *all* known. Known are the values of `history` before
// the origin, missing ones left out; with fewer than four, all of them. Rows of a series without any are not *compared*.
//   skill          1 - ours / best, of the pinball at the median over the compared rows, best = the naive forecast with the
//                  lowest one (chosen in hindsight, step by step: a hard opponent). 1 is perfect, 0 no better than naive.
//
// What is not defined (no rows, division by zero, no median) is NaN here, null in JSON and "-" in text.
// Shares are 0 to 1. Threads: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "report/forecast.h"
#include "table/table.h"

namespace scoria::report {

inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

struct QuantileScore {
  Quantile quantile;
  double pinball = kUndefined;
  double at_or_below = kUndefined;
};

struct BandScore {
  Band band;
  double coverage = kUndefined;
  double width = kUndefined;
};

// A point forecast: our median, or a naive one.
struct PointScore {
  std::size_t rows = 0;
  std::size_t zero_actuals = 0;
  double pinball = kUndefined;  // at the median: MAE / 2
  double mape = kUndefined;
  double wape = kUndefined;
  double rmse = kUndefined;
};

inline constexpr std::size_t kNaives = 3;
// "last value", "mean of last 4", "mean of all".
std::string_view naive_name(std::size_t naive);

struct Score {
  std::optional<double> step;  // none: overall
  std::size_t forecasts = 0;
  std::size_t scored = 0;
  std::size_t without_actual = 0;
  std::size_t incomplete = 0;

  std::vector<QuantileScore> quantiles;
  double mean_pinball = kUndefined;
  std::vector<BandScore> bands;  // widest first
  double crossing = kUndefined;
  PointScore median;

  PointScore compared;  // our median over the rows that have naive forecasts
  std::array<PointScore, kNaives> naive;
  std::optional<std::size_t> best_naive;
  double skill = kUndefined;
};

struct Evaluation {
  std::vector<Score> steps;  // ascending
  Score overall;
  std::size_t unused_actuals = 0;  // values of `actual` that nothing was forecast for
};

// `history` may be a table without columns: then nothing is compared with naive forecasts.
// Errors: invalid, naming table, column or row: a column that is missing or text; dates in one table and numbers in another;
// two rows with the same keys and time (and step, for the forecast); a specification that check() refuses.
Result<Evaluation> evaluate(const table::Table& forecast, const table::Table& actual, const table::Table& history,
                            const ForecastSpec& spec);

// A table for the terminal, one line per step and one for all, with the notes it needs. Ends with a line end.
std::string evaluation_text(const Evaluation& evaluation);

// One object with the fields above, named as above.
std::string evaluation_json(const Evaluation& evaluation);

}  // namespace scoria::report
