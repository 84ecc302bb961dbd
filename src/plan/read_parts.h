// The larger parts of a plan, from YAML.
// Threads: free functions, one reader at a time.
#pragma once

#include "base/result.h"
#include "plan/plan.h"
#include "plan/yaml.h"

namespace scoria::plan {

// Errors of all: invalid, with file, line and column.
Result<Features> read_features(const YamlPlace& place);
// `grouping`: what steps group and order by unless they say otherwise.
Result<std::vector<PrepareStep>> read_prepare(const YamlPlace& place, const Grouping& grouping);
// `known`: names that every template may use: the partition and the variables of `each`.
Result<std::vector<Models>> read_models(const YamlPlace& place, const std::set<std::string>& known);

}  // namespace scoria::plan
