// A Machine's arrays in memory of their own.
// Threads: immutable once filled.
#pragma once

#include <cstdint>
#include <vector>

#include "model/kernel_machine/kernel_machine.h"

namespace scoria::model::kernel_machine {

// Of support vectors: columns get names, so that many of them ask for much memory.
inline constexpr std::int32_t kMostColumns = 1 << 17;

struct StoredMachine {
  Kernel kernel;
  std::size_t dimensions = 0;
  std::size_t classes = 0;
  std::vector<double> vectors;
  std::vector<double> coefficients;
  std::vector<double> rho;
  std::vector<std::uint32_t> class_counts;
  std::vector<double> prob_a;
  std::vector<double> prob_b;

  // Valid as long as this stays and does not change.
  Machine view() const {
    return {.kernel = kernel,
            .dimensions = dimensions,
            .classes = classes,
            .vectors = vectors,
            .coefficients = coefficients,
            .rho = rho,
            .class_counts = class_counts,
            .prob_a = prob_a,
            .prob_b = prob_b};
  }
};

}  // namespace scoria::model::kernel_machine
