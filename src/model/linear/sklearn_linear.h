// Reads scikit-learn's linear models: regressions, and classifiers that weigh columns.
// Regressions: type predict (one column an output). Classifiers: predict, decision and, where the class has predict_proba(), proba and
// log_proba. SGDOneClassSVM: predict, decision, score. A missing or infinite value is refused.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::linear {

// All of them: corrupt, naming class and attribute, where sizes do not fit each other.

// Sums of columns: LinearRegression, Ridge, Lasso, ... Of BayesianRidge and ARDRegression the mean.
Result<pipeline::Step> load_linear_regressor(const pickle::Object& object, int depth);
// PoissonRegressor, GammaRegressor: exp of a sum.
Result<pipeline::Step> load_log_regressor(const pickle::Object& object, int depth);
// By its link. Errors: unsupported: a link that scikit-learn does not have.
Result<pipeline::Step> load_tweedie_regressor(const pickle::Object& object, int depth);
// RANSACRegressor: the regression it found.
Result<pipeline::Step> load_ransac_regressor(const pickle::Object& object, int depth);

// Without probabilities: LinearSVC, Perceptron, ...
Result<pipeline::Step> load_linear_classifier(const pickle::Object& object, int depth);
// LogisticRegression, LogisticRegressionCV: probabilities as the version that wrote the file computes them.
Result<pipeline::Step> load_logistic_regression(const pickle::Object& object, int depth);
// Probabilities by its loss.
Result<pipeline::Step> load_sgd_classifier(const pickle::Object& object, int depth);
// RidgeClassifier, RidgeClassifierCV. Errors: unsupported: fitted on several labels a row.
Result<pipeline::Step> load_ridge_classifier(const pickle::Object& object, int depth);
Result<pipeline::Step> load_sgd_one_class(const pickle::Object& object, int depth);

}  // namespace scoria::model::linear
