// Reads scikit-learn's FunctionTransformer and Binarizer. Type: transform. A function is known by its name and never called from the file.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

// Errors: corrupt, naming the attribute that is wrong; unsupported, naming the function.
Result<pipeline::Step> load_function_transformer(const pickle::Object& object, int depth);
Result<pipeline::Step> load_binarizer(const pickle::Object& object, int depth);

// The inputs of an estimator that need not keep their number (before scikit-learn 0.24 or 1.2).
// Errors: corrupt, naming the attribute.
Status set_any_inputs(const pickle::Object& object, pipeline::Step& step);

}  // namespace scoria::model::preprocess
