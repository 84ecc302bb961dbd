// Reads scikit-learn's KMeans and MiniBatchKMeans: transformer (distances) and predictor.
// Types: predict, distance. A missing or infinite value is refused.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::distance {

// Errors: corrupt, where cluster_centers_ is no matrix.
Result<pipeline::Step> load_kmeans(const pickle::Object& object, int depth);

}  // namespace scoria::model::distance
