#include "report/tally.h"

#include <algorithm>
#include <cmath>

namespace scoria::report {
namespace {

double ratio(long double above, long double below) {
  return below == 0 ? kUndefined : static_cast<double>(above / below);
}

double share(std::size_t part, std::size_t all) {
  return ratio(static_cast<long double>(part), static_cast<long double>(all));
}

}  // namespace

void PointTally::add(double actual, double forecast) {
  const double error = actual - forecast;
  ++rows_;
  absolute_ += std::abs(error);
  squared_ += static_cast<long double>(error) * error;
  actual_ += std::abs(actual);
  if (actual == 0) {
    ++zero_actuals_;
  } else {
    relative_ += std::abs(error) / std::abs(actual);
  }
}

PointScore PointTally::score() const {
  const auto rows = static_cast<long double>(rows_);
  return {.rows = rows_,
          .zero_actuals = zero_actuals_,
          .pinball = ratio(absolute_ / 2, rows),
          .mape = ratio(relative_, static_cast<long double>(rows_ - zero_actuals_)),
          .wape = ratio(absolute_, actual_),
          .rmse = std::sqrt(ratio(squared_, rows))};
}

Tally::Tally(const std::vector<Quantile>& quantiles)
    : quantiles_(quantiles),
      bands_(central_bands(quantiles)),
      median_(median_of(quantiles)),
      quantile_sums_(quantiles.size()),
      band_sums_(bands_.size()) {}

void Tally::add(Outcome outcome) { ++(outcome == Outcome::incomplete ? incomplete_ : without_actual_); }

void Tally::add(double actual, std::span<const double> forecast, const NaiveForecasts* naive) {
  ++scored_;
  for (std::size_t i = 0; i < quantiles_.size(); ++i) {
    const double tau = quantiles_[i].level;
    const double error = actual - forecast[i];
    quantile_sums_[i].pinball += std::max(tau * error, (tau - 1) * error);
    quantile_sums_[i].at_or_below += actual <= forecast[i];
  }
  for (std::size_t i = 0; i < bands_.size(); ++i) {
    const double lower = forecast[bands_[i].lower];
    const double upper = forecast[bands_[i].upper];
    band_sums_[i].inside += lower <= actual && actual <= upper;
    band_sums_[i].width += static_cast<long double>(upper) - lower;
  }
  crossed_ += !std::is_sorted(forecast.begin(), forecast.end());
  if (!median_) return;
  point_.add(actual, forecast[*median_]);
  if (naive == nullptr) return;
  compared_.add(actual, forecast[*median_]);
  for (std::size_t i = 0; i < kNaives; ++i) naive_[i].add(actual, (*naive)[i]);
}

Score Tally::score() const {
  Score score;
  score.forecasts = scored_ + without_actual_ + incomplete_;
  score.scored = scored_;
  score.without_actual = without_actual_;
  score.incomplete = incomplete_;
  const auto rows = static_cast<long double>(scored_);
  long double pinball = 0;
  for (std::size_t i = 0; i < quantiles_.size(); ++i) {
    pinball += quantile_sums_[i].pinball;
    score.quantiles.push_back({.quantile = quantiles_[i],
                               .pinball = ratio(quantile_sums_[i].pinball, rows),
                               .at_or_below = share(quantile_sums_[i].at_or_below, scored_)});
  }
  score.mean_pinball = ratio(pinball, rows * static_cast<long double>(quantiles_.size()));
  for (std::size_t i = 0; i < bands_.size(); ++i) {
    score.bands.push_back({.band = bands_[i],
                           .coverage = share(band_sums_[i].inside, scored_),
                           .width = ratio(band_sums_[i].width, rows)});
  }
  score.crossing = share(crossed_, scored_);
  score.median = point_.score();
  score.compared = compared_.score();
  for (std::size_t i = 0; i < kNaives; ++i) {
    score.naive[i] = naive_[i].score();
    if (score.compared.rows == 0) continue;
    if (!score.best_naive || score.naive[i].pinball < score.naive[*score.best_naive].pinball) score.best_naive = i;
  }
  if (score.best_naive) {
    const double best = score.naive[*score.best_naive].pinball;
    score.skill = best == 0 ? kUndefined : 1 - score.compared.pinball / best;
  }
  return score;
}

}  // namespace scoria::report
