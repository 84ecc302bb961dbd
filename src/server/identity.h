// Who sends a request, and whether they may: the account by its key or by a service principal's token, a task by a token of its job, or a user by
// a token, a key or a password (access/access.h), who may what their role may: a reader reads, a contributor changes, an owner also sees to users,
// principals and secrets. What is of one service may also who has a grant for it.
// Threads: as Call.
#pragma once

#include "server/call.h"
#include "server/routes.h"

namespace scoria::server {

// Whether the credential is a user's: then Call::user must be known before identify().
bool has_user_credential(const net::HttpRequest& request);

// Authorization: "SharedKey account:signature" or "Bearer token". Errors: AuthenticationFailed.
Result<Identity> identify(const Call& call);

// Errors: InsufficientAccountPermissions: a job's token on what is not its job's; a role that does not allow it.
Status check_scope(const Call& call, Scope scope);

}  // namespace scoria::server
