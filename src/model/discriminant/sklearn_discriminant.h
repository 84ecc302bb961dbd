// Reads scikit-learn's LinearDiscriminantAnalysis (a transformer too, except with solver 'lsqr') and QuadraticDiscriminantAnalysis.
// Types: predict, proba, log_proba, decision, as the version that wrote the file answers. A missing or infinite value is refused.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::discriminant {

// Errors: corrupt, naming the attribute: sizes that do not fit each other.
Result<pipeline::Step> load_linear_discriminant(const pickle::Object& object, int depth);
Result<pipeline::Step> load_quadratic_discriminant(const pickle::Object& object, int depth);

}  // namespace scoria::model::discriminant
