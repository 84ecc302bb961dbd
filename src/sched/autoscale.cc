#include "sched/autoscale.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "sched/formula_functions.h"
#include "sched/formula_names.h"
#include "sched/formula_parser.h"
#include "sched/formula_samples.h"
#include "sched/formula_value.h"

namespace scoria::sched {
namespace formula {
namespace {

int to_target(double value) {
  constexpr double kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp(value, 0.0, kMost));  // truncates
}

std::string service_results(int dedicated, int low_priority, const std::string& option) {
  return "$TargetDedicatedNodes=" + std::to_string(dedicated) +
         ";$TargetLowPriorityNodes=" + std::to_string(low_priority) + ";$NodeDeallocationOption=" + option;
}

// One run of a program: a stack, the variables, and what the read-write ones hold.
class Run {
 public:
  Run(const Program& program, const AutoscaleInput& input)
      : program_(program),
        input_(input),
        variables_(program.names.size()),
        option_(input.deallocation_option),
        random_state_(input.random_seed) {}
  Result<AutoscaleOutcome> run();

 private:
  enum class Flow { next, jump, stop };

  Result<Flow> step(const Instruction& at);
  Result<Flow> choose(const Instruction& at);
  Result<Value> load(const Name& name, std::size_t index) const;
  Status store(const Name& name, std::size_t index, const Value& value);
  Status call(const Instruction& at);
  Status method(const Instruction& at);
  Status make_list(const Instruction& at);
  Result<Value> pop();  // a metric becomes its latest value
  Result<double> pop_number(const char* what);
  Status settle(std::size_t count);  // metrics among the topmost values become their latest ones
  AutoscaleOutcome outcome() const;
  double target(NameKind full, NameKind alias, double initial) const;

  const Program& program_;
  const AutoscaleInput& input_;
  Budget budget_;
  std::vector<Value> stack_;
  std::vector<std::optional<Value>> variables_;  // by name
  std::optional<double> targets_[4];             // as NameKind: dedicated, alias, low priority, alias
  std::string option_;
  std::uint64_t random_state_;
};

std::size_t slot(NameKind kind) {
  return static_cast<std::size_t>(kind) - static_cast<std::size_t>(NameKind::target_dedicated);
}

Result<AutoscaleOutcome> Run::run() {
  for (std::size_t at = 0; at < program_.code.size();) {
    const Instruction& instruction = program_.code[at];
    auto flow = step(instruction);
    if (!flow.ok()) {
      Error error = std::move(flow).error();
      error.message = "autoscale formula, " + shown(instruction.place) + ": " + error.message;
      error.values = {{"Line", std::to_string(instruction.place.line)},
                      {"Column", std::to_string(instruction.place.column)}};
      return error;
    }
    if (flow.value() == Flow::stop) break;
    at = flow.value() == Flow::jump ? instruction.index : at + 1;
  }
  return outcome();
}

Result<Value> Run::pop() {
  SCORIA_TRY_STATUS(settle(1));
  Value value = std::move(stack_.back());
  stack_.pop_back();
  return value;
}

Result<double> Run::pop_number(const char* what) {
  SCORIA_TRY(value, pop());
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return evaluation_error(std::string(what) + " must be a number, not " + std::string(type_name(value)));
}

Status Run::settle(std::size_t count) {
  for (std::size_t i = stack_.size() - count; i < stack_.size(); ++i) {
    const auto* metric = std::get_if<Metric>(&stack_[i]);
    if (!metric) continue;
    SCORIA_TRY(value, latest(*metric, input_));
    stack_[i] = std::move(value);
  }
  return Ok{};
}

Result<Run::Flow> Run::step(const Instruction& at) {
  SCORIA_TRY_STATUS(budget_.spend(1));
  switch (at.op) {
    case Op::push_number: stack_.emplace_back(at.value); return Flow::next;
    case Op::push_text: stack_.emplace_back(program_.texts[at.index]); return Flow::next;
    case Op::load: {
      SCORIA_TRY(value, load(program_.names[at.index], at.index));
      stack_.push_back(std::move(value));
      return Flow::next;
    }
    case Op::store: {
      SCORIA_TRY_STATUS(store(program_.names[at.index], at.index, stack_.back()));
      stack_.pop_back();
      return Flow::next;
    }
    case Op::drop: stack_.pop_back(); return Flow::next;
    case Op::make_vector: SCORIA_TRY_STATUS(make_list(at)); return Flow::next;
    case Op::call:
      if (function_at(at.index).run == nullptr) return Flow::stop;
      SCORIA_TRY_STATUS(call(at));
      return Flow::next;
    case Op::method: SCORIA_TRY_STATUS(method(at)); return Flow::next;
    case Op::member: {
      SCORIA_TRY(value, pop());
      SCORIA_TRY(part, member_of(value, static_cast<Member>(at.index), input_.sunday_is_seven));
      stack_.push_back(std::move(part));
      return Flow::next;
    }
    case Op::negate: {
      SCORIA_TRY(value, pop());
      SCORIA_TRY(negated, negate(value));
      stack_.push_back(std::move(negated));
      return Flow::next;
    }
    case Op::logical_not: {
      SCORIA_TRY(number, pop_number("what follows '!'"));
      stack_.emplace_back(number == 0 ? 1.0 : 0.0);
      return Flow::next;
    }
    case Op::truth:
    case Op::jump:
    case Op::jump_if_zero:
    case Op::zero_or_continue:
    case Op::one_or_continue: return choose(at);
    default: break;
  }
  SCORIA_TRY(right, pop());
  SCORIA_TRY(left, pop());
  SCORIA_TRY(result, apply(at.op, left, right, budget_));
  stack_.push_back(std::move(result));
  return Flow::next;
}

Result<Run::Flow> Run::choose(const Instruction& at) {
  if (at.op == Op::jump) return Flow::jump;
  if (at.op == Op::jump_if_zero) {
    SCORIA_TRY(number, pop_number("what stands before '?'"));
    return number == 0 ? Flow::jump : Flow::next;
  }
  SCORIA_TRY(number, pop_number("what stands beside '&&' and '||'"));
  const double truth = number == 0 ? 0 : 1;
  if (at.op == Op::truth) {
    stack_.emplace_back(truth);
    return Flow::next;
  }
  if ((at.op == Op::zero_or_continue) != (truth == 0)) return Flow::next;
  stack_.emplace_back(truth);
  return Flow::jump;
}

double Run::target(NameKind full, NameKind alias, double initial) const {
  if (const auto& set = targets_[slot(full)]) return *set;  // the full name wins
  return targets_[slot(alias)].value_or(initial);
}

Result<Value> Run::load(const Name& name, std::size_t index) const {
  using enum NameKind;
  switch (name.kind) {
    case target_dedicated:
    case target_dedicated_alias:
      return Value(target(target_dedicated, target_dedicated_alias, input_.target_dedicated));
    case target_low_priority:
    case target_low_priority_alias:
      return Value(target(target_low_priority, target_low_priority_alias, input_.target_low_priority));
    case deallocation_option: return Value(option_);
    case metric: return Value(Metric{name.metric});
    case interval: return Value(Span{name.ticks});
    case user: break;
  }
  if (const auto& value = variables_[index]) return *value;
  if (is_deallocation_option(name.text)) return Value(name.text);
  const std::string_view similar = similar_name(name.text);
  return evaluation_error("the variable '" + name.text + "' is not defined" +
                          (similar.empty() ? std::string(": assign it before it is used")
                                           : ": did you mean " + std::string(similar) + "?"));
}

Status Run::store(const Name& name, std::size_t index, const Value& value) {
  if (name.kind == NameKind::user) {
    variables_[index] = value;
    return Ok{};
  }
  if (name.kind == NameKind::deallocation_option) {
    const auto* text = std::get_if<std::string>(&value);
    if (!text || !is_deallocation_option(*text)) {
      return evaluation_error("$NodeDeallocationOption must be " + deallocation_options() + ", not " +
                              (text ? "'" + text->substr(0, 64) + "'" : std::string(type_name(value))));
    }
    option_ = *text;
    return Ok{};
  }
  Value settled = value;
  if (const auto* metric = std::get_if<Metric>(&value)) {
    SCORIA_TRY(number, latest(*metric, input_));
    settled = std::move(number);
  }
  const auto* number = std::get_if<double>(&settled);
  if (!number) {
    return evaluation_error(name.text + " must be a number, not " + std::string(type_name(settled)) +
                            (std::holds_alternative<Vector>(settled) ? ": max(v), avg(v) or val(v, 0) make one" : ""));
  }
  targets_[slot(name.kind)] = *number;
  return Ok{};
}

Status Run::call(const Instruction& at) {
  SCORIA_TRY_STATUS(settle(at.count));
  const Function& function = function_at(at.index);
  const std::span<const Value> arguments = std::span(stack_).last(at.count);
  SCORIA_TRY(result, function.run(Call{function.name, arguments, input_.now, random_state_, budget_}));
  stack_.resize(stack_.size() - at.count);
  stack_.push_back(std::move(result));
  return Ok{};
}

Status Run::make_list(const Instruction& at) {
  static const std::uint32_t vector = find_function("vec").value();
  return call(Instruction{Op::call, at.count, vector, 0, at.place});
}

Status Run::method(const Instruction& at) {
  SCORIA_TRY_STATUS(settle(at.count));
  const auto* metric = std::get_if<Metric>(&stack_[stack_.size() - 1 - at.count]);
  const auto method = static_cast<Method>(at.index);
  if (!metric) {
    return evaluation_error("only a metric, such as $PendingTasks, has the method " + std::string(method_name(method)) +
                            ", not " + std::string(type_name(stack_[stack_.size() - 1 - at.count])));
  }
  const std::span<const Value> arguments = std::span(stack_).last(at.count);
  SCORIA_TRY(result, call_method(*metric, method, arguments, input_, budget_));
  stack_.resize(stack_.size() - 1 - at.count);
  stack_.push_back(std::move(result));
  return Ok{};
}

AutoscaleOutcome Run::outcome() const {
  using enum NameKind;
  AutoscaleOutcome made;
  made.target_dedicated = to_target(target(target_dedicated, target_dedicated_alias, input_.target_dedicated));
  made.target_low_priority =
      to_target(target(target_low_priority, target_low_priority_alias, input_.target_low_priority));
  made.deallocation_option = option_;
  made.results = service_results(made.target_dedicated, made.target_low_priority, option_);
  std::map<std::string_view, const Value*> by_name;
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    if (variables_[i]) by_name[program_.names[i].text] = &*variables_[i];
  }
  for (const auto& [name, value] : by_name) {
    made.results += ";";
    made.results += name;
    const auto* metric = std::get_if<Metric>(value);
    const auto newest = metric ? latest(*metric, input_) : Result<Value>(*value);
    made.results += "=" + (newest.ok() ? show(newest.value()) : "");
  }
  return made;
}

}  // namespace
}  // namespace formula

struct Formula::Program {
  formula::Program program;
};

Result<Formula> Formula::parse(std::string_view text) {
  SCORIA_TRY(program, formula::parse(text));
  Formula made;
  made.program_ = std::make_shared<const Program>(Program{std::move(program)});
  return made;
}

Result<AutoscaleOutcome> Formula::evaluate(const AutoscaleInput& input) const {
  SCORIA_CHECK(program_ != nullptr);
  return formula::Run(program_->program, input).run();
}

std::string unchanged_results(const AutoscaleInput& input) {
  return formula::service_results(formula::to_target(input.target_dedicated),
                                  formula::to_target(input.target_low_priority), input.deallocation_option);
}

}  // namespace scoria::sched
