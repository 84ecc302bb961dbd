// The account on the REST surface: images, node counts. Source: Azure Batch REST API, Account. Threads: as Call.
#pragma once

#include "server/call.h"

namespace scoria::server::accounts {

void supported_images(CallPtr call);
void node_agent_skus(CallPtr call);
void node_counts(CallPtr call);
// There are none: application packages are left out.
void list_applications(CallPtr call);
void show_application(CallPtr call);
// Operations of Azure's that this server does not have: 501.
void not_supported(CallPtr call);

}  // namespace scoria::server::accounts
