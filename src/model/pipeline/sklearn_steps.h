// The estimators of scikit-learn that Scoria reads, one line each, and the way from a pickled object to a Step or a Model.
// Threads: free functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
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
  Result<Step> (*load)(const pickle::Object& object, Loading& loading);
};

// docs/models.md describes each.
std::span<const StepLoader> step_loaders();

// One file on its way to a model. Estimators may share parts, and parts of parts, so that a small file stands for exponentially
// many: each is loaded once, and how many the whole stands for is bounded.
// Threads: one user at a time. Borrows: the file's values.
class Loading {
 public:
  // An estimator of the file, or one within another; `what` names it in messages: "step 'scale'".
  // Errors: unsupported, naming the class; corrupt, naming class and attribute; too_large, where steps are nested too deep or stand
  // for too many.
  Result<Step> step(const pickle::Value& value, const std::string& what);

 private:
  struct Loaded {
    Step step;
    std::size_t parts = 1;  // it, and all within it as often as they are used
  };

  int depth_ = 0;
  std::size_t parts_ = 0;  // within the estimator that is being loaded
  std::unordered_map<const pickle::Value*, Loaded> loaded_;
};

// The whole of a file. Errors: as Loading::step().
Result<ModelPtr> load_sklearn(const pickle::Value& value);

// The columns that an estimator was fitted on: feature_names_in_, else x0, x1, ... Fills step.inputs and step.has_names.
// Errors: corrupt, where the file says that there are other than `count`.
Status set_inputs(const pickle::Object& object, std::size_t count, Step& step);

}  // namespace scoria::model::pipeline
