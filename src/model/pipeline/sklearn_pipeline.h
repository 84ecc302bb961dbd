// Reads sklearn.pipeline.Pipeline: its steps in order, 'passthrough' and None left out.
// A pipeline answers what its last step answers.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::pipeline {

// Errors: as load_step(); corrupt, where a step does not take as many columns as the one before makes.
Result<Step> load_pipeline(const pickle::Object& object, int depth);

// The steps themselves. Never none.
Result<std::vector<Step>> load_pipeline_steps(const pickle::Object& object, int depth);

}  // namespace scoria::model::pipeline
