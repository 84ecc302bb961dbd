// Pools on the REST surface. Source: Azure Batch REST API, Pool. Threads: as Call.
#pragma once

#include "server/call.h"

namespace scoria::server::pools {

void add(CallPtr call);
void list(CallPtr call);
void show(CallPtr call);
void exists(CallPtr call);
void patch(CallPtr call);
void remove(CallPtr call);
void enable_autoscale(CallPtr call);
void disable_autoscale(CallPtr call);
void evaluate_autoscale(CallPtr call);
void resize(CallPtr call);
void stop_resize(CallPtr call);
void remove_nodes(CallPtr call);
void update_properties(CallPtr call);

// The stored document. Errors: PoolNotFound.
Result<Json> find(const App& app, std::string_view pool);

}  // namespace scoria::server::pools
