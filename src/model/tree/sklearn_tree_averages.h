// Answers of scikit-learn's trees and forests: what one tree says, or the mean of what many say.
// Source: predict(), predict_proba() and apply() of sklearn.tree and sklearn.ensemble, 0.19 to 1.9, with n_jobs=1: trees are added in
// their order, then divided by how many they are.
// Threads: immutable after construction; predict() may run concurrently.
// Ownership: owns its trees.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/class_columns.h"
#include "model/features.h"
#include "model/pipeline/class_labels.h"
#include "model/pipeline/numbers.h"
#include "model/pipeline/step.h"
#include "model/tree/sums.h"

namespace scoria::model::tree {

class SklearnTreeAverages final : public pipeline::Predictor {
 public:
  struct Parts {
    std::string class_name;
    bool is_forest = false;  // else one tree, which is not divided by anything
    pipeline::Accept accept;
    std::vector<pipeline::ClassLabels> labels;  // of each output; none in a regression
    std::uint32_t outputs = 1;
    // Where a leaf says more than one number: those of all outputs, which leaves name by number. A classification has the classes of
    // the first output, then of the next; one tree has behind them, for each output, the position of the class that it predicts.
    std::vector<double> vectors;
    std::uint32_t width = 0;  // of a vector; 0: leaves are numbers
  };

  // Preconditions: Sums::sum_vectors()'s, where width is not 0; the ensemble keeps positions.
  SklearnTreeAverages(Sums sums, Parts parts);

  std::size_t best_rows() const override { return kRowsOfTrees; }
  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  Result<NumberColumns> average(const FeatureMatrix& x, KernelChoice kernels, Executor& executor) const;
  void add_predictions(const NumberColumns& means, table::Table& out) const;
  void add_probabilities(const std::string& type, const NumberColumns& means, table::Table& out) const;

  Sums sums_;
  Parts parts_;
};

// Adds the columns of type "apply": the leaf that each tree leads to, by its number in scikit-learn's tree; `is_forest`: apply:0, ....
Status add_leaf_numbers(const Sums& sums, const FeatureMatrix& x, bool is_forest, Executor& executor,
                        table::Table& out);

}  // namespace scoria::model::tree
