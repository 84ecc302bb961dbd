// What the plain walk and the vector kernels share.
// Threads: free functions.
#pragma once

#include <cstddef>

namespace scoria::model::kernel_machine {

// base ^ degree by squaring, in libsvm's order. Precondition: degree >= 0.
inline double whole_power(double base, int degree) {
  double power = 1.0;
  for (double square = base; degree > 0; degree /= 2) {
    if (degree % 2 == 1) power *= square;
    square *= square;
  }
  return power;
}

// The pair's place where vectors of class `own` have their coefficients in row `row`: the other class is row, or row + 1 from own on.
inline std::size_t pair_of(std::size_t classes, std::size_t own, std::size_t row) {
  const std::size_t low = row < own ? row : own;
  const std::size_t high = row < own ? own : row + 1;
  return low * (2 * classes - low - 1) / 2 + (high - low - 1);
}

}  // namespace scoria::model::kernel_machine
