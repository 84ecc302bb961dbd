#include "model/pipeline/sklearn_steps.h"

#include <algorithm>

#include "model/kernel_machine/sklearn_svm.h"
#include "model/pipeline/pipeline.h"
#include "model/pipeline/sklearn_pipeline.h"
#include "model/preprocess/sklearn_scaler.h"
#include "pickle/summary.h"

namespace scoria::model::pipeline {
namespace {

constexpr StepLoader kLoaders[] = {
    {"sklearn.pipeline.Pipeline", "steps one after the other", load_pipeline},
    {"sklearn.model_selection.GridSearchCV", "the best estimator of a search", load_search},
    {"sklearn.model_selection.RandomizedSearchCV", "the best estimator of a search", load_search},
    {"sklearn.model_selection.HalvingGridSearchCV", "the best estimator of a search", load_search},
    {"sklearn.model_selection.HalvingRandomSearchCV", "the best estimator of a search", load_search},
    // preprocess
    {"sklearn.preprocessing.StandardScaler", "centers and scales columns", preprocess::load_standard_scaler},
    {"sklearn.preprocessing.MinMaxScaler", "scales columns to a range", preprocess::load_min_max_scaler},
    {"sklearn.preprocessing.RobustScaler", "scales columns by quantiles", preprocess::load_robust_scaler},
    {"sklearn.preprocessing.MaxAbsScaler", "scales columns by their largest value", preprocess::load_max_abs_scaler},
    // kernel_machine
    {"sklearn.svm.OneClassSVM", "one-class support vector machine", kernel_machine::load_one_class_svm},
    {"sklearn.svm.SVC", "support vector machine that classifies", kernel_machine::load_svc},
    {"sklearn.svm.NuSVC", "support vector machine that classifies", kernel_machine::load_svc},
    {"sklearn.svm.SVR", "support vector machine for regression", kernel_machine::load_svr},
    {"sklearn.svm.NuSVR", "support vector machine for regression", kernel_machine::load_svr},
};

constexpr int kMostDepth = 16;

const StepLoader* find_loader(std::string_view class_name) {
  const auto* found = std::find_if(std::begin(kLoaders), std::end(kLoaders),
                                   [&](const StepLoader& loader) { return loader.class_name == class_name; });
  return found == std::end(kLoaders) ? nullptr : found;
}

std::string short_name(std::string_view class_name) {
  return std::string(class_name.substr(class_name.rfind('.') + 1));
}

Error not_read(const std::string& class_name, const std::string& what) {
  std::string names;
  for (const StepLoader& loader : kLoaders) names += (names.empty() ? "" : ", ") + short_name(loader.class_name);
  return Error{Code::unsupported, what + " is " + class_name + ", which is not read; estimators that are: " + names};
}

std::string title_of(const std::vector<Step>& steps) {
  if (steps.size() == 1) return steps.front().class_name;
  std::string names;
  for (const Step& step : steps) names += (names.empty() ? "" : ", ") + step.class_name;
  return "Pipeline(" + names + ")";
}

}  // namespace

std::span<const StepLoader> step_loaders() { return kLoaders; }

Result<Step> load_step(const pickle::Value& value, const std::string& what, int depth) {
  if (depth > kMostDepth) {
    return Error{Code::too_large, what + " is nested deeper than " + std::to_string(kMostDepth) + " estimators"};
  }
  SCORIA_TRY(object, pickle::Object::of(value, what));
  const StepLoader* loader = find_loader(object.name());
  if (loader == nullptr) return not_read(object.name(), what);
  SCORIA_TRY(step, loader->load(object, depth));
  if (step.class_name.empty()) step.class_name = short_name(loader->class_name);
  return step;
}

Result<ModelPtr> load_sklearn(const pickle::Value& value) {
  SCORIA_TRY(object, pickle::Object::of(value, "the file's object"));
  std::vector<Step> steps;
  if (object.name() == "sklearn.pipeline.Pipeline") {
    SCORIA_TRY(loaded, load_pipeline_steps(object, 0));
    steps = std::move(loaded);
  } else {
    SCORIA_TRY(step, load_step(value, "the file's object", 0));
    steps.push_back(std::move(step));
  }
  Description description;
  description.family = steps.back().class_name;
  description.title = title_of(steps);
  description.package = "scikit-learn";
  description.classes = {object.name()};
  if (const std::string version = pickle::sklearn_version(value); !version.empty()) {
    description.details.emplace_back("written by", "scikit-learn " + version);
  }
  return ModelPtr(std::make_shared<Pipeline>(std::move(description), std::move(steps)));
}

Status set_inputs(const pickle::Object& object, std::size_t count, Step& step) {
  std::vector<std::string> names;
  if (object.find("feature_names_in_") != nullptr) {
    SCORIA_TRY(kept, object.strings("feature_names_in_"));
    if (kept.size() != count) {
      return object.corrupt("feature_names_in_",
                            "has " + std::to_string(kept.size()) + " names, must have " + std::to_string(count));
    }
    names = std::move(kept);
  } else if (object.find("n_features_in_") != nullptr) {
    SCORIA_TRY(features, object.integer("n_features_in_"));
    if (features < 0 || static_cast<std::uint64_t>(features) != count) {
      return object.corrupt("n_features_in_", "is " + std::to_string(features) + ", must be " + std::to_string(count));
    }
  }
  step.has_names = !names.empty();
  step.inputs.clear();
  for (std::size_t i = 0; i < count; ++i) {
    step.inputs.push_back({.feature = {.name = step.has_names ? names[i] : "x" + std::to_string(i)}});
  }
  return Ok{};
}

}  // namespace scoria::model::pipeline
