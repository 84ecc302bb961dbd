#include "server/management.h"

#include "net/url.h"
#include "server/identity.h"
#include "server/routes.h"

namespace scoria::server {
namespace {

// Resource names compare without case.
bool is(const std::vector<std::string>& parts, std::size_t at, std::string_view name) {
  return at < parts.size() && batch::lower(parts[at]) == batch::lower(name);
}

void refuse(const CallPtr& call, int status, const char* code, const std::string& why) {
  call->send_json(status, {{"error", {{"code", code}, {"message", why}}}});
}

}  // namespace

std::string https_authority(const App& app) {
  const auto url = net::parse_url(app.config.url.starts_with("https:") ? app.config.url : app.https_url);
  return url.ok() ? url.value().authority() : "";
}

std::string storage_suffix(const App& app) {
  if (app.config.url.starts_with("https:")) return https_authority(app);
  auto url = net::parse_url(app.https_url);
  if (!url.ok()) return {};
  url.value().host = "localhost";  // an account's name stands before it, which no address takes
  return url.value().authority();
}

void serve_management(const CallPtr& call) {
  App& app = call->app();
  auto identity = identify(*call);
  if (!identity.ok()) return refuse(call, 401, "AuthenticationFailed", identity.error().message);
  call->identity = std::move(identity).value();
  if (const Status allowed = check_scope(*call, Scope::account); !allowed.ok()) {
    return refuse(call, 403, "AuthorizationFailed", allowed.error().message);
  }
  const auto& parts = call->target().segments;
  const std::string& method = call->request().method;
  const bool is_resource = parts.size() >= 8 && is(parts, 2, "resourceGroups") && is(parts, 4, "providers");
  const bool is_batch = is_resource && parts.size() == 8 && is(parts, 5, "Microsoft.Batch") &&
                        is(parts, 6, "batchAccounts") && method == "GET";
  const bool is_keys = is_resource && parts.size() == 9 && is(parts, 5, "Microsoft.Storage") &&
                       is(parts, 6, "storageAccounts") && is(parts, 8, "listkeys") && method == "POST";
  if (!is_batch && !is_keys) {
    return refuse(call, 404, "ResourceNotFound",
                  "of the resource manager there are a Batch account's properties (GET) and a storage account's "
                  "listkeys (POST)");
  }
  if (!is(parts, 7, app.account.name)) {
    return refuse(call, 404, "ResourceNotFound",
                  "there is no account '" + parts[7].substr(0, 80) + "'; this server's is '" + app.account.name + "'");
  }
  if (is_keys) {
    const Json key{{"keyName", "key1"}, {"permissions", "Full"}, {"value", auth::base64(app.account.key)}};
    return call->send_json(200, {{"keys", Json::array({key})}}, {{"Cache-Control", "no-store"}});
  }
  const std::string address = https_authority(app);
  if (address.empty()) {
    return refuse(call, 409, "ResourceNotReady", "the server has no HTTPS, by which clients of this kind call it");
  }
  call->send_json(
      200,
      {{"id", call->target().path},
       {"name", app.account.name},
       {"type", "Microsoft.Batch/batchAccounts"},
       {"location", "local"},
       {"properties",
        {{"accountEndpoint", address}, {"provisioningState", "Succeeded"}, {"poolAllocationMode", "BatchService"}}}});
}

}  // namespace scoria::server
