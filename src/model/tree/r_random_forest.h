// Reads an R object of class "randomForest" (package randomForest) and predicts as predict.randomForest does.
//
// Types: response (default; `class` is the same), and for classification prob, vote and vote_count (votes that are not
// normalised; also vote with norm.votes=FALSE). Parameters: cutoff, norm.votes. Where votes tie, R draws a class at random; the
// first one in level order is given here, and a note counts such rows. A row with a missing value is missing in the answer
// (formula interface) or an error (x/y interface), as in R. A level that the model has not seen is an error, as in R.
// Source: predict.randomForest and the C functions regForest and classForest of randomForest 4.7-1.1, by their behaviour;
// Breiman, Random Forests (2001).
#pragma once

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::model::tree {

// Errors: corrupt, naming the slot, tree or node that is wrong; unsupported: no forest in the object, unsupervised forests.
Result<ModelPtr> load_r_random_forest(const rdata::Value& object);

}  // namespace scoria::model::tree
