// Reads R objects of class "prcomp" and "princomp" (package stats) and predicts as predict() does for new rows.
//
// Type: PC, a column for each component, named as in R: PC:PC1, PC:Comp.1. A row with a missing value is missing in all of them.
#pragma once

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::model::projection {

// Errors: corrupt, naming the slot that is wrong.
Result<ModelPtr> load_r_prcomp(const rdata::Value& object);
Result<ModelPtr> load_r_princomp(const rdata::Value& object);

}  // namespace scoria::model::projection
