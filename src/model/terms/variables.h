// The variables of a fitted formula: what each is made of, and its values for a table's rows.
// Threads: immutable once parsed; const members may run concurrently.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "model/model.h"
#include "model/terms/inputs.h"
#include "model/terms/matrix_variable.h"
#include "model/terms/terms.h"
#include "table/table.h"

namespace scoria::model::terms {

// One variable, or an offset.
struct VariablePlan {
  std::string name;
  std::string r_class;  // as the fit recorded it: "numeric", "factor", "nmatrix.3"
  FeatureKind kind = FeatureKind::number;
  std::vector<std::string> levels;
  std::optional<std::size_t> na_level;  // of a factor that has NA among its levels
  bool is_used = true;                  // false: in no term, but R demands it in newdata

  std::string column;                          // not empty: this column as it stands
  std::optional<expr::Expression> expression;  // else one vector
  std::optional<MatrixVariable> matrix;        // or a matrix

  bool is_factor() const { return kind == FeatureKind::factor || kind == FeatureKind::ordered; }
};

class Variables {
 public:
  Variables() = default;
  Variables(Variables&&) = default;
  Variables& operator=(Variables&&) = default;
  Variables(const Variables&) = delete;  // inputs_ points into plain_
  Variables& operator=(const Variables&) = delete;

  // Errors: as Terms::parse().
  static Result<Variables> make(std::vector<VariablePlan> variables, std::vector<VariablePlan> offsets,
                                const Sources& sources);

  // Takes an expression apart: plain column, matrix or vector; the factor() around a vector is left out.
  static Status understand(const expr::Expression& expression, VariablePlan& plan);

  const std::vector<VariablePlan>& plans() const { return variables_; }
  const std::vector<Feature>& features() const { return features_; }
  bool has_offset() const { return !offsets_.empty(); }

  // As Terms::frame().
  Result<ModelFrame> frame(const table::Table& rows, std::size_t first_row) const;

 private:
  struct Evaluation;
  Status add_variable(const VariablePlan& plan, Evaluation& evaluation, ModelFrame& frame) const;

  std::vector<VariablePlan> variables_;
  std::vector<VariablePlan> offsets_;
  std::vector<Feature> plain_;  // features of plain variables, which inputs_ borrows
  Inputs inputs_;
  std::vector<Feature> features_;
  bool has_expressions_ = false;
};

}  // namespace scoria::model::terms
