// Reads an R object of class "rpart" (package rpart) and predicts as predict.rpart does.
//
// Types: prob (default), class, vector, matrix of a classification; vector (default), matrix of anova, poisson, exp and
// user-written methods; where (the row of `frame`, as rpart's own `where`) and node (its number) of all. A missing value, or a
// level that a split did not meet in training, goes by the node's surrogates, then with the larger child, as
// control$usesurrogate says; where nothing decides, the row ends in an inner node and has its value. No row is dropped.
// A level that the model has not seen is an error, as in R.
// Source: predict.rpart and the C function pred_rpart of rpart 4.1.19, by their behaviour.
#pragma once

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::model::tree {

// Errors: corrupt, naming the slot or node that is wrong; unsupported: what the terms refuse.
Result<ModelPtr> load_r_rpart(const rdata::Value& object);

}  // namespace scoria::model::tree
