// The functions of the autoscale language, one table.
// Source: the table of functions in Azure Batch's documentation of autoscale formulas.
// Threads: the table is constant; a Call belongs to one evaluation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sched/formula_value.h"

namespace scoria::sched::formula {

// What a function sees. Borrows all.
struct Call {
  std::string_view name;
  std::span<const Value> arguments;  // metrics replaced by their newest value
  WallTime now;
  std::uint64_t& random_state;
  Budget& budget;
};

struct Function {
  std::string_view name;
  int min_arguments = 0;
  int max_arguments = -1;                       // -1: any number
  Result<Value> (*run)(const Call&) = nullptr;  // none: stop(), which the evaluator does
};

std::optional<std::uint32_t> find_function(std::string_view name);
const Function& function_at(std::uint32_t index);
std::string function_names();  // "avg, ceil, ..."

}  // namespace scoria::sched::formula
