// The names that formulas find there: service variables, metrics, intervals, members, methods, options of
// deallocation.
// Source: "Create a formula to automatically scale compute nodes in a Batch pool", Azure Batch documentation.
// Threads: free functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sched/formula_program.h"

namespace scoria::sched::formula {

// What a name means where the service defines it; user otherwise.
Name resolve_name(std::string_view text);
std::optional<Member> find_member(std::string_view text);
std::optional<Method> find_method(std::string_view text);
std::string_view method_name(Method method);
// "requeue", "terminate", "taskcompletion", "retaineddata".
bool is_deallocation_option(std::string_view text);
std::string deallocation_options();
// The service's name that differs from `text` in case or in a missing $ only; empty: none.
std::string_view similar_name(std::string_view text);

}  // namespace scoria::sched::formula
