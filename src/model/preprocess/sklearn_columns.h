// Reads scikit-learn's ColumnTransformer and FeatureUnion. Type: transform. A column that nothing reads need not be there.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

// Errors: as load_step(); corrupt, naming the attribute that is wrong; too_large: more than kMostColumns columns.
Result<pipeline::Step> load_column_transformer(const pickle::Object& object, int depth);
Result<pipeline::Step> load_feature_union(const pickle::Object& object, int depth);

}  // namespace scoria::model::preprocess
