// Reads scikit-learn's imputers. Type: transform.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

// Errors: corrupt, naming the attribute that is wrong; unsupported, naming the option.
Result<pipeline::Step> load_simple_imputer(const pickle::Object& object, int depth);
Result<pipeline::Step> load_imputer(const pickle::Object& object, int depth);  // until 0.21
Result<pipeline::Step> load_missing_indicator(const pickle::Object& object, int depth);

}  // namespace scoria::model::preprocess
