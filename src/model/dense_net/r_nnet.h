// Reads R objects of class "nnet" and "multinom" (package nnet) and predicts as predict() does.
//
// nnet: types raw (default) and, where the fit has classes, class. Fitted by formula, a row with a missing value has no answer; fitted with x
// and y, it is an error, and the input's columns are taken in their order, as the file keeps no names.
// multinom: types class (default), probs: a column for each class, or P(second class) alone where there are two.
// Where outputs are nearly equal (1e-5), R draws the class at random; the first one in level order is given here, and a note counts
// such rows.
#pragma once

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::model::dense_net {

// Errors: corrupt, naming the slot that is wrong; unsupported: a multinom with an offset, for which R reads beyond its data.
Result<ModelPtr> load_r_nnet(const rdata::Value& object);
Result<ModelPtr> load_r_multinom(const rdata::Value& object);

}  // namespace scoria::model::dense_net
