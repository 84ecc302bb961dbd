// scikit-learn's answers of support vector machines: classes, decision values and probabilities; a regression's value; a one-class
// machine's flag and score.
// Threads: immutable after construction; predict() may run concurrently. Ownership: owns its machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/kernel_machine/stored_machine.h"
#include "model/pipeline/class_labels.h"
#include "model/pipeline/step.h"

namespace scoria::model::kernel_machine {

enum class SvmTask : std::uint8_t { classification, regression, one_class };

struct SvmRules {
  SvmTask task = SvmTask::regression;
  std::string class_name;                       // "NuSVC", for messages
  std::optional<pipeline::ClassLabels> labels;  // classification
  bool one_against_rest = true;                 // decision values of three and more classes: by class; else by pair
  bool breaks_ties = false;                     // then, the class is that of the largest of them
  double offset = 0;                            // one_class: score = decision + offset
};

class Svm final : public pipeline::Predictor {
 public:
  // Preconditions: check() was passed; a classification has labels, as many as the machine has classes.
  Svm(StoredMachine machine, SvmRules rules) : machine_(std::move(machine)), rules_(std::move(rules)) {}

  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

  const StoredMachine& machine() const { return machine_; }
  const SvmRules& rules() const { return rules_; }

 private:
  bool decides_by_class() const;
  NumberColumns by_class(const NumberColumns& values) const;
  Result<table::ColumnPtr> classes(const FeatureMatrix& rows, const NumberColumns& values) const;
  NumberColumns probabilities(const NumberColumns& values, bool logarithm) const;
  void add_decisions(NumberColumns values, table::Table& out) const;
  table::ColumnPtr flags(const NumberColumns& values) const;

  StoredMachine machine_;
  SvmRules rules_;
};

}  // namespace scoria::model::kernel_machine
