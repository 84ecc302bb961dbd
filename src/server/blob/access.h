// Who may do what: the account's key, shared access signatures, users' tokens and keys, public containers. Threads: free functions.
#pragma once

#include "access/access.h"
#include "auth/sas.h"
#include "auth/shared_key.h"
#include "base/clock.h"
#include "blob/blob_store.h"
#include "server/blob/storage_request.h"

namespace scoria::server::storage {

struct Access {
  enum class By : std::uint8_t { key, signature, everyone } by = By::everyone;
  auth::SasGrant grant;  // of a signature
  // A signature that lets blobs be made, not changed ("c" without "w").
  bool may_only_create = false;
};

// `users`: null where there are none. A reader reads, a contributor and an owner do all. Passwords are not taken here, where a body's place must be
// known at once: they are for /login.
// Errors: denied with api_code NoAuthenticationInformation, AuthenticationFailed, AuthorizationPermissionMismatch, ...
Result<Access> authorize(const StorageRequest& request, const auth::AccountKey& account, const blob::BlobStore& store,
                         WallTime now, access::Access* users = nullptr);

// Whether the source of a copy may be read: by the account's key, a signature in its URL, or everyone. Errors: denied, not_found.
Status authorize_source(const auth::Target& source, const Address& address, const Access& access,
                        const net::HttpRequest& http, const auth::AccountKey& account, const blob::BlobStore& store,
                        WallTime now);

}  // namespace scoria::server::storage
