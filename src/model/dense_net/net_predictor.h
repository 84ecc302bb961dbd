// Nets of full layers as the last step of a pipeline.
// Threads: immutable; predict() may run concurrently. Ownership: each owns its net.
#pragma once

#include <string>

#include "model/dense_net/layers.h"
#include "model/pipeline/class_labels.h"
#include "model/pipeline/step.h"

namespace scoria::model::dense_net {

// Type predict: predict:0, predict:1, ... where there are several outputs.
class NetRegressor final : public pipeline::Predictor {
 public:
  // `class_name` is for messages.
  NetRegressor(Layers net, std::string class_name) : net_(std::move(net)), class_name_(std::move(class_name)) {}

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  Layers net_;
  std::string class_name_;
};

// Types predict, proba, log_proba. A single output is the probability of the second class, which is predicted above 1/2.
class NetClassifier final : public pipeline::Predictor {
 public:
  // Precondition: an output for each label, or one where there are two labels.
  NetClassifier(Layers net, pipeline::ClassLabels labels, std::string class_name);

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  Layers net_;
  pipeline::ClassLabels labels_;
  std::string class_name_;
};

}  // namespace scoria::model::dense_net
