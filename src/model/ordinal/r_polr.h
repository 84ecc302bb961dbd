// Reads an R object of class "polr" (package MASS) and predicts as predict.polr does.
//
// Types: class (default), probs. All five methods: logistic, probit, loglog, cloglog, cauchit. The offset is ignored, as in R (a note
// says so). A row with a missing value is missing in the answer. Where probabilities are nearly equal (1e-5), R draws the class at
// random; the first one in level order is given here, and a note counts such rows.
#pragma once

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::model::ordinal {

// Errors: corrupt, naming the slot that is wrong; unsupported: coefficients that were dropped in fitting, for which R stops too.
Result<ModelPtr> load_r_polr(const rdata::Value& object);

}  // namespace scoria::model::ordinal
