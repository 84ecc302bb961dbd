// Random forests as R's randomForest answers: means or votes of trees over the rows that have all values.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: each owns its trees.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/features.h"
#include "model/model.h"
#include "model/tree/sums.h"

namespace scoria::model::tree {

// What both kinds of forest share: features, trees, and which rows can be answered.
class RandomForest : public Model {
 protected:
  // `refuses_missing`: a row with a missing value is an error (fitted with x and y), not a row without an answer.
  RandomForest(Description description, Sums sums, bool refuses_missing);

  struct Rows {
    FeatureMatrix complete;                // the rows that have all values
    std::vector<std::uint32_t> positions;  // of those rows in the input
  };

  // Errors: invalid, naming row and column: a missing value where none is taken, an infinity, what bind_features() refuses.
  Result<Rows> complete_rows(const table::Table& table, std::size_t first_row) const;

  double trees() const { return sums_.ensemble().trees(); }

  // Adds the types that ask for every tree, "individual" and "nodes", where `types` has them.
  void add_each_tree(const std::vector<std::string>& types, const Rows& rows, Executor& executor,
                     table::Table& out) const;

  // The answers of complete rows put in their places; the others are missing.
  static table::ColumnPtr spread(std::vector<double> values, const std::vector<std::uint32_t>& positions,
                                 std::size_t rows);

  Sums sums_;

 private:
  std::string missing_column(const FeatureMatrix& matrix, std::size_t row) const;
  table::ColumnPtr leaf_column(const std::string& type, std::uint32_t tree, const std::vector<std::uint32_t>& leaves,
                               const std::vector<std::uint32_t>& positions, std::size_t rows) const;

  bool refuses_missing_;
  std::vector<Feature> used_;
  std::vector<Feature> only_required_;
};

class RegressionForest final : public RandomForest {
 public:
  // `correction`: intercept and slope of corr.bias, or empty.
  RegressionForest(Description description, Sums sums, bool refuses_missing, std::vector<double> correction)
      : RandomForest(std::move(description), std::move(sums), refuses_missing), correction_(std::move(correction)) {}

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  std::vector<double> correction_;
};

class ClassificationForest final : public RandomForest {
 public:
  ClassificationForest(Description description, Sums sums, bool refuses_missing, std::vector<double> cutoff)
      : RandomForest(std::move(description), std::move(sums), refuses_missing), cutoff_(std::move(cutoff)) {}

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  using Votes = std::vector<std::vector<double>>;  // by class, then row
  Result<std::vector<double>> requested_cutoff(const Request& request) const;
  table::ColumnPtr winners(const Votes& votes, const std::vector<double>& cutoff,
                           const std::vector<std::uint32_t>& positions, std::size_t rows,
                           std::vector<std::string>& notes) const;

  std::vector<double> cutoff_;
};

}  // namespace scoria::model::tree
