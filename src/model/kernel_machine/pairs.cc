#include "model/kernel_machine/pairs.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace scoria::model::kernel_machine {
namespace {

// Platt's sigmoid, by the branch that does not overflow.
double platt(double value, double a, double b) {
  const double x = value * a + b;
  return x >= 0 ? std::exp(-x) / (1.0 + std::exp(-x)) : 1.0 / (1 + std::exp(x));
}

// Probabilities p of classes from those of pairs: r[i][j] is that of i, given i or j. Minimises p'Qp under sum(p) = 1 by fixing one
// class after the other; it stops early, so every step and its order shows in the answer.
class Coupling {
 public:
  explicit Coupling(std::size_t classes)
      : classes_(classes), r_(classes * classes), q_(classes * classes), qp_(classes) {}

  double& pair(std::size_t i, std::size_t j) { return r_[i * classes_ + j]; }

  void solve(std::span<double> p) {
    make_q();
    std::fill(p.begin(), p.end(), 1.0 / static_cast<double>(classes_));
    const double enough = 0.005 / static_cast<double>(classes_);
    const std::size_t most_rounds = std::max<std::size_t>(100, classes_);
    for (std::size_t round = 0; round < most_rounds; ++round) {
      double pqp = products(p);
      double largest = 0;
      for (const double x : qp_) largest = std::max(largest, std::fabs(x - pqp));
      if (largest < enough) return;
      for (std::size_t t = 0; t < classes_; ++t) {
        const double own = q_[t * classes_ + t];
        const double step = (-qp_[t] + pqp) / own;
        p[t] += step;
        pqp = (pqp + step * (step * own + 2 * qp_[t])) / (1 + step) / (1 + step);
        for (std::size_t j = 0; j < classes_; ++j) {
          qp_[j] = (qp_[j] + step * q_[t * classes_ + j]) / (1 + step);
          p[j] /= 1 + step;
        }
      }
    }
  }

 private:
  void make_q() {
    for (std::size_t t = 0; t < classes_; ++t) {
      double own = 0;
      for (std::size_t j = 0; j < classes_; ++j) {
        if (j == t) continue;
        own += pair(j, t) * pair(j, t);
        q_[t * classes_ + j] = j < t ? q_[j * classes_ + t] : -pair(j, t) * pair(t, j);
      }
      q_[t * classes_ + t] = own;
    }
  }

  // Fills qp_ with Qp and gives p'Qp.
  double products(std::span<const double> p) {
    double pqp = 0;
    for (std::size_t t = 0; t < classes_; ++t) {
      qp_[t] = 0;
      for (std::size_t j = 0; j < classes_; ++j) qp_[t] += q_[t * classes_ + j] * p[j];
      pqp += p[t] * qp_[t];
    }
    return pqp;
  }

  std::size_t classes_;
  std::vector<double> r_;
  std::vector<double> q_;
  std::vector<double> qp_;
};

}  // namespace

std::uint32_t voted_class(std::size_t classes, const double* values, std::size_t stride) {
  if (classes == 2) return values[0] > 0 ? 0 : 1;
  std::vector<std::uint32_t> votes(classes, 0);
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j, values += stride) ++votes[*values > 0 ? i : j];
  }
  return static_cast<std::uint32_t>(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

void one_against_rest(std::size_t classes, const double* values, std::size_t stride, double* out,
                      std::size_t out_stride) {
  std::vector<double> votes(classes, 0);
  std::vector<double> confidences(classes, 0);
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j, values += stride) {
      confidences[i] += *values;
      confidences[j] -= *values;
      votes[*values < 0 ? j : i] += 1;
    }
  }
  for (std::size_t k = 0; k < classes; ++k) {
    out[k * out_stride] = votes[k] + confidences[k] / (3 * (std::fabs(confidences[k]) + 1));
  }
}

void class_probabilities(std::size_t classes, const double* values, std::size_t stride, std::span<const double> prob_a,
                         std::span<const double> prob_b, TwoClasses two, std::span<double> out) {
  constexpr double kLeast = 1e-7;
  Coupling coupling(classes);
  std::size_t p = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j, ++p) {
      const double first = std::min(std::max(platt(values[p * stride], prob_a[p], prob_b[p]), kLeast), 1 - kLeast);
      coupling.pair(i, j) = first;
      coupling.pair(j, i) = 1 - first;
    }
  }
  if (classes == 2 && two == TwoClasses::directly) {
    out[0] = coupling.pair(0, 1);
    out[1] = coupling.pair(1, 0);
    return;
  }
  coupling.solve(out);
}

}  // namespace scoria::model::kernel_machine
