// Centers of clusters as a step of a pipeline: the nearest one, and distances from all.
// Threads: immutable; const members may run concurrently. Ownership: owns its numbers.
#pragma once

#include <string>
#include <vector>

#include "model/linear/affine.h"
#include "model/pipeline/step.h"

namespace scoria::model::distance {

// As a transformer, the distances. As a predictor, types: predict (the number of the nearest center, from 0), distance.
class Centers final : public pipeline::Transformer, public pipeline::Predictor {
 public:
  // `centers` are `inputs` numbers each; `class_name` is for messages. Precondition: at least one center.
  Centers(std::size_t inputs, std::vector<double> centers, std::string class_name);

  // kmeans0, kmeans1, ...
  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  std::size_t count() const { return nearness_.outputs; }
  NumberColumns distances(const FeatureMatrix& x, Executor& executor) const;
  std::vector<std::int32_t> nearest(const FeatureMatrix& x, Executor& executor) const;

  std::vector<double> centers_;
  // x * c - |c|^2 / 2, which is largest for the nearest. scikit-learn compares |c|^2 - 2 x * c, so that rows which are as far from one
  // as from another center, but for rounding, mostly round as its do.
  linear::Affine nearness_;
  std::string class_name_;
};

}  // namespace scoria::model::distance
