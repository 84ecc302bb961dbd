#include "model/pipeline/sklearn_steps.h"

#include <algorithm>

#include "model/linear/sklearn_linear.h"
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
    // linear
    {"sklearn.linear_model.LinearRegression", "least squares", linear::load_linear_regressor},
    {"sklearn.linear_model.Ridge", "least squares, coefficients kept small", linear::load_linear_regressor},
    {"sklearn.linear_model.RidgeCV", "Ridge, how small by cross-validation", linear::load_linear_regressor},
    {"sklearn.linear_model.Lasso", "least squares, few coefficients", linear::load_linear_regressor},
    {"sklearn.linear_model.LassoCV", "Lasso, how few by cross-validation", linear::load_linear_regressor},
    {"sklearn.linear_model.ElasticNet", "least squares, few and small coefficients", linear::load_linear_regressor},
    {"sklearn.linear_model.ElasticNetCV", "ElasticNet, how few by cross-validation", linear::load_linear_regressor},
    {"sklearn.linear_model.MultiTaskLasso", "Lasso of several outputs", linear::load_linear_regressor},
    {"sklearn.linear_model.MultiTaskLassoCV", "MultiTaskLasso by cross-validation", linear::load_linear_regressor},
    {"sklearn.linear_model.MultiTaskElasticNet", "ElasticNet of several outputs", linear::load_linear_regressor},
    {"sklearn.linear_model.MultiTaskElasticNetCV", "MultiTaskElasticNet by cross-validation",
     linear::load_linear_regressor},
    {"sklearn.linear_model.Lars", "least angle regression", linear::load_linear_regressor},
    {"sklearn.linear_model.LarsCV", "Lars by cross-validation", linear::load_linear_regressor},
    {"sklearn.linear_model.LassoLars", "Lasso by least angles", linear::load_linear_regressor},
    {"sklearn.linear_model.LassoLarsCV", "LassoLars by cross-validation", linear::load_linear_regressor},
    {"sklearn.linear_model.LassoLarsIC", "LassoLars by an information criterion", linear::load_linear_regressor},
    {"sklearn.linear_model.OrthogonalMatchingPursuit", "least squares of a few columns", linear::load_linear_regressor},
    {"sklearn.linear_model.OrthogonalMatchingPursuitCV", "OrthogonalMatchingPursuit by cross-validation",
     linear::load_linear_regressor},
    {"sklearn.linear_model.BayesianRidge", "Bayesian ridge regression, its mean", linear::load_linear_regressor},
    {"sklearn.linear_model.ARDRegression", "Bayesian regression of relevant columns, its mean",
     linear::load_linear_regressor},
    {"sklearn.linear_model.HuberRegressor", "regression that outliers do not sway", linear::load_linear_regressor},
    {"sklearn.linear_model.TheilSenRegressor", "median of least squares", linear::load_linear_regressor},
    {"sklearn.linear_model.QuantileRegressor", "regression of a quantile", linear::load_linear_regressor},
    {"sklearn.linear_model.RANSACRegressor", "a regression of the rows that agree", linear::load_ransac_regressor},
    {"sklearn.linear_model.PoissonRegressor", "Poisson regression, log link", linear::load_log_regressor},
    {"sklearn.linear_model.GammaRegressor", "gamma regression, log link", linear::load_log_regressor},
    {"sklearn.linear_model.TweedieRegressor", "Tweedie regression", linear::load_tweedie_regressor},
    {"sklearn.linear_model.SGDRegressor", "regression by gradient descent", linear::load_linear_regressor},
    {"sklearn.linear_model.PassiveAggressiveRegressor", "regression, row by row", linear::load_linear_regressor},
    {"sklearn.svm.LinearSVR", "linear support vector regression", linear::load_linear_regressor},
    {"sklearn.linear_model.LogisticRegression", "logistic regression", linear::load_logistic_regression},
    {"sklearn.linear_model.LogisticRegressionCV", "LogisticRegression by cross-validation",
     linear::load_logistic_regression},
    {"sklearn.linear_model.SGDClassifier", "classifier by gradient descent", linear::load_sgd_classifier},
    {"sklearn.linear_model.Perceptron", "perceptron", linear::load_linear_classifier},
    {"sklearn.linear_model.PassiveAggressiveClassifier", "classifier, row by row", linear::load_linear_classifier},
    {"sklearn.linear_model.RidgeClassifier", "classes by ridge regression", linear::load_ridge_classifier},
    {"sklearn.linear_model.RidgeClassifierCV", "RidgeClassifier by cross-validation", linear::load_ridge_classifier},
    {"sklearn.svm.LinearSVC", "linear support vector classifier", linear::load_linear_classifier},
    {"sklearn.linear_model.SGDOneClassSVM", "one-class machine by gradient descent", linear::load_sgd_one_class},
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
