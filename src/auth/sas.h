// Shared access signatures of Azure Storage: URLs that carry permission for one container, one blob or an account, until a time.
// Source: "Create a service SAS" and "Create an account SAS" of Azure Storage services; versions from 2015-04-05 on. User delegation
// SAS (skoid ...) are refused: they need keys that only Azure's directory issues. Threads: free functions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "auth/shared_key.h"
#include "auth/target.h"
#include "base/clock.h"
#include "base/result.h"

namespace scoria::auth {

// What a container says of signatures that name one of its policies by id.
struct AccessPolicy {
  std::optional<WallTime> start, expiry;
  std::string permissions;
};
using PolicyLookup = std::function<std::optional<AccessPolicy>(std::string_view container, std::string_view id)>;

// What a request wants, in the words of signatures.
struct SasUse {
  std::string container;  // empty: the account
  std::string blob;       // decoded; empty: the container
  // Letters of which the signature must have one: in a service SAS, and in an account SAS. Empty: no signature of that kind suffices.
  std::string service_permissions;
  std::string account_permissions;
  bool is_tls = false;
  std::string peer;  // address with or without port
};

struct SasGrant {
  std::string permissions;
  // Headers that the signature wants in the reply to a read; empty where it says nothing.
  std::string cache_control, content_disposition, content_encoding, content_language, content_type;
};

bool has_sas(const Target& target);

// Errors: denied with api_code AuthenticationFailed (form, signature, time), AuthorizationPermissionMismatch, AuthorizationResourceTypeMismatch,
// AuthorizationServiceMismatch, AuthorizationProtocolMismatch, AuthorizationSourceIPMismatch.
Result<SasGrant> check_sas(const AccountKey& account, const Target& target, const SasUse& use,
                           const PolicyLookup& policies, WallTime now);

// The query of a service SAS for a container, or for one blob of it: "sv=...&sr=c&...&sig=...". `permissions`: letters of "racwdl" in this order.
std::string make_sas(const AccountKey& account, std::string_view container, std::string_view blob,
                     std::string_view permissions, WallTime start, WallTime expiry);

}  // namespace scoria::auth
