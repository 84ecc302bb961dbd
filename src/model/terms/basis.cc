#include "model/terms/basis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "base/na.h"
#include "expr/arithmetic.h"
#include "model/terms/householder.h"

namespace scoria::model::terms {

Polynomial Polynomial::raw(std::size_t degree) {
  Polynomial polynomial;
  polynomial.degree_ = degree;
  return polynomial;
}

Result<Polynomial> Polynomial::orthogonal(std::size_t degree, std::vector<double> alpha, std::vector<double> norm2) {
  const auto is_bad = [](double x) { return !std::isfinite(x); };
  const bool fits = alpha.size() >= degree && norm2.size() >= degree + 2;
  if (!fits || std::any_of(alpha.begin(), alpha.end(), is_bad) || std::any_of(norm2.begin(), norm2.end(), is_bad) ||
      std::any_of(norm2.begin(), norm2.end(), [](double x) { return x <= 0; })) {
    return Error{Code::corrupt, "poly() of degree " + std::to_string(degree) +
                                    " needs coefs with as many finite alpha and " + std::to_string(degree + 2) +
                                    " norm2 above 0"};
  }
  Polynomial polynomial;
  polynomial.degree_ = degree;
  polynomial.alpha_ = std::move(alpha);
  polynomial.norm2_ = std::move(norm2);
  return polynomial;
}

void Polynomial::row(double x, std::span<double> out) const {
  if (alpha_.empty()) {
    for (std::size_t k = 0; k < degree_; ++k) out[k] = expr::r_power(x, static_cast<double>(k + 1));
    return;
  }
  double before = 1;
  double now = x - alpha_[0];
  for (std::size_t k = 0; k < degree_; ++k) {
    out[k] = now / std::sqrt(norm2_[k + 2]);
    if (k + 1 == degree_) break;
    const double next = (x - alpha_[k + 1]) * now - norm2_[k + 2] / norm2_[k + 1] * before;
    before = now;
    now = next;
  }
}

Result<Spline> Spline::make(Shape shape) {
  if (shape.degree < 1 || shape.degree > kMaxDegree)
    return Error{Code::corrupt, "a spline's degree must be 1 to " + std::to_string(kMaxDegree)};
  if (shape.knots.size() > kMaxKnots)
    return Error{Code::too_large, "a spline has " + std::to_string(shape.knots.size()) + " knots, may have " +
                                      std::to_string(kMaxKnots)};
  if (shape.lower > shape.upper) std::swap(shape.lower, shape.upper);
  const bool is_finite = std::isfinite(shape.lower) && std::isfinite(shape.upper) && shape.lower < shape.upper;
  const bool is_within = std::all_of(shape.knots.begin(), shape.knots.end(),
                                     [&](double knot) { return knot >= shape.lower && knot <= shape.upper; });
  if (!is_finite || !is_within)
    return Error{Code::corrupt, "a spline's knots must be numbers within two different Boundary.knots"};
  Spline spline;
  spline.degree_ = shape.is_natural ? 3 : shape.degree;
  spline.lower_ = shape.lower;
  spline.upper_ = shape.upper;
  spline.knots_ = std::move(shape.knots);
  for (std::size_t i = 0; i <= spline.degree_; ++i) {
    spline.knots_.push_back(shape.lower);
    spline.knots_.push_back(shape.upper);
  }
  std::sort(spline.knots_.begin(), spline.knots_.end());
  spline.dropped_ = shape.has_intercept ? 0 : 1;
  const std::size_t kept = spline.basis_size() - spline.dropped_;
  spline.columns_ = kept;
  if (shape.is_natural) {
    // The basis functions that have no curvature at the boundary: Q' b without its first two elements.
    std::vector<double> constraints;
    for (const double boundary : {shape.lower, shape.upper}) {
      const std::vector<double> second = spline.derivative(boundary, 2);
      constraints.insert(constraints.end(), second.begin() + static_cast<std::ptrdiff_t>(spline.dropped_),
                         second.end());
    }
    const Householder qr(std::move(constraints), kept, 2);
    spline.columns_ = kept - 2;
    spline.transform_.resize(kept * spline.columns_);
    std::vector<double> unit(kept);
    for (std::size_t i = 0; i < kept; ++i) {
      std::fill(unit.begin(), unit.end(), 0.0);
      unit[i] = 1;
      qr.multiply_transposed(unit);
      std::copy(unit.begin() + 2, unit.end(),
                spline.transform_.begin() + static_cast<std::ptrdiff_t>(i * spline.columns_));
    }
    spline.below_ = spline.side(shape.lower, 1);
    spline.above_ = spline.side(shape.upper, 1);
  } else {
    // bs() continues the outermost polynomials, expanded a quarter into their interval as R does, where they are tame.
    constexpr double kInto = 0.25;
    const double first = spline.knots_[spline.degree_ + 1];
    const double last = spline.knots_[spline.knots_.size() - spline.degree_ - 2];
    spline.below_ = spline.side((1 - kInto) * shape.lower + kInto * first, spline.degree_);
    spline.above_ = spline.side((1 - kInto) * shape.upper + kInto * last, spline.degree_);
  }
  return spline;
}

// The last interval that is not empty holds the upper boundary too.
std::size_t Spline::interval(double x) const {
  const auto first = knots_.begin() + static_cast<std::ptrdiff_t>(degree_);
  const auto last = knots_.end() - static_cast<std::ptrdiff_t>(degree_) - 1;
  const auto found = x >= upper_ ? std::lower_bound(first, last, upper_) : std::upper_bound(first, last, x);
  return static_cast<std::size_t>(found - knots_.begin()) - 1;
}

void Spline::values(double x, std::span<double> out) const {
  const std::size_t at = interval(x);
  out[0] = 1;
  for (std::size_t k = 1; k <= degree_; ++k) {
    double carried = 0;
    for (std::size_t r = 0; r < k; ++r) {
      const double right = knots_[at + r + 1];
      const double left = knots_[at + r + 1 - k];
      const double share = out[r] / (right - left);
      out[r] = carried + (right - x) * share;
      carried = (x - left) * share;
    }
    out[k] = carried;
  }
}

std::vector<double> Spline::derivative(double x, std::size_t times) const {
  std::vector<double> all(knots_.size() - 1, 0.0);
  if (times > degree_) {
    all.resize(basis_size());
    return all;
  }
  // B-splines of a lower order at x, then one difference for each derivative.
  const std::size_t at = interval(x);
  const std::size_t low = degree_ - times;
  all[at] = 1;
  for (std::size_t k = 1; k <= low; ++k) {
    for (std::size_t i = 0; i + k + 1 < knots_.size(); ++i) {
      const double left = knots_[i + k] - knots_[i];
      const double right = knots_[i + k + 1] - knots_[i + 1];
      all[i] = (left > 0 ? (x - knots_[i]) / left * all[i] : 0) +
               (right > 0 ? (knots_[i + k + 1] - x) / right * all[i + 1] : 0);
    }
  }
  for (std::size_t k = low + 1; k <= degree_; ++k) {
    for (std::size_t i = 0; i + k + 1 < knots_.size(); ++i) {
      const double left = knots_[i + k] - knots_[i];
      const double right = knots_[i + k + 1] - knots_[i + 1];
      all[i] = static_cast<double>(k) * ((left > 0 ? all[i] / left : 0) - (right > 0 ? all[i + 1] / right : 0));
    }
  }
  all.resize(basis_size());
  return all;
}

std::vector<double> Spline::transformed(const std::vector<double>& basis) const {
  if (transform_.empty()) return {basis.begin() + static_cast<std::ptrdiff_t>(dropped_), basis.end()};
  std::vector<double> out(columns_, 0.0);
  for (std::size_t i = dropped_; i < basis.size(); ++i) {
    const double* row = &transform_[(i - dropped_) * columns_];
    for (std::size_t j = 0; j < columns_; ++j) out[j] += basis[i] * row[j];
  }
  return out;
}

Spline::Side Spline::side(double pivot, std::size_t degree) const {
  Side side{.pivot = pivot, .powers = {}};
  double factorial = 1;
  for (std::size_t k = 0; k <= degree; ++k) {
    if (k > 1) factorial *= static_cast<double>(k);
    std::vector<double> basis = derivative(pivot, k);
    for (double& value : basis) value /= factorial;
    side.powers.push_back(transformed(basis));
  }
  return side;
}

void Spline::row(double x, std::span<double> out) const {
  if (std::isnan(x)) {
    std::fill(out.begin(), out.end(), na_real());
    return;
  }
  if (x < lower_ || x > upper_) {
    const Side& side = x < lower_ ? below_ : above_;
    std::copy(side.powers[0].begin(), side.powers[0].end(), out.begin());
    for (std::size_t k = 1; k < side.powers.size(); ++k) {
      const double power = expr::r_power(x - side.pivot, static_cast<double>(k));
      for (std::size_t j = 0; j < columns_; ++j) out[j] += power * side.powers[k][j];
    }
    return;
  }
  std::array<double, kMaxDegree + 1> nonzero;
  values(x, nonzero);
  const std::size_t first = interval(x) - degree_;
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t r = 0; r <= degree_; ++r) {
    if (first + r < dropped_) continue;
    const std::size_t i = first + r - dropped_;
    if (transform_.empty()) {
      out[i] = nonzero[r];
      continue;
    }
    const double* row = &transform_[i * columns_];
    for (std::size_t j = 0; j < columns_; ++j) out[j] += nonzero[r] * row[j];
  }
}

}  // namespace scoria::model::terms
