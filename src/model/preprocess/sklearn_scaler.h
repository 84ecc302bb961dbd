// Reads scikit-learn's scalers. Type: transform. A missing value stays missing.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

// Errors: corrupt, naming the attribute that is wrong.
Result<pipeline::Step> load_standard_scaler(const pickle::Object& object, pipeline::Loading& loading);
Result<pipeline::Step> load_min_max_scaler(const pickle::Object& object, pipeline::Loading& loading);
Result<pipeline::Step> load_robust_scaler(const pickle::Object& object, pipeline::Loading& loading);
Result<pipeline::Step> load_max_abs_scaler(const pickle::Object& object, pipeline::Loading& loading);

}  // namespace scoria::model::preprocess
