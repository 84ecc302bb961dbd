// Reads an R object of class "naiveBayes" (package e1071) and predicts as predict.naiveBayes does.
//
// Types: class (default), raw (a probability for each class). Parameters: threshold, eps.
// A missing value, and a level that the model has not seen, leaves its predictor out for that row, as in R. A column that the
// input lacks is an error here (R leaves it out silently), and so is text where numbers were fitted.
#pragma once

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::model::bayes {

// Errors: corrupt, naming the slot or the predictor whose table is wrong; unsupported: a single class.
Result<ModelPtr> load_r_naive_bayes(const rdata::Value& object);

}  // namespace scoria::model::bayes
