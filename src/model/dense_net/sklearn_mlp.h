// Reads scikit-learn's MLPRegressor (type predict) and MLPClassifier (types predict, proba, log_proba).
// A missing or infinite value is refused.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::dense_net {

// Errors: corrupt, naming the attribute: layers that do not fit each other; unsupported: another function of units, a classifier that
// was fitted on several labels a row.
Result<pipeline::Step> load_mlp_regressor(const pickle::Object& object, int depth);
Result<pipeline::Step> load_mlp_classifier(const pickle::Object& object, int depth);

}  // namespace scoria::model::dense_net
