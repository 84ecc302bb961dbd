// Which task runs where: highest priority first, then in the order of submission; spread or packed; gated by preparation tasks.
// Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// Assigns what can be assigned in a pool: every attempt gets its number and is in `changes` before a node hears of it.
void dispatch(State& state, Pool& pool);
// Whether tasks wait on its nodes for slots: dispatch() may find them a better place.
bool has_sent_ahead(const Pool& pool);
// What a node must be told now, given what it holds. Errors: none; a node that is none of the pool's hears is_known = false.
spec::SyncReply orders_for(State& state, Node& node);
bool has_orders(const Node& node);

}  // namespace scoria::batch
