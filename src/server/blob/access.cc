#include "server/blob/access.h"

#include "server/blob/access_policy.h"

namespace scoria::server::storage {
namespace {

auth::PolicyLookup policies_of(const blob::BlobStore& store) {
  return [&store](std::string_view container, std::string_view id) -> std::optional<auth::AccessPolicy> {
    const auto properties = store.container(container);
    if (!properties.ok()) return std::nullopt;
    const auto found = properties.value().policies.find(std::string(id));
    return found == properties.value().policies.end() ? std::nullopt : stored_policy(found->second);
  };
}

bool is_public(const blob::BlobStore& store, std::string_view container, const Needs& needed) {
  if (!needed.is_public_blob && !needed.is_public_container) return false;
  const auto properties = store.container(container);
  if (!properties.ok()) return false;
  const std::string& access = properties.value().public_access;
  return access == "container" || (access == "blob" && needed.is_public_blob);
}

// What a deployment takes, and nothing that reads elsewhere.
bool is_simple_transfer(Operation operation) {
  switch (operation) {
    case Operation::put_block_blob:
    case Operation::put_block:
    case Operation::put_block_list:
    case Operation::get_block_list:
    case Operation::get_blob:
    case Operation::get_blob_properties: return true;
    default: return false;
  }
}

}  // namespace

Result<Access> authorize_user(const Wanted& wanted, const access::Identified& user) {
  if (user.caller == nullptr) {
    const access::Refusal refusal = user.refusal.value_or(access::Refusal{});
    const int status = access::status_of(refusal);
    const std::string words(access::words_of(refusal));
    if (status != 401 && status != 403) return Error{Code::unavailable, words, "ServerBusy"};
    return Error{Code::denied, words, "AuthenticationFailed"};
  }
  if (user.caller->may(wanted.is_read ? access::Action::read : access::Action::deploy, ""))
    return Access{.by = Access::By::key};
  const auto slash = wanted.blob.find('/');
  const bool is_of_service =
      wanted.container == kServicesContainer && slash != std::string::npos && is_simple_transfer(wanted.operation);
  const std::string service = is_of_service ? wanted.blob.substr(0, slash) : std::string();
  if (!service.empty() && user.caller->may(access::Action::deploy, service))
    return Access{.by = Access::By::key, .is_of_service = true};
  return Error{Code::denied, "the user's role does not allow this", "AuthorizationPermissionMismatch"};
}

Result<Access> authorize(const StorageRequest& request, const auth::AccountKey& account, const blob::BlobStore& store,
                         WallTime now, const access::ProxyRules& proxies) {
  const Needs needed = needs(request.operation);
  if (request.http.header("Authorization")) {
    SCORIA_TRY_STATUS(auth::check_shared_key(auth::Service::blob, account, request.http.method, request.http.target,
                                             request.http.headers, now));
    return Access{.by = Access::By::key};
  }
  if (auth::has_sas(request.target)) {
    const auth::SasUse use{.container = request.container,
                           .blob = request.blob,
                           .service_permissions = needed.service_sas,
                           .account_permissions = needed.account_sas,
                           .is_tls = access::is_https(request.http, proxies),
                           .peer = access::client_address(request.http, proxies)};
    SCORIA_TRY(grant, auth::check_sas(account, request.target, use, policies_of(store), now));
    Access access{.by = Access::By::signature, .grant = grant};
    access.may_only_create = needed.service_sas == "wc" && grant.permissions.find('w') == std::string::npos;
    return access;
  }
  if (is_public(store, request.container, needed)) return Access{};
  return Error{Code::denied,
               "the request carries neither an Authorization header nor a signature, and the resource is not public",
               "NoAuthenticationInformation"};
}

Status authorize_source(const auth::Target& source, const Address& address, const Access& access,
                        const net::HttpRequest& http, const auth::AccountKey& account, const blob::BlobStore& store,
                        WallTime now, const access::ProxyRules& proxies) {
  if (access.by == Access::By::key) return Ok{};
  if (auth::has_sas(source)) {
    const auth::SasUse use{.container = address.container,
                           .blob = address.blob,
                           .service_permissions = "r",
                           .account_permissions = "r",
                           .is_tls = access::is_https(http, proxies),
                           .peer = access::client_address(http, proxies)};
    SCORIA_TRY(grant, auth::check_sas(account, source, use, policies_of(store), now));
    return Ok{};
  }
  if (is_public(store, address.container, needs(Operation::get_blob))) return Ok{};
  return Error{Code::denied,
               "the source of the copy must be public, or its URL carry a signature with the permission 'r'",
               "CannotVerifyCopySource"};
}

}  // namespace scoria::server::storage
