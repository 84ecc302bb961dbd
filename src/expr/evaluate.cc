#include "expr/evaluate.h"

#include <algorithm>
#include <utility>

#include "expr/convert.h"
#include "expr/message.h"
#include "expr/shift.h"

namespace scoria::expr {

using table::ColumnPtr;
using table::Type;

namespace {

ColumnPtr taken(const ColumnPtr& full, Rows rows) { return rows.is_all ? full : full->take(rows.list); }

}  // namespace

Cell& Evaluator::cell(OpId id) {
  if (program_.ops[id].depends == 0) return program_.cells[id];
  if (cells_.size() <= id) cells_.resize(id + 1);
  if (!cells_[id]) cells_[id] = std::make_shared<Cell>();
  return *cells_[id];
}

Result<ColumnPtr> Evaluator::column(OpId id, Rows rows) {
  const Op& op = program_.ops[id];
  switch (op.kind) {
    case Op::Kind::input: return taken(program_.rows.column(op.index), rows);
    case Op::Kind::literal: return op.literal;
    case Op::Kind::constant:
      if (op.index < bound_.size() && bound_[op.index]) return bound_[op.index];
      return located(op.place, Error{Code::invalid, "constant '" + program_.constants[op.index].name +
                                                        "' has no value yet; give it one with with()"});
    case Op::Kind::call: break;
  }
  const bool is_aggregate = op.is_aggregate() && op.shape == Shape::rows;
  if (op.shape != Shape::rows || op.is_whole()) {
    Cell& kept = cell(id);
    if (!kept.full) {
      SCORIA_TRY(full, compute(op, Rows::all()));
      kept.full = full;
    }
    if (op.shape != Shape::rows) return kept.full;
    if (!is_aggregate) return taken(kept.full, rows);
    const std::vector<std::uint32_t>& groups = program_.groups();
    if (rows.is_all) return kept.full->take(groups);
    std::vector<std::uint32_t> wanted(rows.list.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = groups[rows.list[i]];
    return kept.full->take(wanted);
  }
  if (!op.is_kept) return compute(op, rows);
  Cell& kept = cell(id);
  if (kept.full) return taken(kept.full, rows);
  if (!rows.is_all) {
    // Rent until renting has cost as much as buying: no column costs more than twice its full price, however it is used.
    kept.asked += rows.list.size() + 1;
    if (kept.asked <= program_.rows.rows()) return compute(op, rows);
  }
  SCORIA_TRY(full, compute(op, Rows::all()));
  kept.full = full;
  return taken(full, rows);
}

Result<ColumnPtr> Evaluator::compute(const Op& op, Rows rows) {
  auto result = op.is_shift() ? shift(op, rows) : call(op, rows);
  return result;
}

Result<ColumnPtr> Evaluator::shift(const Op& op, Rows rows) {
  const bool is_lead = op.function->name == "lead";
  std::size_t distance = 1;
  if (op.args[1] != kNoOp) {
    SCORIA_TRY(n, column(op.args[1], Rows::all()));
    auto checked = shift_distance(n);
    if (!checked.ok()) return located(op.place, std::move(checked).error());
    distance = checked.value();
  }
  ColumnPtr fill;
  if (op.args[2] != kNoOp) {
    SCORIA_TRY(value, column(op.args[2], Rows::all()));
    fill = value->is_null(0) ? nullptr : value;
    if (fill && op.type == Type::factor)
      return located(op.place, Error{Code::invalid, "the default of a factor must be NA"});
    if (fill) fill = to_type(fill, op.type);
  }
  if (op.shape != Shape::rows) {
    // A vector is one group of its own.
    SCORIA_TRY(values, column(op.args[0], Rows::all()));
    const ColumnPtr x = to_type(values, op.type);
    const std::uint32_t start = 0;
    const std::vector<std::uint32_t> one_group(x->size(), 0);
    const ShiftedRows shifted = shifted_rows(nullptr, distance, is_lead, std::span(&start, 1), x->size(), one_group);
    return filled(x->take(shifted.rows), shifted.outside, fill);
  }
  if (rows.is_all) {
    SCORIA_TRY(values, column(op.args[0], Rows::all()));
    const ColumnPtr x = to_type(values, op.type);
    if (x->type() == Type::real && !is_lead && !fill) return lag_reals(*x, distance, program_.starts);
    const ShiftedRows shifted =
        shifted_rows(nullptr, distance, is_lead, program_.starts, program_.rows.rows(), program_.groups());
    return filled(x->take(shifted.rows), shifted.outside, fill);
  }
  const ShiftedRows shifted =
      shifted_rows(&rows.list, distance, is_lead, program_.starts, program_.rows.rows(), program_.groups());
  SCORIA_TRY(values, column(op.args[0], Rows::some(shifted.rows)));
  return filled(to_type(values, op.type), shifted.outside, fill);
}

Result<ColumnPtr> Evaluator::call(const Op& op, Rows rows) {
  const bool of_rows = op.shape == Shape::rows;
  const bool is_elementwise = op.function->kind == FunctionKind::elementwise;
  std::vector<ColumnPtr> args;
  args.reserve(op.args.size());
  const bool any_length = op.function->name == "c" || op.is_aggregate();
  Call call;
  call.size = of_rows ? (rows.is_all || !is_elementwise ? program_.rows.rows() : rows.list.size()) : 1;
  for (const OpId id : op.args) {
    if (id == kNoOp) {
      args.push_back(nullptr);
      continue;
    }
    SCORIA_TRY(arg, column(id, is_elementwise ? rows : Rows::all()));
    args.push_back(arg);
    if (of_rows || arg->size() == 1) continue;
    if (args.size() > op.function->first_constant) continue;
    if (!any_length && call.size != 1 && call.size != arg->size())
      return located(
          op.place, Error{Code::invalid, "'" + std::string(op.function->name) + "' of " + std::to_string(call.size) +
                                             " and " + std::to_string(arg->size()) + " values, must be of one length"});
    call.size = arg->size();
  }
  constexpr std::uint32_t kOneGroup[] = {0};
  call.args = args;
  call.type = op.type;
  call.na_rm = op.na_rm;
  call.starts = of_rows ? std::span<const std::uint32_t>(program_.starts) : std::span<const std::uint32_t>(kOneGroup);
  auto result = op.function->kernel(call);
  if (!result.ok()) return located(op.place, std::move(result).error());
  return result;
}

}  // namespace scoria::expr
