// Quadratic discriminants as scikit-learn computes them: each class's distance along its own axes.
// Threads: immutable; predict() may run concurrently. Ownership: owns its numbers.
#pragma once

#include <string>
#include <vector>

#include "model/linear/affine.h"
#include "model/pipeline/class_labels.h"
#include "model/pipeline/step.h"

namespace scoria::model::discriminant {

struct ClassAxes {
  std::vector<double> mean;
  linear::Affine axes;  // of the centered row; each axis divided by its standard deviation, without shifts
  double start = 0;     // score = start - squared length / 2
};

// Types predict, proba, log_proba, decision: the scores, or of two classes the second less the first.
class QuadraticScores final : public pipeline::Predictor {
 public:
  // `keeps_logs`: logarithms of probabilities come from the scores and are finite; else they are those of probabilities, which may be 0.
  // Preconditions: one element of `classes` for each label; all have the same number of inputs.
  QuadraticScores(std::vector<ClassAxes> classes, pipeline::ClassLabels labels, bool keeps_logs,
                  std::string class_name);

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  void add_scores(const FeatureMatrix& x, std::size_t first, std::size_t count, NumberColumns& scores) const;

  std::vector<ClassAxes> classes_;
  pipeline::ClassLabels labels_;
  bool keeps_logs_;
  std::string class_name_;
};

}  // namespace scoria::model::discriminant
