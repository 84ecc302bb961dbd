// Classifiers whose classes each have a sum of logarithms: scikit-learn's naive Bayes, quadratic discriminants.
// Threads: immutable; predict() may run concurrently. Ownership: each owns its numbers.
#pragma once

#include <memory>
#include <string>

#include "model/class_columns.h"
#include "model/features.h"
#include "model/pipeline/class_labels.h"
#include "model/pipeline/step.h"

namespace scoria::model::bayes {

// What a class's logarithm is made of.
class ClassLogs {
 public:
  virtual ~ClassLogs() = default;

  // logs[k][row], up to a constant of the row, for rows [first, first + count).
  virtual void add(const FeatureMatrix& x, std::size_t first, std::size_t count, NumberColumns& logs) const = 0;
};

// Types predict, proba, log_proba.
class LogClassifier final : public pipeline::Predictor {
 public:
  // `class_name` is for messages.
  LogClassifier(std::unique_ptr<const ClassLogs> logs, pipeline::ClassLabels labels, std::string class_name)
      : logs_(std::move(logs)), labels_(std::move(labels)), class_name_(std::move(class_name)) {}

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  std::unique_ptr<const ClassLogs> logs_;
  pipeline::ClassLabels labels_;
  std::string class_name_;
};

}  // namespace scoria::model::bayes
