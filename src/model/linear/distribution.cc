#include "model/linear/distribution.h"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numbers>

namespace scoria::model::linear {
namespace {

namespace bm = boost::math;

// Edges are answered before Boost sees them; should one slip through it comes back as NaN or Inf, never as an exception.
using Quiet = bm::policies::policy<bm::policies::domain_error<bm::policies::ignore_error>,
                                   bm::policies::pole_error<bm::policies::ignore_error>,
                                   bm::policies::overflow_error<bm::policies::ignore_error>,
                                   bm::policies::evaluation_error<bm::policies::ignore_error>>;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double pnorm(double x) {
  if (std::isnan(x)) return x;
  // In 80 bits, as x / sqrt(2) rounded to a double would cost x * x ulps in the tail.
  return static_cast<double>(0.5L * std::erfc(-static_cast<long double>(x) / std::numbers::sqrt2_v<long double>));
}

double dnorm(double x) {
  if (std::isnan(x)) return x;
  const auto wide = static_cast<long double>(x);
  return static_cast<double>(std::exp(-0.5L * wide * wide) * std::numbers::inv_sqrtpi_v<long double> /
                             std::numbers::sqrt2_v<long double>);
}

double pcauchy(double x) {
  if (std::isnan(x)) return x;
  if (std::fabs(x) <= 1) return 0.5 + std::atan(x) / std::numbers::pi;
  const double tail = std::atan(1 / x) / std::numbers::pi;  // keeps its digits where 0.5 + atan(x) / pi would cancel
  return x > 0 ? 1 - tail : -tail;
}

double dcauchy(double x) {
  if (std::isnan(x)) return x;
  return 1 / (std::numbers::pi * (1 + x * x));
}

double qt(double p, double df) {
  if (std::isnan(p) || std::isnan(df) || p < 0 || p > 1) return kNaN;
  if (p == 0) return -kInf;
  if (p == 1) return kInf;
  if (df <= 0) return kNaN;
  if (std::isinf(df)) return bm::quantile(bm::normal_distribution<double, Quiet>(), p);
  return bm::quantile(bm::students_t_distribution<double, Quiet>(df), p);
}

}  // namespace scoria::model::linear
