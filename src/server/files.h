// Files of tasks and nodes on the REST surface: read straight from a local node's folder, asked of the node where it is elsewhere.
// Source: Azure Batch REST API, File. Threads: as Call.
#pragma once

#include "server/call.h"

namespace scoria::server::files {

void list_of_node(CallPtr call);
void read_of_node(CallPtr call);
void properties_of_node(CallPtr call);
void remove_of_node(CallPtr call);
void list_of_task(CallPtr call);
void read_of_task(CallPtr call);
void properties_of_task(CallPtr call);
void remove_of_task(CallPtr call);

}  // namespace scoria::server::files
