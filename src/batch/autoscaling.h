// Autoscaling: samples of a pool, evaluations of its formula, and pools that follow their queue between two bounds without one.
// Source: Azure Batch documentation, "Create a formula to automatically scale compute nodes". Threads: State's owner.
#pragma once

#include <string_view>

#include "batch/state.h"

namespace scoria::batch {

// The body's autoscale settings, where enableAutoScale or scaleBetween is on: parsed and evaluated. Errors:
// AutoScalingFormulaSyntaxError, AutoScaleFormulaTooLong, InvalidAutoScalingSettings, InvalidPropertyValue. A formula that cannot be
// evaluated is no error: autoScaleRun says so.
Status start_autoscale(State& state, Pool& pool);
void stop_autoscale(Pool& pool);
// Samples that are due, evaluations on the interval.
void tick_autoscale(State& state, Pool& pool);
// An evaluation because the queue changed, at most one a second. False: there is nothing left to do for this change.
bool scale_on_change(State& state, Pool& pool);
// Evaluates without changing anything: {timestamp, results, error?}.
Json try_formula(State& state, Pool& pool, std::string_view text);

// An evaluation's failure as runs show it: {code, message, values: [{name, value}]}.
Json run_error(const Error& error);

// How many task slots the pool's queue asks for now: those of ready tasks and of running ones.
std::uint64_t slots_in_demand(const Pool& pool);

}  // namespace scoria::batch
