// Loads lm and mlm objects of R's stats; aov() results and MASS's rlm are read as the linear models they are.
// Threads: free function. Borrows `value` for the call only.
#pragma once

#include "model/loaders.h"

namespace scoria::model::linear {

// Reads: terms, coefficients, xlevels, contrasts, call$offset; for standard errors qr, residuals, weights, df.residual; for
// type terms model or x. Everything else is ignored.
// Errors: corrupt, naming the slot; unsupported, for a class with a predict() of its own or a term that is not understood.
Result<ModelPtr> load_r_lm(const rdata::Value& value);

}  // namespace scoria::model::linear
