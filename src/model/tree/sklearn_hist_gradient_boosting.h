// scikit-learn's HistGradientBoostingClassifier and HistGradientBoostingRegressor, 0.21 to the newest.
// Threads: free functions. docs/models/sklearn-boosting.md describes what is read.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::tree {

// Errors: corrupt, naming class and attribute, tree and node; unsupported, naming the option.
Result<pipeline::Step> load_hist_gradient_boosting_classifier(const pickle::Object& object, int depth);
Result<pipeline::Step> load_hist_gradient_boosting_regressor(const pickle::Object& object, int depth);

}  // namespace scoria::model::tree
