// What the plain walk and the vector kernels share: one block of rows against all support vectors.
// Threads: free functions over immutable input; each thread has blocks of its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/kernel_machine/kernel_machine.h"
#include "model/tree/simd.h"

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

constexpr std::size_t kBlockRows = 16;

enum class Functions : std::uint8_t {
  library,  // the C library's exp() and tanh(): libsvm's own bits
  ours,     // exponential.h
};

struct Block {
  const double* x = nullptr;             // dimensions x kBlockRows, the rows' values of a column side by side
  const std::uint32_t* pairs = nullptr;  // classes x (classes - 1): pair_of(); not read where there is one sum
  double* sums = nullptr;                // sums x kBlockRows
};

// Precondition: simd is not none, and this processor has it.
void run_block(const Machine& machine, const Block& block, Functions functions, tree::Simd simd);

}  // namespace scoria::model::kernel_machine
