// The host's other side: starts it where there is none, and asks it. Threads: free functions.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "node/descriptor.h"

namespace scoria::worker {

// A connection to this user's host, which is started if it is not there. Errors: denied, unavailable.
Result<node::Descriptor> connect_to_host(bool may_start);
// One request, one answer. `descriptor` gets the one that comes with a lease. Errors: the host's own; unavailable.
Result<nlohmann::json> ask_host(const node::Descriptor& host, const nlohmann::json& request,
                                node::Descriptor* descriptor = nullptr);

}  // namespace scoria::worker
