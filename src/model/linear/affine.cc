#include "model/linear/affine.h"

#include <algorithm>

namespace scoria::model::linear {
namespace {

constexpr std::size_t kExecutedRows = 512;

}  // namespace

void weighted_sum(std::span<const double> weights, double shift, std::span<const double* const> columns,
                  std::size_t first, std::size_t count, double* sums) {
  std::fill_n(sums, count, 0.0);
  for (std::size_t j = 0; j < weights.size(); ++j) {
    const double weight = weights[j];
    if (weight == 0) continue;
    const double* const column = columns[j] + first;
    for (std::size_t i = 0; i < count; ++i) sums[i] += weight * column[i];
  }
  for (std::size_t i = 0; i < count; ++i) sums[i] += shift;
}

void Affine::apply(const FeatureMatrix& x, std::size_t first, std::size_t count, NumberColumns& out) const {
  for (std::size_t k = 0; k < outputs; ++k) {
    weighted_sum(std::span(weights).subspan(k * inputs, inputs), shifts[k], x.columns, first, count,
                 out[k].data() + first);
  }
}

void for_each_block(std::size_t rows, Executor& executor,
                    const std::function<void(std::size_t first, std::size_t count)>& body) {
  executor.parallel_for((rows + kExecutedRows - 1) / kExecutedRows, [&](std::size_t block) {
    const std::size_t first = block * kExecutedRows;
    body(first, std::min(kExecutedRows, rows - first));
  });
}

}  // namespace scoria::model::linear
