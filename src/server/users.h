// Users, API keys and signing keys of the server, for REST: what access/accounts.h does, on DATA/access. For owners, and the account's key.
// Threads: as Call; making or changing a user hashes a password in the handler's thread, some 60 ms.
#pragma once

#include "server/call.h"

namespace scoria::server::users {

// Below /scoria/v1.
void list(CallPtr call);
void add(CallPtr call);     // {"name", "password", "role", "grants"}
void change(CallPtr call);  // {"password"} or {"role", "grants"}
void remove(CallPtr call);
void import_htpasswd(CallPtr call);  // {"htpasswd", "role", "grants"}

void list_keys(CallPtr call);
void add_key(CallPtr call);  // {"name", "role", "grants", "expires"}; the answer alone holds the key
void remove_key(CallPtr call);
void rotate_signing_keys(CallPtr call);

}  // namespace scoria::server::users
