// Reads scikit-learn's encoders of categories. Type: transform.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

// Errors: corrupt, naming the attribute that is wrong; unsupported, naming the option.
Result<pipeline::Step> load_one_hot_encoder(const pickle::Object& object, int depth);
Result<pipeline::Step> load_ordinal_encoder(const pickle::Object& object, int depth);

}  // namespace scoria::model::preprocess
