// A variable of a formula that has several columns: poly(), bs(), ns(), scale(), cbind() of numbers, as predvars give them.
// Threads: immutable once parsed; const members may run concurrently.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "model/terms/basis.h"

namespace scoria::model::terms {

// Columns of one such variable.
inline constexpr std::size_t kMaxMatrixColumns = 10'000;
// Variables of one poly().
inline constexpr std::size_t kMaxPolyInputs = 50;

class MatrixVariable {
 public:
  // Whether the call gives a matrix.
  static bool is_matrix(const expr::Expression& expression);

  // Errors: unsupported, for what only the training rows could tell (poly(x, 2) without its coefs) or is not understood;
  // corrupt, for constants that do not fit; too_large, beyond kMaxMatrixColumns.
  static Result<MatrixVariable> parse(const expr::Expression& expression);

  // The vectors of numbers it is made of, in the order evaluate() takes them.
  const std::vector<expr::Expression>& inputs() const { return inputs_; }
  // The same, by other names. Precondition: as many as inputs().
  void set_inputs(std::vector<expr::Expression> inputs) { inputs_ = std::move(inputs); }
  std::size_t columns() const { return columns_; }
  // One per column, or empty where R gives it none.
  const std::vector<std::string>& column_names() const { return names_; }

  // Column-major: out[column * rows + row]. Precondition: one input for each of inputs(), of `rows` numbers.
  void evaluate(std::span<const std::span<const double>> inputs, std::size_t rows, std::span<double> out) const;

 private:
  static Result<MatrixVariable> poly(const expr::Expression& call);
  static Result<MatrixVariable> spline(const expr::Expression& call);
  static Result<MatrixVariable> scaled(const expr::Expression& call);
  static Result<MatrixVariable> bound(const expr::Expression& call);

  void evaluate_poly(std::span<const std::span<const double>> inputs, std::size_t rows, std::span<double> out) const;

  std::vector<expr::Expression> inputs_;
  std::size_t columns_ = 1;
  std::vector<std::string> names_;

  // One of these; none of them: the input as it stands.
  std::vector<Polynomial> polynomials_;            // by input
  std::vector<std::vector<std::size_t>> degrees_;  // of several inputs: by column, each input's degree
  std::optional<Spline> spline_;
  std::vector<double> center_;  // scale(): by column, empty where nothing is subtracted
  std::vector<double> scale_;
  std::vector<MatrixVariable> parts_;  // of cbind(), or the one that scale() takes
};

}  // namespace scoria::model::terms
