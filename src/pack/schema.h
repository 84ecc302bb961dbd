// What ready models have in common besides their numbers: classes, names of columns, labels. A pack keeps each once.
// Threads: plain values and free functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/kernel_machine/svm.h"
#include "model/linear/linear_predictor.h"
#include "model/pipeline/pipeline.h"

namespace scoria::pack {

// Which of the model library's predictors answers.
enum class PredictorKind : std::uint8_t { svm, linear_regressor, linear_classifier, linear_one_class };

struct Schema {
  model::Description description;  // as it was before the steps filled it: family, title, package, classes, details
  std::vector<model::pipeline::Step>
      steps;                             // class_name, inputs and has_names of each; neither transformer nor predictor
  std::vector<std::string> class_names;  // for messages, of each step
  PredictorKind predictor = PredictorKind::svm;
  std::optional<model::pipeline::ClassLabels> labels;
  model::kernel_machine::SvmTask task = model::kernel_machine::SvmTask::regression;  // svm
  bool one_against_rest = true;                                                      // svm
  bool breaks_ties = false;                                                          // svm
  model::linear::Inverse inverse = model::linear::Inverse::identity;                 // linear_regressor
  model::linear::Probability probability = model::linear::Probability::none;         // linear_classifier
};

// nullopt where something in it is no text that JSON could keep.
std::optional<std::string> to_json(const Schema& schema);
// Errors: corrupt, saying what is wrong.
Result<Schema> read_schema(std::string_view json);

}  // namespace scoria::pack
