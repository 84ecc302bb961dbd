// Loads rq and rqs objects of R's quantreg: linear quantile regression at one or several quantiles.
// Threads: free functions. Borrows `value` for the call only.
#pragma once

#include "model/loaders.h"

namespace scoria::model::linear {

// Reads: terms, coefficients, tau, xlevels, contrasts. Everything else is ignored; intervals and standard errors would need
// the rows the model was fitted to, and estimators that are not here.
// Errors: corrupt, naming the slot; unsupported, for a term that is not understood.
Result<ModelPtr> load_r_rq(const rdata::Value& value);

}  // namespace scoria::model::linear
