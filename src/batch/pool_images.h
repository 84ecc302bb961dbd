// Images of a pool's containerConfiguration: each node fetches them before anything else; one that cannot is unusable, and says why.
// Source: Azure Batch, "Run container applications", "Pool and node errors". Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// containerConfiguration, where the pool has one; else null.
const Json* container_configuration(const Pool& pool);
// Whether there are images to fetch.
bool wants_images(const Pool& pool);
// What the node is to fetch, as its order's spec.
Json images_order(const Pool& pool);

// Tells the node to fetch them (again): it is starting.
void fetch_images(State& state, Node& node);
void images_event(State& state, Node& node, AttemptId attempt, const spec::Event& event);

}  // namespace scoria::batch
