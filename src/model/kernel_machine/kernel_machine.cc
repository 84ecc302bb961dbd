#include "model/kernel_machine/kernel_machine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "model/kernel_machine/kernel_block.h"

namespace scoria::model::kernel_machine {
namespace {

Error corrupt(const std::string& what) { return Error{Code::corrupt, what}; }

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

// One row against the machine, by libsvm's own operations.
class PlainRow {
 public:
  PlainRow(const Machine& machine, std::span<const double* const> columns) : machine_(machine), columns_(columns) {
    row_.resize(machine.dimensions);
  }

  void decide(std::size_t at, double* out, std::size_t stride) {
    for (std::size_t j = 0; j < row_.size(); ++j) row_[j] = columns_[j][at];
    const std::size_t vectors = machine_.count();
    if (machine_.classes == 0) {
      double sum = 0;
      for (std::size_t v = 0; v < vectors; ++v) sum += machine_.coefficients[v] * kernel(v);
      out[0] = sum - machine_.rho[0];
      return;
    }
    for (std::size_t p = 0; p < machine_.sums(); ++p) out[p * stride] = 0;
    // A pair's sum takes all vectors of its first class, then those of its second: the order that they stand in.
    std::size_t v = 0;
    for (std::size_t own = 0; own < machine_.classes; ++own) {
      for (std::uint32_t i = 0; i < machine_.class_counts[own]; ++i, ++v) {
        const double value = kernel(v);
        for (std::size_t row = 0; row + 1 < machine_.classes; ++row) {
          out[pair_of(machine_.classes, own, row) * stride] += machine_.coefficients[row * vectors + v] * value;
        }
      }
    }
    for (std::size_t p = 0; p < machine_.sums(); ++p) out[p * stride] -= machine_.rho[p];
  }

 private:
  double kernel(std::size_t v) const {
    const double* vector = machine_.vectors.data() + v * machine_.dimensions;
    const Kernel& kernel = machine_.kernel;
    double sum = 0;
    if (kernel.kind == KernelKind::rbf) {
      for (std::size_t j = 0; j < row_.size(); ++j) {
        const double difference = row_[j] - vector[j];
        sum += difference * difference;
      }
      return std::exp(-kernel.gamma * sum);
    }
    for (std::size_t j = 0; j < row_.size(); ++j) sum += row_[j] * vector[j];
    switch (kernel.kind) {
      case KernelKind::poly: return whole_power(kernel.gamma * sum + kernel.coef0, kernel.degree);
      case KernelKind::sigmoid: return std::tanh(kernel.gamma * sum + kernel.coef0);
      default: return sum;
    }
  }

  const Machine& machine_;
  std::span<const double* const> columns_;
  std::vector<double> row_;
};

}  // namespace

Status check(const Machine& machine) {
  if (machine.classes == 1) return corrupt("has 1 class, must have none or at least 2");
  // A pair of classes has a sum: so many that they cannot all have one are no machine.
  constexpr std::size_t kMostClasses = 1 << 16;
  if (machine.classes > kMostClasses) return corrupt("has " + std::to_string(machine.classes) + " classes");
  const std::size_t rows = machine.classes == 0 ? 1 : machine.classes - 1;
  if (machine.coefficients.size() % rows != 0) return corrupt("has coefficients for a part of its support vectors");
  const std::size_t vectors = machine.count();
  if (machine.dimensions != 0 && vectors > std::numeric_limits<std::size_t>::max() / machine.dimensions) {
    return corrupt("has more support vectors than memory could hold");
  }
  if (machine.vectors.size() != vectors * machine.dimensions) {
    return corrupt("has " + std::to_string(machine.vectors.size()) + " numbers of support vectors, must have " +
                   std::to_string(vectors) + " x " + std::to_string(machine.dimensions));
  }
  if (machine.rho.size() != machine.sums()) {
    return corrupt("has " + std::to_string(machine.rho.size()) + " intercepts, must have " +
                   std::to_string(machine.sums()));
  }
  if (machine.class_counts.size() != machine.classes) {
    return corrupt("has numbers of support vectors for " + std::to_string(machine.class_counts.size()) +
                   " classes, must have " + std::to_string(machine.classes));
  }
  std::uint64_t counted = 0;
  for (const std::uint32_t count : machine.class_counts) counted += count;
  if (machine.classes != 0 && counted != vectors) {
    return corrupt("has " + std::to_string(vectors) + " support vectors, and classes with " + std::to_string(counted));
  }
  for (const auto& platt : {machine.prob_a, machine.prob_b}) {
    if (!platt.empty() && platt.size() != machine.sums())
      return corrupt("has probabilities for a part of its pairs of classes");
  }
  if (machine.prob_a.size() != machine.prob_b.size()) return corrupt("has one half of what probabilities need");
  const Kernel& kernel = machine.kernel;
  if (!(kernel.gamma >= 0) || !std::isfinite(kernel.gamma))
    return corrupt("has a gamma that is negative or not finite");
  if (!std::isfinite(kernel.coef0)) return corrupt("has a coef0 that is not finite");
  if (kernel.degree < 0) return corrupt("has the degree " + std::to_string(kernel.degree) + ", must be at least 0");
  if (!all_finite(machine.vectors)) return corrupt("has support vectors that are not finite");
  if (!all_finite(machine.coefficients)) return corrupt("has coefficients that are not finite");
  if (!all_finite(machine.rho)) return corrupt("has intercepts that are not finite");
  if (!all_finite(machine.prob_a) || !all_finite(machine.prob_b))
    return corrupt("has probabilities that are not finite");
  return Ok{};
}

void decision_values(const Machine& machine, std::span<const double* const> columns, std::size_t first,
                     std::size_t count, tree::Simd /*simd*/, double* out, std::size_t stride) {
  PlainRow row(machine, columns);
  for (std::size_t i = 0; i < count; ++i) row.decide(first + i, out + i, stride);
}

double near_zero(const Machine& /*machine*/, std::size_t /*sum*/) { return 0; }

Result<NumberColumns> decide(const Machine& machine, const FeatureMatrix& rows, SimdTarget simd, Executor& executor) {
  SCORIA_TRY(best, tree::resolve_simd(simd));
  // A block's values stay near; a row against few vectors is so little work that blocks are the larger.
  constexpr std::size_t kBlock = 1024;
  NumberColumns values(machine.sums(), std::vector<double>(rows.rows));
  const std::size_t blocks = (rows.rows + kBlock - 1) / kBlock;
  executor.parallel_for(blocks, [&](std::size_t block) {
    const std::size_t first = block * kBlock;
    const std::size_t count = std::min(kBlock, rows.rows - first);
    std::vector<double> sums(machine.sums() * count);
    decision_values(machine, rows.columns, first, count, best, sums.data(), count);
    for (std::size_t p = 0; p < values.size(); ++p) {
      std::copy_n(sums.data() + p * count, count, values[p].data() + first);
    }
  });
  return values;
}

}  // namespace scoria::model::kernel_machine
