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
  bool is_of_service = false;  // by the right to deploy one
};

// What a user's right is held against: a copy, which outlives the request's head.
struct Wanted {
  explicit Wanted(const StorageRequest& request)
      : operation(request.operation), is_read(request.is_read()), container(request.container), blob(request.blob) {}
  Operation operation;
  bool is_read;
  std::string container, blob;
};

// Where files of services are put for their deployment: SERVICE/NAME.
inline constexpr const char* kServicesContainer = "services";

// Of requests without a user's credential.
// Errors: denied with api_code NoAuthenticationInformation, AuthenticationFailed, AuthorizationPermissionMismatch, ...
Result<Access> authorize(const StorageRequest& request, const auth::AccountKey& account, const blob::BlobStore& store,
                         WallTime now, const access::ProxyRules& proxies);

// A reader reads, a contributor and an owner do all. Who may deploy a service puts its files below its name in the container of services, and reads
// them there.
// Errors: denied, as above; unavailable with ServerBusy: whoever must wait to be known.
Result<Access> authorize_user(const Wanted& wanted, const access::Identified& user);

// Whether the source of a copy may be read: by the account's key, a signature in its URL, or everyone. Errors: denied, not_found.
Status authorize_source(const auth::Target& source, const Address& address, const Access& access,
                        const net::HttpRequest& http, const auth::AccountKey& account, const blob::BlobStore& store,
                        WallTime now, const access::ProxyRules& proxies);

}  // namespace scoria::server::storage
