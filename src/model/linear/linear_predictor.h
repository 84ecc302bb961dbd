// Predictors that are weighted sums of columns: regressions and classifiers of scikit-learn's.
// Threads: immutable; predict() may run concurrently. Ownership: each owns its numbers.
#pragma once

#include <cstdint>
#include <string>

#include "model/linear/affine.h"
#include "model/pipeline/class_labels.h"
#include "model/pipeline/step.h"

namespace scoria::model::linear {

// What is predicted of a sum.
enum class Inverse : std::uint8_t { identity, exponential };

// Type predict: the sums, or exp of them; predict:0, predict:1, ... where there are several.
class LinearRegressor final : public pipeline::Predictor {
 public:
  // `class_name` is for messages.
  LinearRegressor(Affine sums, Inverse inverse, std::string class_name)
      : sums_(std::move(sums)), inverse_(inverse), class_name_(std::move(class_name)) {}

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

  const Affine& sums() const { return sums_; }
  Inverse inverse() const { return inverse_; }
  const std::string& class_name() const { return class_name_; }

 private:
  Affine sums_;
  Inverse inverse_;
  std::string class_name_;
};

// What probabilities are made of sums.
enum class Probability : std::uint8_t {
  none,
  sigmoid,         // of each sum, over their total; of a single sum, it and what it lacks to 1
  even_sigmoid,    // the same, and where all are 0 they are equal
  softmax,         // of a single sum d: of -d and d
  modified_huber,  // (1 + the sum, held to -1 and 1) / 2, over their total; where all are 0 they are equal
};

// What log_proba is of a probability of 0.
enum class LogOfZero : std::uint8_t {
  infinite,
  finite,  // of the smallest normal number instead
};

// Types predict, decision, and proba and log_proba where there are probabilities.
class LinearClassifier final : public pipeline::Predictor {
 public:
  // Precondition: a sum for each label, or one where there are two labels.
  LinearClassifier(Affine sums, Probability probability, pipeline::ClassLabels labels, std::string class_name,
                   LogOfZero zero = LogOfZero::infinite);

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

  const Affine& sums() const { return sums_; }
  Probability probability() const { return probability_; }
  const pipeline::ClassLabels& labels() const { return labels_; }
  const std::string& class_name() const { return class_name_; }

 private:
  Affine sums_;
  Probability probability_;
  pipeline::ClassLabels labels_;
  std::string class_name_;
  LogOfZero zero_;
};

// Types predict (1 inside, -1 outside), decision (below 0 outside), score (decision before it is shifted).
class LinearOneClass final : public pipeline::Predictor {
 public:
  // Precondition: one sum, without a shift.
  LinearOneClass(Affine sums, double offset, std::string class_name)
      : sums_(std::move(sums)), offset_(offset), class_name_(std::move(class_name)) {}

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

  const Affine& sums() const { return sums_; }
  double offset() const { return offset_; }
  const std::string& class_name() const { return class_name_; }

 private:
  Affine sums_;
  double offset_;
  std::string class_name_;
};

}  // namespace scoria::model::linear
