#include "model/pipeline/sklearn_steps.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "model/bayes/sklearn_naive_bayes.h"
#include "model/dense_net/sklearn_mlp.h"
#include "model/distance/sklearn_kmeans.h"
#include "model/kernel_machine/sklearn_svm.h"
#include "model/linear/sklearn_linear.h"
#include "model/pipeline/pipeline.h"
#include "model/pipeline/sklearn_pipeline.h"
#include "model/preprocess/normalizer.h"
#include "model/preprocess/sklearn_columns.h"
#include "model/preprocess/sklearn_encoder.h"
#include "model/preprocess/sklearn_function.h"
#include "model/preprocess/sklearn_imputer.h"
#include "model/preprocess/sklearn_scaler.h"
#include "model/projection/sklearn_pca.h"
#include "model/tree/sklearn_hist_gradient_boosting.h"
#include "pickle/summary.h"

namespace scoria::model::pipeline {
namespace {

constexpr StepLoader kLoaders[] = {
    {"sklearn.pipeline.Pipeline", "steps one after the other", load_pipeline},
    {"sklearn.model_selection.GridSearchCV", "the best estimator of a search", load_search},
    {"sklearn.model_selection.RandomizedSearchCV", "the best estimator of a search", load_search},
    {"sklearn.model_selection.HalvingGridSearchCV", "the best estimator of a search", load_search},
    {"sklearn.model_selection.HalvingRandomSearchCV", "the best estimator of a search", load_search},
    // projection, distance
    {"sklearn.decomposition.PCA", "principal components", projection::load_pca},
    {"sklearn.decomposition.IncrementalPCA", "principal components, learnt in parts", projection::load_pca},
    {"sklearn.decomposition.TruncatedSVD", "singular vectors", projection::load_truncated_svd},
    {"sklearn.cluster.KMeans", "the nearest of a few centers", distance::load_kmeans},
    {"sklearn.cluster.MiniBatchKMeans", "the nearest of a few centers, learnt in parts", distance::load_kmeans},
    // dense_net
    {"sklearn.neural_network.MLPRegressor", "dense network", dense_net::load_mlp_regressor},
    {"sklearn.neural_network.MLPClassifier", "dense network of classes", dense_net::load_mlp_classifier},
    // bayes
    {"sklearn.naive_bayes.GaussianNB", "naive Bayes, normal densities", bayes::load_gaussian_nb},
    {"sklearn.naive_bayes.MultinomialNB", "naive Bayes, counts", bayes::load_multinomial_nb},
    {"sklearn.naive_bayes.ComplementNB", "naive Bayes, counts of the other classes", bayes::load_complement_nb},
    {"sklearn.naive_bayes.BernoulliNB", "naive Bayes, what occurs", bayes::load_bernoulli_nb},
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
    {"sklearn.impute.SimpleImputer", "fills missing values", preprocess::load_simple_imputer},
    {"sklearn.preprocessing.Imputer", "fills missing values; until 0.21", preprocess::load_imputer},
    {"sklearn.impute.MissingIndicator", "tells missing values", preprocess::load_missing_indicator},
    {"sklearn.preprocessing.OneHotEncoder", "a column for each category", preprocess::load_one_hot_encoder},
    {"sklearn.preprocessing.OrdinalEncoder", "a number for each category", preprocess::load_ordinal_encoder},
    {"sklearn.compose.ColumnTransformer", "transformers for some columns each", preprocess::load_column_transformer},
    {"sklearn.pipeline.FeatureUnion", "transformers beside one another", preprocess::load_feature_union},
    {"sklearn.preprocessing.FunctionTransformer", "a known function", preprocess::load_function_transformer},
    {"sklearn.preprocessing.Normalizer", "scales rows", preprocess::load_normalizer},
    {"sklearn.preprocessing.Binarizer", "above a threshold or not", preprocess::load_binarizer},
    // kernel_machine
    {"sklearn.svm.OneClassSVM", "one-class support vector machine", kernel_machine::load_one_class_svm},
    {"sklearn.svm.SVC", "support vector machine that classifies", kernel_machine::load_svc},
    {"sklearn.svm.NuSVC", "support vector machine that classifies", kernel_machine::load_svc},
    {"sklearn.svm.SVR", "support vector machine for regression", kernel_machine::load_svr},
    {"sklearn.svm.NuSVR", "support vector machine for regression", kernel_machine::load_svr},
    // tree: boosting
    {"sklearn.ensemble.HistGradientBoostingClassifier", "trees boosted on histograms: classes",
     tree::load_hist_gradient_boosting_classifier},
    {"sklearn.ensemble.HistGradientBoostingRegressor", "trees boosted on histograms: numbers",
     tree::load_hist_gradient_boosting_regressor},
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

// What was loaded of the file that this thread is loading: estimators may share parts, parts of parts too, so that a small file
// stands for exponentially many. Each is loaded once.
using LoadedSteps = std::unordered_map<const pickle::Value*, Step>;
thread_local LoadedSteps* loaded_steps = nullptr;

class Loading {
 public:
  Loading() : outer_(std::exchange(loaded_steps, &own_)) {}
  ~Loading() { loaded_steps = outer_; }
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

 private:
  LoadedSteps own_;
  LoadedSteps* outer_;
};

}  // namespace

std::span<const StepLoader> step_loaders() { return kLoaders; }

Result<Step> load_step(const pickle::Value& value, const std::string& what, int depth) {
  if (depth > kMostDepth) {
    return Error{Code::too_large, what + " is nested deeper than " + std::to_string(kMostDepth) + " estimators"};
  }
  if (loaded_steps != nullptr) {
    if (const auto found = loaded_steps->find(&value); found != loaded_steps->end()) return found->second;
  }
  SCORIA_TRY(object, pickle::Object::of(value, what));
  const StepLoader* loader = find_loader(object.name());
  if (loader == nullptr) return not_read(object.name(), what);
  SCORIA_TRY(step, loader->load(object, depth));
  if (step.class_name.empty()) step.class_name = short_name(loader->class_name);
  if (loaded_steps != nullptr) loaded_steps->emplace(&value, step);
  return step;
}

Result<ModelPtr> load_sklearn(const pickle::Value& value) {
  const Loading loading;
  SCORIA_TRY(object, pickle::Object::of(value, "the file's object"));
  std::vector<Step> steps;
  if (object.name() == "sklearn.pipeline.Pipeline") {
    SCORIA_TRY(loaded, load_pipeline_steps(object, 0));
    steps = std::move(loaded);
  } else {
    SCORIA_TRY(step, load_step(value, "the file's object", 0));
    if (step.takes_any_count) {
      return Error{Code::unsupported,
                   object.name() + " does not say how many columns it was fitted on; put it into a Pipeline"};
    }
    steps.push_back(std::move(step));
  }
  if (steps.front().takes_any_count) {
    return Error{Code::unsupported, "no step of the Pipeline says how many columns it was fitted on"};
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
