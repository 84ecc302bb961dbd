// Weighted sums of columns: matrix times columns, plus a shift for each sum.
// Columns are added in their order, a block of rows at a time; compilers vectorise the loop over rows. BLAS, which scikit-learn
// uses, fixes no order, so sums agree with its to rounding.
// Threads: plain values; apply() may run concurrently on different rows.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/executor.h"
#include "model/class_columns.h"
#include "model/features.h"

namespace scoria::model::linear {

struct Affine {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::vector<double> weights;  // of output k: [k * inputs, (k + 1) * inputs)
  std::vector<double> shifts;   // one for each output

  // out[k][row] for rows [first, first + count). Preconditions: `x` has `inputs` columns, `out` is outputs x rows; all of `x` is
  // finite, as columns whose weight is 0 are passed over.
  void apply(const FeatureMatrix& x, std::size_t first, std::size_t count, NumberColumns& out) const;
};

// One sum of rows [first, first + count) into sums[0 .. count): what apply() does for each output, over numbers that lie elsewhere.
// Precondition: as many columns as weights, all finite.
void weighted_sum(std::span<const double> weights, double shift, std::span<const double* const> columns,
                  std::size_t first, std::size_t count, double* sums);

// Calls body(first, count) for blocks that cover [0, rows), small enough for a block of a column to stay in the first-level cache.
void for_each_block(std::size_t rows, Executor& executor,
                    const std::function<void(std::size_t first, std::size_t count)>& body);

}  // namespace scoria::model::linear
