#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

#include "expr/group.h"
#include "expr/limits.h"
#include "expr/message.h"
#include "expr/parse.h"
#include "expr/program.h"
#include "expr/scalar.h"
#include "expr/types.h"

namespace scoria::expr {
namespace {

using table::Type;

std::string call_name(const FunctionInfo& function) {
  const char first = function.name.front();
  const bool is_plain = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  return is_plain ? std::string(function.name) + "()" : "'" + std::string(function.name) + "'";
}

std::string count_text(const FunctionInfo& function) {
  const std::string least = std::to_string(function.min_args);
  if (function.max_args == function.min_args) return function.min_args == 0 ? "none" : least;
  if (function.max_args == kAnyNumber) return "at least " + least;
  return least + " to " + std::to_string(function.max_args);
}

class Compiler {
 public:
  Compiler(Program& program, const Definitions& definitions) : program_(program), definitions_(definitions) {}

  Result<OpId> compile(const Expression& expression) {
    const Node& node = *expression;
    switch (node.kind) {
      case Kind::number: return literal({node.number, false}, node);
      case Kind::integer: return literal({node.integer, false}, node);
      case Kind::text: return literal({node.text, false}, node);
      case Kind::logical: return literal({node.logical, false}, node);
      case Kind::na: return literal(Scalar::na(node.na_type), node);
      case Kind::null: return fail(node, Code::unsupported, "NULL is not supported as a value");
      case Kind::name: return name(node);
      case Kind::call: break;
    }
    if (node.is_call("(") && node.args.size() == 1) return compile(node.args[0].value);
    if (node.is_call("$")) return table_column(node);
    return call(node);
  }

 private:
  static Error fail(const Node& node, Code code, std::string message) {
    return located(node.place, Error{code, std::move(message)});
  }

  OpId literal(const Scalar& value, const Node& node) {
    Op op;
    op.kind = Op::Kind::literal;
    op.type = value.type();
    op.literal = value.column();
    op.place = node.place;
    return program_.add(std::move(op));
  }

  Result<OpId> name(const Node& node) {
    if (const auto found = definitions_.find(node.text); found != definitions_.end()) return found->second;
    Op op;
    op.place = node.place;
    if (const auto position = program_.rows.position(node.text)) {
      op.kind = Op::Kind::input;
      op.index = static_cast<std::uint32_t>(*position);
      op.type = program_.rows.column(*position)->type();
      op.shape = Shape::rows;
      return program_.add(std::move(op));
    }
    if (const auto constant = program_.constant(node.text)) {
      op.kind = Op::Kind::constant;
      op.index = *constant;
      op.type = program_.constants[*constant].type;
      op.depends = dependency_bit(*constant);
      return program_.add(std::move(op));
    }
    if (node.text == "T" || node.text == "F") return literal({node.text == "T", false}, node);
    if (node.text == "pi") return literal({std::numbers::pi, false}, node);
    return fail(node, Code::not_found, "'" + node.text + "' is not known here; " + suggestion(node.text, names()));
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names = program_.rows.names();
    for (const auto& [name, op] : definitions_) names.push_back(name);
    for (const Constant& constant : program_.constants) names.push_back(constant.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  Result<OpId> table_column(const Node& node) {
    const bool is_plain = node.args.size() == 2 && node.args[0].value->kind == Kind::name &&
                          (node.args[1].value->kind == Kind::name || node.args[1].value->kind == Kind::text);
    if (!is_plain) return fail(node, Code::invalid, "'$' must stand between a table's name and a column's name");
    const Node& left = *node.args[0].value;
    const Node& right = *node.args[1].value;
    const auto table = program_.tables.find(left.text);
    if (table == program_.tables.end()) {
      if (program_.tables.empty()) return fail(node, Code::unsupported, "tables cannot be read by '$' here");
      std::vector<std::string> known;
      for (const auto& [name, rows] : program_.tables) known.push_back(name);
      return fail(left, Code::not_found,
                  "table '" + left.text + "' is not known here; " + suggestion(left.text, known));
    }
    const table::ColumnPtr column = table->second.find(right.text);
    if (!column)
      return fail(right, Code::not_found,
                  "table '" + left.text + "' has no column '" + right.text + "'; " +
                      suggestion(right.text, table->second.names()));
    Op op;
    op.kind = Op::Kind::literal;
    op.type = column->type();
    op.shape = Shape::vector;
    op.literal = column;
    op.place = node.place;
    return program_.add(std::move(op));
  }

  Result<OpId> call(const Node& node) {
    const FunctionInfo* function = find_function(node.text);
    if (function == nullptr) {
      std::vector<std::string> known;
      for (const FunctionInfo& info : functions())
        if (std::isalpha(static_cast<unsigned char>(info.name.front())) != 0) known.emplace_back(info.name);
      return fail(node, Code::not_found, "there is no function '" + node.text + "'; " + suggestion(node.text, known));
    }
    Op op;
    op.kind = Op::Kind::call;
    op.function = function;
    op.place = node.place;
    SCORIA_TRY(args, matched(*function, node, op.na_rm));
    for (const Expression* arg : args) {
      if (arg == nullptr) {
        op.args.push_back(kNoOp);
        continue;
      }
      SCORIA_TRY(id, compile(*arg));
      op.args.push_back(id);
    }
    SCORIA_TRY_STATUS(check_shapes(op, node));
    SCORIA_TRY_STATUS(check_types(op, node));
    for (const OpId id : op.args) {
      if (id == kNoOp) continue;
      op.depends |= program_.ops[id].depends;
      op.depth = std::max(op.depth, program_.ops[id].depth + 1);
    }
    if (op.depth > kMaxChain)
      return fail(node, Code::too_large,
                  "more than " + std::to_string(kMaxChain) + " calls within one another, definitions included");
    op.is_kept = op.is_whole();
    return program_.add(shift_last(std::move(op)));
  }

  // cummean_known(lag(x, n)) is lag(cummean_known(x), n), to the bit: what is lagged in from outside the group is NA, which
  // a mean of the known leaves out. Then one running mean serves every n, and lag needs it only at the rows asked for.
  Op shift_last(Op op) {
    if (op.function->kernel != cumulative_mean_known || op.shape != Shape::rows) return op;
    const Op& inner = program_.ops[op.args[0]];
    if (!inner.is_shift() || inner.function->name != "lag" || inner.args[2] != kNoOp) return op;
    Op outer = inner;
    outer.type = op.type;
    outer.place = op.place;
    outer.uses = 0;
    outer.is_kept = false;
    outer.depth = op.depth--;
    op.args[0] = inner.args[0];
    op.depends = program_.ops[op.args[0]].depends;
    outer.args[0] = program_.add(shift_last(std::move(op)));
    return outer;
  }

  // The arguments in the order of the function's parameters; nullptr for one that was not given.
  Result<std::vector<const Expression*>> matched(const FunctionInfo& function, const Node& node, bool& na_rm) {
    std::vector<const Expression*> given;
    std::vector<const Expression*> named(function.parameters.size(), nullptr);
    const auto is_optional = [&](std::size_t slot) { return slot >= function.min_args; };
    for (const Argument& argument : node.args) {
      if (function.has_na_rm && argument.name == "na.rm") {
        const Node& value = *argument.value;
        const bool is_true = value.kind == Kind::logical ? value.logical : value.text == "T";
        if (value.kind != Kind::logical && !(value.kind == Kind::name && (value.text == "T" || value.text == "F")))
          return fail(value, Code::invalid, "na.rm must be TRUE or FALSE");
        na_rm = is_true;
        continue;
      }
      if (argument.name.empty()) {
        given.push_back(&argument.value);
        continue;
      }
      const auto parameter = std::find(function.parameters.begin(), function.parameters.end(), argument.name);
      if (parameter == function.parameters.end())
        return fail(
            *argument.value, Code::invalid,
            call_name(function) + " has no argument '" + argument.name + "'; usage: " + std::string(function.usage));
      const auto slot = static_cast<std::size_t>(parameter - function.parameters.begin());
      if (named[slot] != nullptr)
        return fail(*argument.value, Code::invalid, "argument '" + argument.name + "' is given twice");
      named[slot] = &argument.value;
    }
    std::size_t next = 0;
    std::vector<const Expression*> out;
    // NULL stands for an optional argument that is not given.
    const std::size_t slots = function.max_args == kAnyNumber ? given.size() : function.max_args;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      const bool is_named = function.max_args != kAnyNumber && slot < named.size() && named[slot] != nullptr;
      const Expression* arg = is_named ? named[slot] : next < given.size() ? given[next++] : nullptr;
      const bool is_absent = arg != nullptr && (*arg)->kind == Kind::null && slot < named.size() && is_optional(slot) &&
                             !function.parameters[slot].empty();
      out.push_back(is_absent ? nullptr : arg);
    }
    const bool lacks =
        std::find(out.begin(), out.begin() + std::min<std::ptrdiff_t>(function.min_args, std::ssize(out)), nullptr) !=
        out.begin() + std::min<std::ptrdiff_t>(function.min_args, std::ssize(out));
    if (lacks || out.size() < function.min_args || next < given.size())
      return fail(node, Code::invalid,
                  call_name(function) + " is given " + std::to_string(node.args.size()) + " arguments, takes " +
                      count_text(function) + "; usage: " + std::string(function.usage));
    if (function.max_args == kAnyNumber)
      for (std::size_t slot = 0; slot < named.size() && !function.parameters[slot].empty(); ++slot)
        out.push_back(named[slot]);
    return out;
  }

  Shape op_shape(OpId id) const { return program_.ops[id].shape; }

  Status check_shapes(Op& op, const Node& node) {
    const std::string_view name = op.function->name;
    const bool all_single = name == "&&" || name == "||" || name == ":" || name == "seq";
    bool any_vector = false;
    bool any_rows = op.function->max_args == 0;  // n(), row_number()
    for (std::size_t i = 0; i < op.args.size(); ++i) {
      if (op.args[i] == kNoOp) continue;
      const Shape shape = program_.ops[op.args[i]].shape;
      const bool must_be_single = all_single || (op.function->kind == FunctionKind::group && i > 0);
      if (must_be_single && shape != Shape::scalar)
        return fail(node, Code::invalid,
                    "argument " + std::to_string(i + 1) + " of " + call_name(*op.function) +
                        " must be a single value, not a column");
      const bool is_constant = i >= op.function->first_constant;
      if ((is_constant || name == "c") && shape == Shape::rows)
        return fail(node, Code::invalid,
                    name == "%in%" ? "the right side of '%in%' must be constant, such as c(1, 2), not a column"
                    : is_constant  ? call_name(*op.function) + "'s argument '" +
                                        std::string(op.function->parameters[i]) + "' must be constant, not a column"
                                  : "c() makes a vector of constants, it cannot hold a column");
      if (is_constant) continue;
      any_vector |= shape == Shape::vector;
      any_rows |= shape == Shape::rows;
    }
    if (any_vector && any_rows)
      return fail(node, Code::invalid, call_name(*op.function) + " of a column and a vector of another length");
    if (name == "ifelse" && op_shape(op.args[0]) == Shape::scalar && (any_vector || any_rows))
      return fail(node, Code::invalid,
                  "ifelse() of a single condition gives a single value in R; make the condition a column");
    if (name == "c") any_vector |= op.args.size() > 1;
    op.shape = any_rows ? Shape::rows : any_vector || name == ":" || name == "seq" ? Shape::vector : Shape::scalar;
    if (op.is_aggregate() && !any_rows) op.shape = Shape::scalar;
    return Ok{};
  }

  Status check_types(Op& op, const Node& node) {
    std::vector<Type> types;
    for (const OpId id : op.args) {
      // A default that was not given (lag's n) takes any type: an integer.
      types.push_back(id == kNoOp ? Type::integer : program_.ops[id].type);
    }
    while (!op.args.empty() && types.size() > op.function->min_args && op.args[types.size() - 1] == kNoOp)
      types.pop_back();
    auto type = op.function->type_rule(types);
    if (!type.ok()) return fail(node, type.error().code, call_name(*op.function) + " " + type.error().message);
    op.type = type.value();
    return Ok{};
  }

  Program& program_;
  const Definitions& definitions_;
};

void append_raw(std::string& key, const void* data, std::size_t size) {
  key.append(static_cast<const char*>(data), size);
}

// All that makes an operation what it is; two with the same text are the same.
std::string identity(const Op& op) {
  std::string key(1, static_cast<char>('0' + static_cast<int>(op.kind)));
  switch (op.kind) {
    case Op::Kind::input:
    case Op::Kind::constant: append_raw(key, &op.index, sizeof op.index); break;
    case Op::Kind::literal:
      if (op.shape == Shape::vector) {
        const table::Column* column = op.literal.get();
        append_raw(key, static_cast<const void*>(&column), sizeof column);
      } else {
        key += static_cast<char>('0' + static_cast<int>(op.type));
        if (op.literal->is_null(0)) {
          key += "NA";
        } else if (op.type == Type::real) {
          append_raw(key, op.literal->reals().data(), sizeof(double));
        } else {
          key += '=' + Scalar::from(*op.literal, 0).text();
        }
      }
      break;
    case Op::Kind::call:
      append_raw(key, static_cast<const void*>(&op.function), sizeof op.function);
      key += op.na_rm ? '1' : '0';
      for (const OpId arg : op.args) append_raw(key, &arg, sizeof arg);
  }
  return key;
}

}  // namespace

OpId Program::add(Op op) {
  std::string key = identity(op);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  for (const OpId arg : op.args) {
    if (arg == kNoOp) continue;
    if (++ops[arg].uses > 1) ops[arg].is_kept = true;
  }
  const auto id = static_cast<OpId>(ops.size());
  ops.push_back(std::move(op));
  cells.emplace_back();
  known.emplace(std::move(key), id);
  return id;
}

const std::vector<std::uint32_t>& Program::groups() {
  if (group_of.empty() && rows.rows() > 0) {
    group_of.resize(rows.rows());
    for (std::size_t group = 0; group < starts.size(); ++group) {
      const std::size_t end = group + 1 < starts.size() ? starts[group + 1] : rows.rows();
      std::fill(group_of.begin() + starts[group], group_of.begin() + static_cast<std::ptrdiff_t>(end),
                static_cast<std::uint32_t>(group));
    }
  }
  return group_of;
}

std::optional<std::uint32_t> Program::constant(std::string_view name) const {
  for (std::size_t i = 0; i < constants.size(); ++i)
    if (constants[i].name == name) return static_cast<std::uint32_t>(i);
  return std::nullopt;
}

Result<OpId> compile(Program& program, const Definitions& definitions, const Expression& expression) {
  if (expression->depth > kMaxDepth)
    return Error{Code::too_large, "expression nested deeper than " + std::to_string(kMaxDepth) + " levels"};
  return Compiler(program, definitions).compile(expression);
}

}  // namespace scoria::expr
