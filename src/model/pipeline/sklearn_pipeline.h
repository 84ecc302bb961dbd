// Reads scikit-learn's estimators that hold others: Pipeline, its steps in order, 'passthrough' and None left out, which answers
// what its last step answers; and searches over parameters.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::pipeline {

// Errors: as load_step(); corrupt, where a step does not take as many columns as the one before makes.
Result<Step> load_pipeline(const pickle::Object& object, int depth);

// A search over parameters (GridSearchCV and its kin) answers as the estimator that it found best and fitted again.
// Errors: as load_step(); unsupported, where it was told not to (refit=False).
Result<Step> load_search(const pickle::Object& object, int depth);

// The steps themselves. Never none.
Result<std::vector<Step>> load_pipeline_steps(const pickle::Object& object, int depth);

}  // namespace scoria::model::pipeline
