// Reads scikit-learn's PCA, IncrementalPCA and TruncatedSVD. Type: transform; columns pca0, pca1, ...
// A missing or infinite value is refused.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::projection {

// PCA, IncrementalPCA: centered before the product until 1.4 and after it since, as the version that wrote the file does.
// Errors: corrupt, naming the attribute that is wrong.
Result<pipeline::Step> load_pca(const pickle::Object& object, int depth);
Result<pipeline::Step> load_truncated_svd(const pickle::Object& object, int depth);

}  // namespace scoria::model::projection
