// Reads scikit-learn's KNeighborsRegressor (type predict) and KNeighborsClassifier (types predict, proba): the rows they were fitted on;
// the tree that may stand beside these is passed over. A missing or infinite value is refused.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::distance {

// Errors: corrupt, naming the attribute; unsupported: a metric other than euclidean, manhattan, chebyshev, minkowski without
// weights; weights by a function; several classes a row; sparse rows.
Result<pipeline::Step> load_neighbours_regressor(const pickle::Object& object, int depth);
Result<pipeline::Step> load_neighbours_classifier(const pickle::Object& object, int depth);

}  // namespace scoria::model::distance
