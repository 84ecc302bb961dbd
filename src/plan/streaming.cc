#include "plan/streaming.h"

#include <algorithm>
#include <variant>

#include "expr/functions.h"

namespace scoria::plan {
namespace {

// The first function that sees more than a row, such as lag() or mean().
std::optional<std::string> beyond_a_row(const expr::Expression& expression) {
  for (const std::string& name : expr::functions_used(expression)) {
    if (name == "(") continue;
    const expr::FunctionInfo* function = expr::find_function(name);
    if (function == nullptr || function->kind != expr::FunctionKind::elementwise) return name + "()";
  }
  return std::nullopt;
}

std::optional<std::string> beyond_a_row(const std::string& path, const NamedList<expr::Expression>& definitions) {
  for (const auto& [name, expression] : definitions) {
    if (auto function = beyond_a_row(expression)) {
      *function += " in ";
      *function += path;
      return function->append(".").append(name);
    }
  }
  return std::nullopt;
}

std::optional<std::string> beyond_a_row(const PrepareStep& step) {
  if (std::holds_alternative<Join>(step.action)) return std::nullopt;  // the second table is held, the rows pass by
  if (const auto* mutate = std::get_if<MutateStep>(&step.action)) return beyond_a_row(step.path, mutate->definitions);
  if (const auto* filter = std::get_if<FilterStep>(&step.action)) {
    if (const auto function = beyond_a_row(filter->condition)) return *function + " in " + step.path;
    return std::nullopt;
  }
  return step.path;
}

}  // namespace

std::optional<std::string> needs_all_rows(const Plan& plan) {
  if (plan.features.from.size() != 1) return "features.from with several inputs";
  if (!plan.features.group_by.empty()) return "features.group_by";
  if (!plan.features.arrange.empty()) return "features.arrange";
  for (const PrepareStep& step : plan.features.prepare) {
    if (auto reason = beyond_a_row(step)) return reason;
  }
  if (auto reason = beyond_a_row("features.mutate", plan.features.mutate)) return reason;
  if (auto reason = beyond_a_row("result.mutate", plan.result.mutate)) return reason;
  if (plan.features.filter) {
    if (const auto function = beyond_a_row(*plan.features.filter)) return *function + " in features.filter";
  }
  if (plan.split) return "split";
  for (const auto& [name, expression] : plan.let) {
    if (!expr::table_references(expression).empty()) return "let." + name;
  }
  for (const Models& entry : plan.models) {
    if (!entry.groups.empty()) return entry.path + ".file with a model per group";
    if (!entry.then) continue;
    if (const auto function = beyond_a_row(*entry.then)) return *function + " in " + entry.path + ".then";
  }
  return std::nullopt;
}

}  // namespace scoria::plan
