// Reads an R object of class "kmeans" (package stats). R has no predict() for it; the usual answer is the nearest center.
//
// Types: cluster (default): the number of the nearest row of `centers`, the first of equally near ones; distance: the Euclidean
// distance to each center. A row with a missing value has no answer.
#pragma once

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::model::distance {

// Errors: corrupt, naming the slot that is wrong.
Result<ModelPtr> load_r_kmeans(const rdata::Value& object);

}  // namespace scoria::model::distance
