#include "model/terms/variables.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "base/na.h"
#include "expr/convert.h"
#include "expr/frame.h"
#include "model/features.h"
#include "model/level_codes.h"
#include "table/number_text.h"

namespace scoria::model::terms {
namespace {

using expr::Argument;
using expr::Expression;
using table::Column;
using table::ColumnPtr;
using table::Type;

// Their values, read as text, are the levels that the fit has recorded, in whatever order these are.
bool makes_factor(const Expression& call) {
  for (const std::string_view name :
       {"factor", "as.factor", "ordered", "as.ordered", "relevel", "droplevels", "C", "addNA"})
    if (call->is_call(name)) return true;
  return false;
}

std::string class_of(const Column& column) {
  switch (column.type()) {
    case Type::logical: return "logical";
    case Type::text: return "character";
    case Type::factor: return column.ordered() ? "ordered" : "factor";
    default: return "numeric";
  }
}

// The first cell with a value; rows() where there is none.
std::size_t first_value(const Column& column) {
  std::size_t row = 0;
  const bool is_text = column.type() == Type::text || column.type() == Type::factor;
  while (row < column.size() && (column.is_null(row) || (is_text && table::is_blank(cell_text(column, row))))) ++row;
  return row;
}

// R's message, and where it starts to be true.
Error wrong_class(const VariablePlan& plan, const Column& column, std::size_t row, std::size_t first_row,
                  const std::string& allowed) {
  return Error{Code::invalid, "variable '" + plan.name + "' was fitted with type \"" + plan.r_class + "\" but type \"" +
                                  class_of(column) + "\" was supplied: row " + std::to_string(first_row + row) +
                                  " holds '" + cell_text(column, row) + "', must be " + allowed};
}

Error new_levels(const VariablePlan& plan, const Column& column, std::span<const std::int32_t> codes,
                 std::size_t first_row) {
  std::set<std::string> unseen;
  std::size_t first = codes.size();
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (codes[row] != LevelCodes::kNone || column.is_null(row)) continue;
    first = std::min(first, row);
    unseen.insert(cell_text(column, row));
  }
  constexpr std::size_t kShown = 12;
  std::string texts;
  std::size_t shown = 0;
  for (const std::string& text : unseen) {
    if (shown++ == kShown) break;
    texts += (texts.empty() ? "" : ", ") + text;
  }
  if (unseen.size() > kShown) texts += " and " + std::to_string(unseen.size() - kShown) + " more";
  return Error{Code::invalid, "factor " + plan.name + " has new levels " + texts + ": row " +
                                  std::to_string(first_row + first) + " is the first; levels: " + listed(plan.levels)};
}

}  // namespace

Status Variables::understand(const Expression& given, VariablePlan& plan) {
  Expression expression = without_i(given);
  while (expression->is_call("(") && expression->args.size() == 1) expression = Expression(expression->args[0].value);
  if (MatrixVariable::is_matrix(expression)) {
    auto matrix = MatrixVariable::parse(expression);
    if (!matrix.ok()) return with_context("the model's formula has '" + plan.name + "'", std::move(matrix).error());
    plan.matrix = std::move(matrix).value();
    return Ok{};
  }
  // Where levels= or labels= say more, expr evaluates the call.
  while (plan.is_factor() && makes_factor(expression) && !expression->args.empty()) {
    const bool is_coded = expression->is_call("factor") || expression->is_call("ordered");
    const bool is_by_levels = std::any_of(expression->args.begin() + 1, expression->args.end(),
                                          [](const Argument& arg) { return arg.name != "ordered"; });
    if (is_coded && is_by_levels) break;
    expression = Expression(expression->args[0].value);
  }
  if (expression->kind == expr::Kind::name) plan.column = expression->text;
  plan.expression = std::move(expression);
  return Ok{};
}

Result<Variables> Variables::make(std::vector<VariablePlan> variables, std::vector<VariablePlan> offsets,
                                  const Sources& sources) {
  Variables result;
  result.variables_ = std::move(variables);
  result.offsets_ = std::move(offsets);
  std::map<std::string, std::vector<std::string>> levels_of_factor_of;
  // Borrowed by inputs_: no reallocation.
  result.plain_.reserve(result.variables_.size() + result.offsets_.size());
  for (const std::vector<VariablePlan>* plans : {&result.variables_, &result.offsets_})
    for (const VariablePlan& plan : *plans)
      if (!plan.column.empty()) result.inputs_.add_column_name(plan.column);
  for (std::vector<VariablePlan>* plans : {&result.variables_, &result.offsets_}) {
    for (VariablePlan& plan : *plans) {
      if (plan.matrix) {
        std::vector<Expression> inputs;
        for (const Expression& input : plan.matrix->inputs()) {
          SCORIA_TRY(noted, result.inputs_.add(input, Inputs::Use::number, plan.name, plan.is_used));
          inputs.push_back(std::move(noted));
        }
        plan.matrix->set_inputs(std::move(inputs));
        result.has_expressions_ = true;
        continue;
      }
      const bool is_offset = plans == &result.offsets_;
      if (!is_offset && plan.column == plan.name) {
        result.plain_.push_back({plan.column, plan.kind, plan.levels, plan.is_used});
        result.inputs_.add_plain(result.plain_.back(), plan.is_used);
        continue;
      }
      const Inputs::Use use = is_offset ? Inputs::Use::number : Inputs::Use::any;
      if (!plan.column.empty() && plan.is_factor()) levels_of_factor_of[plan.column] = plan.levels;
      SCORIA_TRY(noted, result.inputs_.add(*plan.expression, use, plan.name, plan.is_used));
      plan.expression = noted;
      if (plan.column.empty()) result.has_expressions_ = true;
    }
  }
  result.inputs_.record(sources.data, sources.frame);
  result.features_ = result.inputs_.features(levels_of_factor_of);
  // What no rows can be computed of is refused now: types that do not fit, cut() without its breaks.
  table::Table none(0);
  for (const Feature& feature : result.features_) {
    const bool is_text = feature.kind == FeatureKind::factor || feature.kind == FeatureKind::ordered;
    none.add(feature.name, is_text ? Column::text(std::span<const std::string>{}) : Column::real({}));
  }
  if (auto frame = result.frame(none, 1); !frame.ok())
    return Error{Code::unsupported, std::move(frame).error().message};
  return result;
}

// The table of one call, and what is computed from it.
struct Variables::Evaluation {
  const table::Table& rows;
  std::size_t first_row;
  std::optional<expr::Frame> frame;  // where there are expressions
  std::vector<char> incomplete;

  Result<ColumnPtr> column(const VariablePlan& plan, const Expression& expression) {
    auto column = frame->evaluate(expression);
    if (!column.ok())
      return with_context("variable '" + plan.name + "' of the model's formula", std::move(column).error());
    return column;
  }

  void note_missing(std::span<const double> values) {
    for (std::size_t row = 0; row < values.size(); ++row)
      if (values[row] != values[row]) incomplete[row] = 1;
  }
};

namespace {

// Doubles of a number or logical column: its own where it has them.
std::span<const double> shared_numbers(const ColumnPtr& column, ModelFrame& frame) {
  frame.shared.push_back(expr::to_real(column));
  return frame.shared.back()->reals();
}

std::span<const double> missing(std::size_t rows, ModelFrame& frame) {
  return frame.computed.emplace_back(rows, na_real());
}

Result<std::span<const double>> level_codes(const VariablePlan& plan, const Column& column, std::size_t first_row,
                                            ModelFrame& frame) {
  const LevelCodes levels(plan.levels);
  const std::size_t first = first_value(column);
  if (first == column.size() && !plan.na_level) return missing(column.size(), frame);
  if (holds_numbers(column) && !levels.has_numbers())
    return wrong_class(plan, column, first, first_row, "one of " + listed(plan.levels));
  const std::vector<std::int32_t> codes = levels.of_column(column);
  const double at_null = plan.na_level ? static_cast<double>(*plan.na_level) : na_real();
  std::vector<double>& values = frame.computed.emplace_back(codes.size());
  for (std::size_t row = 0; row < codes.size(); ++row) {
    values[row] = codes[row] == LevelCodes::kNone ? at_null : static_cast<double>(codes[row]);
    if (codes[row] == LevelCodes::kNone && !column.is_null(row)) return new_levels(plan, column, codes, first_row);
  }
  return std::span<const double>(values);
}

// A variable that the fit has no levels of, which no term uses: only whether it is there.
std::span<const double> presence(const Column& column, ModelFrame& frame) {
  std::vector<double>& values = frame.computed.emplace_back(column.size(), 0.0);
  for (std::size_t row = 0; row < values.size(); ++row)
    if (column.is_null(row)) values[row] = na_real();
  return values;
}

Result<std::span<const double>> vector_of(const VariablePlan& plan, const ColumnPtr& column, bool is_plain,
                                          std::size_t first_row, ModelFrame& frame) {
  if (plan.is_factor()) {
    if (plan.levels.empty()) return presence(*column, frame);
    return level_codes(plan, *column, first_row, frame);
  }
  const bool is_logical = column->type() == Type::logical;
  const bool is_right = plan.kind == FeatureKind::logical ? is_logical : holds_numbers(*column);
  if (is_right) return shared_numbers(column, frame);
  const std::size_t first = first_value(*column);
  if (first == column->size()) return missing(column->size(), frame);
  if (plan.kind == FeatureKind::number && plan.r_class == "other") {
    if (ColumnPtr numbers = numbers_in_text(*column)) return shared_numbers(numbers, frame);  // a Date or POSIXct
  }
  if (plan.kind == FeatureKind::logical) return wrong_class(plan, *column, first, first_row, "TRUE or FALSE");
  if (is_plain && !is_logical) {
    // The cell that is no number is the one to name, not a number beside it that came as text for its sake.
    std::size_t row = first;
    for (std::size_t i = first; i < column->size(); ++i) {
      if (column->is_null(i) || table::is_blank(cell_text(*column, i)) || table::parse_real(cell_text(*column, i)))
        continue;
      row = i;
      break;
    }
    return wrong_class(plan, *column, row, first_row, "a number");
  }
  return wrong_class(plan, *column, first, first_row, "a number");
}

}  // namespace

Status Variables::add_variable(const VariablePlan& plan, Evaluation& evaluation, ModelFrame& frame) const {
  const std::size_t rows = evaluation.rows.rows();
  Variable& variable = frame.variables.emplace_back();
  variable.name = plan.name;
  variable.kind = plan.kind;
  variable.levels = plan.levels;
  if (plan.matrix) {
    std::vector<ColumnPtr> columns;
    std::vector<std::span<const double>> inputs;
    for (const Expression& input : plan.matrix->inputs()) {
      SCORIA_TRY(column, evaluation.column(plan, input));
      if (column->type() > Type::real)
        return Error{Code::invalid, "variable '" + plan.name + "' of the model's formula needs numbers, not " +
                                        std::string(table::type_name(column->type()))};
      columns.push_back(expr::to_real(column));
      inputs.push_back(columns.back()->reals());
    }
    variable.column_names = plan.matrix->column_names();
    std::vector<double>& values = frame.computed.emplace_back(plan.matrix->columns() * rows);
    plan.matrix->evaluate(inputs, rows, values);
    for (std::size_t i = 0; i < plan.matrix->columns(); ++i)
      variable.columns.push_back(std::span<const double>(values).subspan(i * rows, rows));
  } else if (!plan.column.empty()) {
    SCORIA_TRY(values, vector_of(plan, evaluation.rows.find(plan.column), true, evaluation.first_row, frame));
    variable.columns.push_back(values);
  } else {
    SCORIA_TRY(column, evaluation.column(plan, *plan.expression));
    SCORIA_TRY(values, vector_of(plan, column, false, evaluation.first_row, frame));
    variable.columns.push_back(values);
  }
  for (const std::span<const double> values : variable.columns) evaluation.note_missing(values);
  return Ok{};
}

Result<ModelFrame> Variables::frame(const table::Table& rows, std::size_t first_row) const {
  const std::vector<std::string> absent = absent_columns(features_, rows.names());
  if (!absent.empty()) return lacks_columns(absent);
  ModelFrame frame;
  frame.rows = rows.rows();
  frame.computed.reserve(variables_.size() + 2 * offsets_.size());
  Evaluation evaluation{
      .rows = rows, .first_row = first_row, .frame = {}, .incomplete = std::vector<char>(rows.rows(), 0)};
  if (has_expressions_) {
    SCORIA_TRY(bound, inputs_.bind(rows, first_row));
    evaluation.frame.emplace(std::move(bound));
    inputs_.add_notes(rows, frame.notes);
  }
  frame.variables.reserve(variables_.size() + offsets_.size());
  for (const VariablePlan& plan : variables_) SCORIA_TRY_STATUS(add_variable(plan, evaluation, frame));
  for (const VariablePlan& plan : offsets_) {
    SCORIA_TRY_STATUS(add_variable(plan, evaluation, frame));
    const std::span<const double> values = frame.variables.back().columns[0];
    frame.offset.resize(rows.rows(), 0.0);
    for (std::size_t row = 0; row < values.size(); ++row) frame.offset[row] += values[row];
    frame.variables.pop_back();
  }
  frame.incomplete.assign(evaluation.incomplete.begin(), evaluation.incomplete.end());
  return frame;
}

}  // namespace scoria::model::terms
