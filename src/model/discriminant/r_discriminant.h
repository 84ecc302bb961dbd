// Reads R objects of class "lda" and "qda" (package MASS) and predicts as predict() does.
//
// Types: class (default), posterior, and for lda x, the coordinates along the discriminants. Parameters: prior, method (plug-in,
// predictive, debiased) and for lda dimen. Where posteriors are nearly equal (1e-5), R draws the class at random; the first one in level order
// is given here, and a note counts such rows. A row with a missing value is missing in the answer.
#pragma once

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::model::discriminant {

// Errors: corrupt, naming the slot that is wrong; unsupported: a term of the formula that is not understood.
Result<ModelPtr> load_r_lda(const rdata::Value& object);
Result<ModelPtr> load_r_qda(const rdata::Value& object);

}  // namespace scoria::model::discriminant
