// Reads an R object of class "gbm" (package gbm, and objects of its 1.x and 2.x versions) and predicts as predict.gbm does.
//
// Types: link (default) and response. Parameters: n.trees (one or several; default as in R: the best of the validation or
// the cross-validation error, else all), single.tree. R drops offsets and says so; so do we. Character columns are matched by
// level, where R would turn them into numbers. A level that the model has not seen counts as missing, as in R.
// Source: predict.gbm and the C function gbm_pred of gbm 2.1.8.1, by their behaviour; Friedman, Greedy function approximation (2001).
#pragma once

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::model::tree {

// Errors: corrupt, naming the slot, tree or node that is wrong; unsupported, naming the distribution.
Result<ModelPtr> load_r_gbm(const rdata::Value& object);

}  // namespace scoria::model::tree
