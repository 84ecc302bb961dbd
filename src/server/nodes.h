// Compute nodes on the REST surface. Source: Azure Batch REST API, Compute Node. Threads: as Call.
#pragma once

#include "server/call.h"

namespace scoria::server::nodes {

void list(CallPtr call);
void show(CallPtr call);
void reboot(CallPtr call);
void reimage(CallPtr call);
void disable_scheduling(CallPtr call);
void enable_scheduling(CallPtr call);

// The stored document. Errors: PoolNotFound, NodeNotFound.
Result<Json> find(const App& app, std::string_view pool, std::string_view node);

}  // namespace scoria::server::nodes
