// The order of names that a person expects: model_2 before model_10.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scoria {

// Runs of digits go by their value, other bytes by themselves. A strict order: only equal texts are neither before nor after.
bool is_naturally_before(std::string_view a, std::string_view b);

// Lists by their first difference.
bool is_naturally_before(const std::vector<std::string>& a, const std::vector<std::string>& b);

}  // namespace scoria
