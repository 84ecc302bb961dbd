// Loads glm objects of R's stats, and negbin ones of MASS's glm.nb().
// Threads: free function. Borrows `value` for the call only.
#pragma once

#include "model/loaders.h"

namespace scoria::model::linear {

// Reads what load_r_lm() reads, and the names of family and link in `family`; its functions are never run.
// Errors: corrupt, naming the slot; unsupported, for a link that its name does not define, a class with a predict() of its own,
// or a term that is not understood.
Result<ModelPtr> load_r_glm(const rdata::Value& value);

}  // namespace scoria::model::linear
