// Reads coefficients and intercepts of scikit-learn's linear models, in every form that its versions keep them.
// Threads: free functions.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/linear/affine.h"
#include "pickle/object.h"

namespace scoria::model::linear {

// A matrix by rows, from an array of at most two dimensions (one with less is a single row) or a scipy.sparse matrix of rows or
// columns.
struct Weights {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;
};

// Errors: corrupt, naming the attribute: no numbers, no elements, positions beyond the shape; too_large: a sparse matrix that
// would take more than 2^24 numbers.
Result<Weights> read_weights(const pickle::Object& object, std::string_view attribute);

// A number, or as many as there are outputs, or one for all of them. Errors: corrupt.
Result<std::vector<double>> read_shifts(const pickle::Object& object, std::string_view attribute, std::size_t outputs);

// coef_ and intercept_. Errors: as both.
Result<Affine> read_affine(const pickle::Object& object);

}  // namespace scoria::model::linear
