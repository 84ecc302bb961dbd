// Who sends a request, and whether they may: the account by its key or by a service principal's token, or a task by a token of its job.
// Threads: as Call.
#pragma once

#include "server/call.h"
#include "server/routes.h"

namespace scoria::server {

// Authorization: "SharedKey account:signature" or "Bearer token". Errors: AuthenticationFailed.
Result<Identity> identify(const Call& call);

// Errors: InsufficientAccountPermissions: a job's token on what is not its job's.
Status check_scope(const Call& call, Scope scope);

}  // namespace scoria::server
