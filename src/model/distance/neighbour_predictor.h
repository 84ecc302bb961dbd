// Predictors that ask the nearest kept rows.
// Threads: immutable; predict() may run concurrently. Ownership: each owns its rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/class_columns.h"
#include "model/distance/neighbours.h"
#include "model/pipeline/class_labels.h"
#include "model/pipeline/step.h"

namespace scoria::model::distance {

// What a neighbour's word weighs.
enum class Weight : std::uint8_t {
  equal,
  one_over_distance,  // where some are at distance 0, these alone count
};

// Type predict: the mean of what the neighbours have; predict:0, predict:1, ... where there are several outputs.
class NeighbourRegressor final : public pipeline::Predictor {
 public:
  // Precondition: each of `targets` has a number for each kept row. `class_name` is for messages.
  NeighbourRegressor(Neighbours rows, Weight weight, NumberColumns targets, std::string class_name);

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  Neighbours rows_;
  Weight weight_;
  NumberColumns targets_;
  std::string class_name_;
};

// Types predict (of equally probable classes the first), proba.
class NeighbourClassifier final : public pipeline::Predictor {
 public:
  // Precondition: `classes` has the position of a label for each kept row.
  NeighbourClassifier(Neighbours rows, Weight weight, std::vector<std::uint32_t> classes, pipeline::ClassLabels labels,
                      std::string class_name);

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  Neighbours rows_;
  Weight weight_;
  std::vector<std::uint32_t> classes_;
  pipeline::ClassLabels labels_;
  std::string class_name_;
};

}  // namespace scoria::model::distance
