// Sums over scored rows, and the scores they make. The measures are defined in report/evaluation.h.
// Threads: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "report/evaluation.h"

namespace scoria::report {

class PointTally {
 public:
  void add(double actual, double forecast);
  PointScore score() const;

 private:
  std::size_t rows_ = 0;
  std::size_t zero_actuals_ = 0;
  long double absolute_ = 0;  // long double, as R's own sum() and mean()
  long double relative_ = 0;
  long double squared_ = 0;
  long double actual_ = 0;
};

using NaiveForecasts = std::array<double, kNaives>;

class Tally {
 public:
  explicit Tally(const std::vector<Quantile>& quantiles);

  enum class Outcome { without_actual, incomplete };
  void add(Outcome outcome);
  // `forecast` has one value per quantile.
  void add(double actual, std::span<const double> forecast, const NaiveForecasts* naive);
  Score score() const;

 private:
  struct QuantileSums {
    long double pinball = 0;
    std::size_t at_or_below = 0;
  };
  struct BandSums {
    std::size_t inside = 0;
    long double width = 0;
  };
  std::vector<Quantile> quantiles_;
  std::vector<Band> bands_;
  std::optional<std::size_t> median_;
  std::size_t scored_ = 0;
  std::size_t without_actual_ = 0;
  std::size_t incomplete_ = 0;
  std::size_t crossed_ = 0;
  std::vector<QuantileSums> quantile_sums_;
  std::vector<BandSums> band_sums_;
  PointTally point_;
  PointTally compared_;
  std::array<PointTally, kNaives> naive_;
};

}  // namespace scoria::report
