// The two calls of Azure's resource manager by which a service principal finds its Batch account's address and its storage account's key.
// Source: Azure Resource Manager REST API, Microsoft.Batch/batchAccounts 2017-05-01, Microsoft.Storage/storageAccounts 2016-01-01.
// Threads: as Call.
#pragma once

#include <string>

#include "server/call.h"

namespace scoria::server {

// GET /subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Batch/batchAccounts/{account},
// POST .../Microsoft.Storage/storageAccounts/{account}/listkeys. Whatever the api-version; subscription and group are not looked at.
void serve_management(const CallPtr& call);

// Host and port by which clients reach the Batch service with HTTPS, and what stands behind "ACCOUNT.blob." of its storage; empty where there is no
// HTTPS. The configuration's url where that is one, else this machine's own name.
std::string https_authority(const App& app);
std::string storage_suffix(const App& app);

}  // namespace scoria::server
