// QR decomposition by Householder reflections with R's limited pivoting: a column that depends on those before it goes last.
// Source: Dongarra, Bunch, Moler, Stewart: LINPACK Users' Guide (1979), ch. 9; ?qr of R for the pivoting and its tolerance.
// Threads: immutable once made.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace scoria::model::terms {

class Householder {
 public:
  // Column-major, rows x columns, both at least 1.
  Householder(std::vector<double> matrix, std::size_t rows, std::size_t columns);

  // R's diagonal element of a column in pivoted order. Precondition: column < min(rows, columns).
  double diagonal(std::size_t column) const { return matrix_[column * rows_ + column]; }

  // y := Q y and y := Q' y. Precondition: y.size() == rows.
  void multiply(std::span<double> y) const;
  void multiply_transposed(std::span<double> y) const;

 private:
  void reflect(std::size_t column, std::span<double> y) const;

  std::size_t rows_;
  std::size_t rank_;
  std::vector<double> matrix_;  // R above and on the diagonal, reflections below it
  std::vector<double> heads_;   // the first element of each reflection
};

}  // namespace scoria::model::terms
