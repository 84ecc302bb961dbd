// Service principals: programs that have a client id and a secret of their own in the place of the account's key, and get tokens for them as from
// Microsoft's directory service. What a principal may do is what the key may. Of secrets the store keeps hashes.
// Source: OAuth 2.0 (RFC 6749) section 4.4, in the form of Azure AD's endpoint of version 1. Threads: as Call.
#pragma once

#include <string>
#include <string_view>

#include "server/call.h"

namespace scoria::server::principals {

// Below /scoria/v1.
void list(CallPtr call);
void add(CallPtr call);  // the answer alone holds the secret
void remove(CallPtr call);

// POST /{tenant}/oauth2/token: a form with grant_type=client_credentials, client_id and client_secret. Whatever the tenant: there is one.
void give_token(const CallPtr& call);

// The client id of a token's principal. Errors: AuthenticationFailed: no token of this account, or of a principal that is not there any more.
Result<std::string> check_token(const App& app, std::string_view token);

}  // namespace scoria::server::principals
