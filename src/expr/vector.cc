#include "expr/evaluate.h"
#include "expr/frame.h"
#include "expr/message.h"
#include "expr/program.h"

namespace scoria::expr {

using table::ColumnPtr;

Result<ColumnPtr> evaluate_vector(const Expression& expression, const Tables& tables, const Constants& constants) {
  Program program;
  program.starts = {0};
  program.tables = tables;
  std::vector<ColumnPtr> bound;
  for (const auto& [name, value] : constants) {
    program.constants.push_back({name, value.type()});
    bound.push_back(value.column());
  }
  SCORIA_TRY(id, compile(program, {}, expression));
  if (program.ops[id].shape == Shape::rows)
    return located(expression->place, Error{Code::unsupported, "n() and row_number() need the rows of a frame"});
  std::vector<std::shared_ptr<Cell>> cells;
  return Evaluator(program, bound, cells).column(id, Rows::all());
}

Result<Scalar> evaluate_scalar(const Expression& expression, const Tables& tables, const Constants& constants) {
  SCORIA_TRY(values, evaluate_vector(expression, tables, constants));
  if (values->size() != 1)
    return located(expression->place,
                   Error{Code::invalid, "gives " + std::to_string(values->size()) + " values, must give one"});
  return Scalar::from(*values, 0);
}

}  // namespace scoria::expr
