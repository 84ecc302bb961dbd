// The growing and shrinking of pools, as pools.cc and nodes.cc drive it. Threads: State's owner.
#pragma once

#include <string_view>

#include "batch/state.h"

namespace scoria::batch {

void set_allocation(State& state, Pool& pool, AllocationState to);
// A node starts to leave its pool: no new work; its attempts end as `option` says. allocate() removes it when it has drained.
void start_leaving(State& state, Node& node, Deallocation option);
// The node's attempts are stopped as `option` says; what takes too long is abandoned by watch_nodes(). retaineddata is
// taskcompletion, and then the retention times of what ran there.
void drain(State& state, Node& node, Deallocation option, std::string_view reason);
// Nothing that it runs will be heard of again: requeued, or failed past its limit.
void abandon_all(State& state, Node& node, std::string_view why);
// Pools of jobs and schedules that are over go.
void drop_auto_pools(State& state);
// Asks the provider for a node, with a new token.
void request_node(State& state, Node& node);
// Out of the pool, the store and the provider; its attempts are abandoned. `node` is gone after it.
void remove_node(State& state, Node& node, std::string_view why);
// {"code", "message", "values"} of resizeErrors; a repeated code replaces the older one.
void add_resize_error(State& state, Pool& pool, std::string_view code, std::string message);
// New targets, of autoscale: a resize starts where they are others than before.
void set_targets(State& state, Pool& pool, int dedicated, int low_priority);

}  // namespace scoria::batch
