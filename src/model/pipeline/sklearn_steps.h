// The estimators of scikit-learn that Scoria reads, one line each, and the way from a pickled object to a Step or a Model.
// Threads: free functions.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/loaders.h"
#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::pipeline {

struct StepLoader {
  std::string_view
      class_name;  // as imported today, whatever the version that wrote the file: "sklearn.svm.OneClassSVM"
  std::string_view description;  // "one-class support vector machine"
  // `depth`: of the object within others, for load_step().
  Result<Step> (*load)(const pickle::Object& object, int depth);
};

// docs/models.md describes each.
std::span<const StepLoader> step_loaders();

// A step within another one, which is at `depth` - 1; `what` names it in messages: "step 'scale'".
// Errors: unsupported, naming the class; corrupt, naming class and attribute; too_large, where steps are nested too deep.
Result<Step> load_step(const pickle::Value& value, const std::string& what, int depth);

// The whole of a file. Errors: as load_step().
Result<ModelPtr> load_sklearn(const pickle::Value& value);

// The columns that an estimator was fitted on: feature_names_in_, else x0, x1, ... Fills step.inputs and step.has_names.
// Errors: corrupt, where the file says that there are other than `count`.
Status set_inputs(const pickle::Object& object, std::size_t count, Step& step);

}  // namespace scoria::model::pipeline
