// Reads a request's types and parameters as what a model declares; everything else is refused by name.
// Threads: free functions over immutable input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/model.h"

namespace scoria::model {

// The requested types, or the default one. Errors: invalid, for a type the model does not have or that is asked for twice, or a parameter that it does not take.
Result<std::vector<std::string>> requested_types(const Description& description, const Request& request);

// The comma-separated values of a parameter; empty when it is not given.
std::vector<std::string> parameter_values(const Request& request, std::string_view name);

// R's TRUE, T, FALSE, F in any case of true/false.
Result<bool> flag_parameter(const Request& request, std::string_view name, bool otherwise);
// Whole numbers of at least `least`; empty when it is not given.
Result<std::vector<std::int64_t>> count_parameter(const Request& request, std::string_view name, std::int64_t least);
Result<std::vector<double>> number_parameter(const Request& request, std::string_view name);

}  // namespace scoria::model
