// The account on the REST surface: images, node counts. Source: Azure Batch REST API, Account. Threads: as Call.
#pragma once

#include "server/call.h"

namespace scoria::server::accounts {

void supported_images(CallPtr call);
void node_agent_skus(CallPtr call);
void node_counts(CallPtr call);

}  // namespace scoria::server::accounts
