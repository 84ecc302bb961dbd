#include "model/kernel_machine/kernel_machine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "model/kernel_machine/exponential.h"
#include "model/kernel_machine/kernel_block.h"

namespace scoria::model::kernel_machine {
namespace {

Error corrupt(const std::string& what) { return Error{Code::corrupt, what}; }

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

// One row against the machine.
class PlainRow {
 public:
  PlainRow(const Machine& machine, std::span<const double* const> columns) : machine_(machine), columns_(columns) {
    row_.resize(machine.dimensions);
  }

  void decide(std::size_t at, Functions functions, double* out, std::size_t stride) {
    is_library_ = functions == Functions::library;
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
      return is_library_ ? std::exp(-kernel.gamma * sum) : exp_below_zero(-kernel.gamma * sum);
    }
    for (std::size_t j = 0; j < row_.size(); ++j) sum += row_[j] * vector[j];
    if (kernel.kind == KernelKind::linear) return sum;
    const double x = kernel.gamma * sum + kernel.coef0;
    if (kernel.kind == KernelKind::poly) return whole_power(x, kernel.degree);
    return is_library_ ? std::tanh(x) : tanh_by_exp(x);
  }

  const Machine& machine_;
  std::span<const double* const> columns_;
  std::vector<double> row_;
  bool is_library_ = false;
};

// Where it is neither below nor above, it may be no number.
bool is_near_zero(std::span<const double> near, const double* values, std::size_t stride) {
  for (std::size_t p = 0; p < near.size(); ++p) {
    if (near[p] > 0 && !(std::fabs(values[p * stride]) > near[p])) return true;
  }
  return false;
}

// Blocks of rows for the vector kernels, one at a time.
class BlockRows {
 public:
  BlockRows(const Machine& machine, std::span<const double* const> columns, tree::Simd simd)
      : machine_(machine),
        columns_(columns),
        simd_(simd),
        x_(machine.dimensions * kBlockRows),
        sums_(machine.sums() * kBlockRows) {
    if (machine.sums() == 1) return;
    for (std::size_t own = 0; own < machine.classes; ++own) {
      for (std::size_t row = 0; row + 1 < machine.classes; ++row) {
        pairs_.push_back(static_cast<std::uint32_t>(pair_of(machine.classes, own, row)));
      }
    }
  }

  // Rows first + at(0), first + at(1), ...
  template <typename At>
  void decide(std::size_t first, At at, Functions functions) {
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      const double* column = columns_[j] + first;
      double* x = x_.data() + j * kBlockRows;
      for (std::size_t lane = 0; lane < kBlockRows; ++lane) x[lane] = column[at(lane)];
    }
    run_block(machine_, {.x = x_.data(), .pairs = pairs_.data(), .sums = sums_.data()}, functions, simd_);
  }

  template <typename At>
  void put(std::size_t count, At at, double* out, std::size_t stride) const {
    for (std::size_t p = 0; p < machine_.sums(); ++p) {
      for (std::size_t lane = 0; lane < count; ++lane) out[p * stride + at(lane)] = sums_[p * kBlockRows + lane];
    }
  }

 private:
  const Machine& machine_;
  std::span<const double* const> columns_;
  tree::Simd simd_;
  std::vector<double> x_;
  std::vector<double> sums_;
  std::vector<std::uint32_t> pairs_;
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

std::vector<double> near_zero(const Machine& machine) {
  std::vector<double> near(machine.sums(), 0);
  const KernelKind kind = machine.kernel.kind;
  if (kind == KernelKind::linear || kind == KernelKind::poly) return near;
  const std::size_t vectors = machine.count();
  if (near.size() == 1) {
    for (const double x : machine.coefficients) near[0] += std::fabs(x);
  } else {
    std::size_t v = 0;
    for (std::size_t own = 0; own < machine.classes; ++own) {
      const std::size_t end = v + machine.class_counts[own];
      for (; v < end; ++v) {
        for (std::size_t row = 0; row + 1 < machine.classes; ++row) {
          near[pair_of(machine.classes, own, row)] += std::fabs(machine.coefficients[row * vectors + v]);
        }
      }
    }
  }
  // Values of these two kernels are at most 1, so that all that is added stays below the sum of weights. Each value is off by a few
  // units in its last place, and each addition may then round the other way.
  const double rounding = std::numeric_limits<double>::epsilon() * static_cast<double>(vectors + 8);
  // Far above what the worst case needs for signs: so that what a sum leaves after cancelling is good to 1e-12.
  constexpr double kCancelled = 1e-5;
  for (std::size_t p = 0; p < near.size(); ++p) {
    near[p] = (near[p] + std::fabs(machine.rho[p])) * std::max(2 * rounding, kCancelled);
  }
  return near;
}

void exact_values(const Machine& machine, std::span<const double* const> columns, std::size_t row, double* out) {
  PlainRow(machine, columns).decide(row, Functions::library, out, 1);
}

void decision_values(const Machine& machine, std::span<const double* const> columns, std::size_t first,
                     std::size_t count, tree::Simd simd, double* out, std::size_t stride) {
  // Fewer rows would leave most lanes of a block empty.
  constexpr std::size_t kFewRows = 4;
  const std::vector<double> near = near_zero(machine);
  if (simd == tree::Simd::none || count < kFewRows) {
    PlainRow row(machine, columns);
    for (std::size_t i = 0; i < count; ++i) {
      row.decide(first + i, Functions::ours, out + i, stride);
      if (is_near_zero(near, out + i, stride)) row.decide(first + i, Functions::library, out + i, stride);
    }
    return;
  }
  BlockRows rows(machine, columns, simd);
  for (std::size_t i = 0; i < count; i += kBlockRows) {
    const std::size_t in_block = std::min(kBlockRows, count - i);
    const auto at = [&](std::size_t lane) { return i + std::min(lane, in_block - 1); };
    rows.decide(first, at, Functions::ours);
    rows.put(in_block, at, out, stride);
  }
  std::vector<std::size_t> doubtful;
  for (std::size_t i = 0; i < count; ++i) {
    if (is_near_zero(near, out + i, stride)) doubtful.push_back(i);
  }
  for (std::size_t i = 0; i < doubtful.size(); i += kBlockRows) {
    const std::size_t in_block = std::min(kBlockRows, doubtful.size() - i);
    const auto at = [&](std::size_t lane) { return doubtful[i + std::min(lane, in_block - 1)]; };
    rows.decide(first, at, Functions::library);
    rows.put(in_block, at, out, stride);
  }
}

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
