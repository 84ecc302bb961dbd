// Reads objects of R's e1071::svm(): all five types, all four kernels; fitted by formula, to a matrix or data frame, to a sparse
// matrix. Nothing in the object is run.
// Threads: free function.
#pragma once

#include "base/result.h"
#include "model/loaders.h"
#include "rdata/value.h"

namespace scoria::model::kernel_machine {

// Errors: corrupt, naming the slot; unsupported, saying what the object does not keep.
Result<ModelPtr> load_r_svm(const rdata::Value& value);

}  // namespace scoria::model::kernel_machine
