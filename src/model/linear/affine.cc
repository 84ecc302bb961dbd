#include "model/linear/affine.h"

#include <algorithm>

namespace scoria::model::linear {
namespace {

constexpr std::size_t kBlockRows = 512;

}  // namespace

void Affine::apply(const FeatureMatrix& x, std::size_t first, std::size_t count, NumberColumns& out) const {
  for (std::size_t k = 0; k < outputs; ++k) {
    double* const sums = out[k].data() + first;
    std::fill_n(sums, count, 0.0);
    for (std::size_t j = 0; j < inputs; ++j) {
      const double weight = weights[k * inputs + j];
      if (weight == 0) continue;
      const double* const column = x.columns[j] + first;
      for (std::size_t i = 0; i < count; ++i) sums[i] += weight * column[i];
    }
    for (std::size_t i = 0; i < count; ++i) sums[i] += shifts[k];
  }
}

void for_each_block(std::size_t rows, Executor& executor,
                    const std::function<void(std::size_t first, std::size_t count)>& body) {
  executor.parallel_for((rows + kBlockRows - 1) / kBlockRows, [&](std::size_t block) {
    const std::size_t first = block * kBlockRows;
    body(first, std::min(kBlockRows, rows - first));
  });
}

}  // namespace scoria::model::linear
