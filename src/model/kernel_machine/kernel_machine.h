// The arithmetic of support vector machines: a kernel between rows and support vectors, weighted and summed, as libsvm does it.
// Source: Chang & Lin, LIBSVM: a library for support vector machines, ACM TIST 2 (2011); libsvm's order of operations was
// compared with what scikit-learn 0.19 to 1.9 answer.
// Threads: free functions over immutable input.
// Ownership: a Machine owns nothing: its arrays may lie in a StoredMachine or in a mapped file, and must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "model/class_columns.h"
#include "model/features.h"
#include "model/tree/simd.h"

namespace scoria::model::kernel_machine {

enum class KernelKind : std::uint8_t {
  linear,   // u'v
  poly,     // (gamma u'v + coef0) ^ degree
  rbf,      // exp(-gamma |u - v|^2)
  sigmoid,  // tanh(gamma u'v + coef0)
};

struct Kernel {
  KernelKind kind = KernelKind::rbf;
  double gamma = 0;  // not used by linear
  double coef0 = 0;  // poly, sigmoid
  int degree = 3;    // poly
};

// A fitted machine with one sum (regression, one-class), or of several classes with one sum for each pair of them: (0, 1), (0, 2),
// ..., (1, 2), ... The vectors of a classifier stand class by class. For the pair (i, j) a vector of class i has its coefficient in
// row j - 1, one of class j in row i: libsvm's sv_coef.
struct Machine {
  Kernel kernel;
  std::size_t dimensions = 0;
  std::size_t classes = 0;                      // 0: one sum over all vectors
  std::span<const double> vectors;              // count() x dimensions, the numbers of a vector side by side
  std::span<const double> coefficients;         // max(classes - 1, 1) x count(), those of a row side by side
  std::span<const double> rho;                  // one for each sum, from which it is subtracted: minus the intercept
  std::span<const std::uint32_t> class_counts;  // vectors of each class; none without classes
  std::span<const double> prob_a;               // Platt's for each pair; none where no probabilities were fitted
  std::span<const double> prob_b;

  std::size_t count() const { return classes > 1 ? coefficients.size() / (classes - 1) : coefficients.size(); }
  std::size_t sums() const { return classes == 0 ? 1 : classes * (classes - 1) / 2; }
};

// What decision_values() and the functions of pairs.h need: sizes that agree, at least two classes or none, finite numbers, gamma and
// degree that are not negative. Errors: corrupt, saying which; the caller says of what.
Status check(const Machine& machine);

// out[sum * stride + i] = the value of each sum for row first + i, i in [0, count). Below or at 0 is libsvm's "no": the outlier,
// the second class of a pair.
// Every choice of instructions gives the same bits. They are libsvm's own operations in its own order, but for exp() and tanh(), which
// are those of exponential.h; a row with a value nearer to 0 than near_zero() is computed with the C library's, as libsvm does, so
// that no row changes its class. Then linear and polynomial kernels have libsvm's bits on every row, and the others a value within
// (vectors + 8) * 2.3e-16 of all that is added, without regard to sign.
// Preconditions: check() was passed; columns.size() == machine.dimensions; every column has first + count rows; stride >= count.
// O(count x vectors x dimensions).
void decision_values(const Machine& machine, std::span<const double* const> columns, std::size_t first,
                     std::size_t count, tree::Simd simd, double* out, std::size_t stride);

// The values of one row by libsvm's operations and the C library's functions: out[sum].
void exact_values(const Machine& machine, std::span<const double* const> columns, std::size_t row, double* out);

// For each sum, how near to 0 its value must lie to be computed with the C library's functions.
std::vector<double> near_zero(const Machine& machine);

// decision_values() of all rows, by sum, then row; blocks of them on the executor.
// Errors: unsupported, where the processor lacks the instructions asked for.
Result<NumberColumns> decide(const Machine& machine, const FeatureMatrix& rows, SimdTarget simd, Executor& executor);

}  // namespace scoria::model::kernel_machine
