// Does the steps that prepare a partition's rows, one after the other.
// Threads: free function over immutable input.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "base/result.h"
#include "expr/frame.h"
#include "plan/explain.h"
#include "plan/plan.h"
#include "table/table.h"

namespace scoria::plan {

// The second table of a join, whose keys will meet those of `rows`.
using SecondTable = std::function<Result<table::Table>(const Join& join, const table::Table& rows)>;

// Names of columns that the steps read: not those that joins bring.
std::set<std::string> names_used(const std::vector<PrepareStep>& steps);

// `constants`: what expressions may read beside columns. Errors: a step's own, with the plan's file, line and column.
Result<table::Table> prepare(const Plan& plan, table::Table rows, const expr::Constants& constants,
                             const SecondTable& second, StepLog& log);

// The rows with columns defined one after the other, each seeing those before it; a new one takes the place of an old one of its
// name. Errors: of the first definition that makes no sense, with its place below `path`.
Result<table::Table> mutate(const Plan& plan, const std::string& path, const table::Table& rows,
                            std::vector<std::uint32_t> group_starts, const NamedList<expr::Expression>& definitions,
                            const expr::Constants& constants);

}  // namespace scoria::plan
