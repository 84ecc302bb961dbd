#include "expr/frame.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "expr/evaluate.h"
#include "expr/message.h"
#include "expr/program.h"
#include "expr/shift.h"

namespace scoria::expr {

using table::ColumnPtr;
using table::Type;

struct Frame::State {
  std::shared_ptr<Program> program;
  Definitions definitions;
  std::vector<ColumnPtr> bound;  // by constant; nullptr: no value yet
  std::vector<std::shared_ptr<Cell>>
      cells;  // by operation that reads constants; shared with other frames until rebound

  Evaluator evaluator() { return Evaluator(*program, bound, cells); }

  Result<OpId> named(std::string_view name) {
    return compile(*program, definitions, Expression::name(std::string(name)));
  }

  // One value becomes `size` of them; a vector of another length is refused.
  Result<ColumnPtr> rows(OpId id, Rows rows) {
    SCORIA_CHECK(rows.list.empty() || *std::max_element(rows.list.begin(), rows.list.end()) < program->rows.rows());
    SCORIA_TRY(column, evaluator().column(id, rows));
    const Op& op = program->ops[id];
    if (op.shape == Shape::rows) return column;
    const std::size_t size = rows.is_all ? program->rows.rows() : rows.list.size();
    if (column->size() == size && op.shape == Shape::vector) return column;
    if (column->size() != 1)
      return located(op.place, Error{Code::invalid, "gives " + std::to_string(column->size()) +
                                                        " values, must give 1 or one per row (" +
                                                        std::to_string(program->rows.rows()) + ")"});
    return column->take(std::vector<std::uint32_t>(size, 0));
  }
};

Frame::Frame(table::Table rows, std::vector<std::uint32_t> group_starts) : state_(std::make_unique<State>()) {
  if (group_starts.empty()) group_starts.push_back(0);
  SCORIA_CHECK(group_starts[0] == 0);
  SCORIA_CHECK(std::adjacent_find(group_starts.begin(), group_starts.end(), std::greater_equal<>{}) ==
               group_starts.end());
  SCORIA_CHECK(group_starts.back() == 0 || group_starts.back() < rows.rows());
  state_->program = std::make_shared<Program>();
  state_->program->rows = std::move(rows);
  state_->program->starts = std::move(group_starts);
}

Frame::Frame(std::unique_ptr<State> state) : state_(std::move(state)) {}
Frame::Frame(Frame&&) noexcept = default;
Frame& Frame::operator=(Frame&&) noexcept = default;
Frame::~Frame() = default;

std::size_t Frame::rows() const { return state_->program->rows.rows(); }

Status Frame::declare(std::string name, Type type) {
  if (type == Type::factor) return Error{Code::unsupported, "constant '" + name + "' cannot be a factor, use text"};
  if (state_->program->rows.position(name) || state_->definitions.count(name) != 0)
    return Error{Code::conflict, "constant '" + name + "' has the name of a column"};
  if (state_->program->constant(name)) return Error{Code::conflict, "constant '" + name + "' is declared twice"};
  state_->program->constants.push_back({std::move(name), type});
  return Ok{};
}

Status Frame::define(std::string name, const Expression& expression) {
  if (state_->program->constant(name))
    return Error{Code::conflict, "'" + name + "' is a constant, it cannot be a column too"};
  auto compiled = compile(*state_->program, state_->definitions, expression);
  if (!compiled.ok()) return with_context("'" + name + "'", std::move(compiled).error());
  const OpId id = compiled.value();
  Op& op = state_->program->ops[id];
  if (op.shape == Shape::vector)
    return with_context("'" + name + "'",
                        located(op.place, Error{Code::invalid, "gives a vector, must give one value or one per row"}));
  op.is_kept = true;
  // A distance that is known now is refused now.
  if (op.is_shift() && op.args[1] != kNoOp && state_->program->ops[op.args[1]].depends == 0) {
    SCORIA_TRY(n, state_->evaluator().column(op.args[1], Rows::all()));
    if (auto distance = shift_distance(n); !distance.ok())
      return with_context("'" + name + "'", located(op.place, std::move(distance).error()));
  }
  state_->definitions[std::move(name)] = id;
  return Ok{};
}

Result<Frame> Frame::with(const std::map<std::string, Scalar>& constants) const {
  auto next = std::make_unique<State>(*state_);
  next->bound.resize(next->program->constants.size());
  std::uint64_t changed = 0;
  for (const auto& [name, value] : constants) {
    const auto index = next->program->constant(name);
    if (!index) {
      std::vector<std::string> known;
      for (const Constant& constant : next->program->constants) known.push_back(constant.name);
      return Error{Code::not_found, "there is no constant '" + name + "'; " + suggestion(name, known)};
    }
    auto typed = value.as(next->program->constants[*index].type);
    if (!typed.ok()) return with_context("constant '" + name + "'", std::move(typed).error());
    next->bound[*index] = typed.value().column();
    changed |= dependency_bit(*index);
  }
  for (OpId id = 0; id < next->cells.size(); ++id)
    if ((next->program->ops[id].depends & changed) != 0) next->cells[id].reset();
  return Frame(std::move(next));
}

Result<Type> Frame::type_of(std::string_view name) const {
  SCORIA_TRY(id, state_->named(name));
  return state_->program->ops[id].type;
}

Result<Type> Frame::type_of(const Expression& expression) const {
  SCORIA_TRY(id, compile(*state_->program, state_->definitions, expression));
  return state_->program->ops[id].type;
}

Result<ColumnPtr> Frame::column(std::string_view name) const {
  SCORIA_TRY(id, state_->named(name));
  return state_->rows(id, Rows::all());
}

Result<ColumnPtr> Frame::column(std::string_view name, std::span<const std::uint32_t> wanted) const {
  SCORIA_TRY(id, state_->named(name));
  return state_->rows(id, Rows::some(wanted));
}

Result<ColumnPtr> Frame::evaluate(const Expression& expression) const {
  SCORIA_TRY(id, compile(*state_->program, state_->definitions, expression));
  return state_->rows(id, Rows::all());
}

Result<ColumnPtr> Frame::evaluate(const Expression& expression, std::span<const std::uint32_t> wanted) const {
  SCORIA_TRY(id, compile(*state_->program, state_->definitions, expression));
  return state_->rows(id, Rows::some(wanted));
}

Result<std::vector<std::uint32_t>> Frame::rows_where(const Expression& condition) const {
  SCORIA_TRY(column, evaluate(condition));
  if (column->type() != Type::logical)
    return located(condition->place, Error{Code::invalid, "a condition must be logical, not " +
                                                              std::string(table::type_name(column->type()))});
  // A null slot holds 0. Written without a branch: the rows kept are few and their places irregular.
  const std::span<const std::uint8_t> values = column->logicals();
  std::vector<std::uint32_t> rows(values.size() + 1);
  std::size_t count = 0;
  for (std::size_t row = 0; row < values.size(); ++row) {
    rows[count] = static_cast<std::uint32_t>(row);
    count += values[row];
  }
  rows.resize(count);
  return rows;
}

}  // namespace scoria::expr
