// What formulas read of a metric: its latest value, its samples by count or by time, how complete they are.
// Source: Azure Batch's documentation of autoscale formulas, "Obtain sample data".
// Threads: free functions. Borrows: the input, for the length of a call.
#pragma once

#include <span>

#include "sched/autoscale.h"
#include "sched/formula_value.h"

namespace scoria::sched::formula {

// A metric named in arithmetic: its newest sample; a pool's own count for $CurrentDedicatedNodes and the like.
// Errors: no sample yet.
Result<Value> latest(const Metric& metric, const AutoscaleInput& input);

// A window of length L ends with its end and holds L / period samples where all are there: (end - L, end].
// Errors: arguments of a wrong type or number; GetSample: fewer samples than the required percentage.
Result<Value> call_method(const Metric& metric, Method method, std::span<const Value> arguments,
                          const AutoscaleInput& input, Budget& budget);

}  // namespace scoria::sched::formula
