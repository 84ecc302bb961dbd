// scikit-learn's IsolationForest: how soon random splits set a row apart. Few splits mean an outlier.
// Source: Liu, Ting, Zhou, Isolation Forest (ICDM 2008), and sklearn.ensemble.IsolationForest 0.19 to 1.9, whose versions differ in the
// path length of small leaves, in what they compare with and in which cells they take: each file is answered as its version did.
// Threads: immutable after construction; predict() may run concurrently.
// Ownership: owns its trees.
#pragma once

#include <string>
#include <vector>

#include "model/pipeline/numbers.h"
#include "model/pipeline/step.h"
#include "model/tree/sums.h"
#include "pickle/object.h"

namespace scoria::model::tree {

class SklearnIsolationForest final : public pipeline::Predictor {
 public:
  struct Parts {
    pipeline::Accept accept;
    double path_length = 0;             // of a tree of as many rows as one was fitted on
    bool divides_mean = false;          // until 0.20: the mean depth is taken first
    bool has_score = true;              // score_samples(), since 0.20
    double offset = 0;                  // decision = score - offset
    double threshold = 0;               // outliers are below it
    bool threshold_is_outlier = false;  // and at it: 0.19
    double alone = 0.5;                 // 2^-x where path_length is 0
  };

  // A leaf's value: how long its path is, counted as scikit-learn counts.
  SklearnIsolationForest(Sums sums, Parts parts);

  std::size_t best_rows() const override { return kRowsOfTrees; }
  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  Sums sums_;
  Parts parts_;
};

// Errors: corrupt, naming class and attribute: features that are not there, trees that disagree, what read_sklearn_tree() finds.
Result<pipeline::Step> load_sklearn_isolation_forest(const pickle::Object& object, pipeline::Loading& loading);

}  // namespace scoria::model::tree
