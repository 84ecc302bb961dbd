// Quadratic discriminant analysis as MASS's predict.qda answers.
// Source: Ripley, Pattern Recognition and Neural Networks (1996), ch. 2.4; MASS 7.3-58 by its behaviour.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its numbers.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/design.h"
#include "model/discriminant/groups.h"
#include "model/model.h"

namespace scoria::model::discriminant {

class QuadraticDiscriminant final : public Model {
 public:
  // For each group a matrix that makes its covariance the unit matrix, variables in rows, and the logarithm of that covariance's
  // determinant. Precondition: all fit the groups and the design.
  QuadraticDiscriminant(Description description, Design design, Groups groups, std::vector<RMatrix> scaling,
                        std::vector<double> log_determinants);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  // The squared distance of each of the block's rows from a group's mean, in that group's own metric.
  std::vector<double> squares(std::size_t group, const DesignBlock& block) const;

  Design design_;
  Groups groups_;
  std::vector<RMatrix> scaling_;
  std::vector<double> log_determinants_;
};

// The derivative of log(gamma(x)) for x above 0; NaN elsewhere, also where R's digamma() has a value: a group that is too small for one
// argument is so for 0, the pole.
double digamma(double x);

}  // namespace scoria::model::discriminant
