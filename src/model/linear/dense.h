// The kernel of linear models: blocks of a model matrix times coefficients, and the variances of such products.
// Columns are added in the fit's pivot order, each to all rows of a block: the order in which R's reference BLAS adds them,
// so that predictions come out with R's bits wherever the model matrix does. Compilers vectorise the loops over rows.
// Threads: free functions; blocks run on the executor. Borrows its arguments for the call.
#pragma once

#include <vector>

#include "base/executor.h"
#include "model/linear/fit.h"
#include "model/terms/terms.h"

namespace scoria::model::linear {

// What to compute.
struct Wanted {
  bool fit = false;
  bool variance = false;       // of the fit; needs Fit::r_inverse
  bool terms = false;          // each term's share; needs Fit::means where there is an intercept
  bool term_variance = false;  // of each share; needs both
  double residual_variance = 0;
};

// Column by column, one number for each row of the frame. Offsets are in `fit` and in nothing else.
struct Products {
  std::vector<std::vector<double>> fit;  // one per output
  std::vector<double> variance;
  std::vector<std::vector<double>> terms;  // one per label of the terms, in their order
  std::vector<std::vector<double>> term_variance;
};

// A row with a missing value has NA (NaN where none of its values is NA) in what depends on it.
Products multiply(const Fit& fit, const terms::ModelFrame& frame, const Wanted& wanted, Executor& executor);

}  // namespace scoria::model::linear
