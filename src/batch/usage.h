// The usage ledger: node time by day, pool, kind and state; slot time by job. Written at most every ten seconds, and with every change of a
// node's state that is not between idle and running; after a crash the time since is charged to the state that the node was in.
// Threads: State's owner.
#pragma once

#include <string_view>

#include "batch/state.h"

namespace scoria::batch {

// Charges a node's time up to now to the state that it is in. Called by set_node_state() before the state changes.
void charge_node(State& state, Node& node);
// Charges an attempt's slots from its start to now to its job: called once, when it ends, however it ends.
void charge_attempt(State& state, const Node& node, const Attempt& attempt);
// The job is over: its line is stored with the end of it.
void close_job_usage(State& state, const Job& job);
// Brings every node up to now and writes what changed, where it is time.
void tick_usage(State& state);

// {"from", "to", "currency", "pools": [{poolId, vmSize, kind, state, nodeSeconds, coreSeconds, cost?}], "jobs": [{jobId, poolId, slotSeconds,
// attempts}]} of the days from `from` to `to`, "2026-11-01" each, both included; empty: all. Jobs have no days: `limit` of them, newest first.
// Errors: InvalidQueryParameterValue (a day that is none); the store's.
Result<Json> usage_report(const State& state, std::string_view from, std::string_view to, std::size_t limit = 1000);
Status load_usage(State& state, const store::Document& document);

}  // namespace scoria::batch
