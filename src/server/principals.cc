#include "server/principals.h"

#include <algorithm>

#include "auth/bearer.h"
#include "auth/tokens.h"
#include "base/iso8601.h"
#include "base/log.h"
#include "server/management.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::server::principals {
namespace {

constexpr std::string_view kParent = "principal";  // of the store's documents
constexpr std::size_t kMostPrincipals = 1000, kMostForm = 16u << 10;
// As Azure's: clients count on about an hour.
constexpr std::chrono::seconds kTokenLife{3599};
// What clients are to send for the directory and the subscription. There is one of each, and none is looked at.
constexpr std::string_view kTenant = "00000000-0000-0000-0000-000000000001";

Error no_principal(const std::string& id) {
  return spec::batch_error("ResourceNotFound", "there is no principal '" + id.substr(0, 80) + "'");
}

std::string resource_id(const App& app, std::string_view kind) {
  return "/subscriptions/" + std::string(kTenant) + "/resourceGroups/scoria/providers/" + std::string(kind) + "/" +
         app.account.name;
}

// The names and values of a form. Errors: invalid.
Result<Target> parse_form(std::string_view body) {
  if (body.size() > kMostForm) return Error{Code::too_large, "the form is larger than 16 KiB"};
  std::string query = "/?" + std::string(body);
  std::ranges::replace(query, '+', ' ');
  return Target::parse(query);
}

void refuse(const CallPtr& call, int status, const char* code, const std::string& why) {
  call->send_json(status, {{"error", code}, {"error_description", why}}, {{"Cache-Control", "no-store"}});
}

}  // namespace

void list(CallPtr call) {
  const auto documents = call->app().store.list(store::Kind::token, kParent, "", kMostPrincipals);
  if (!documents.ok()) return call->fail(documents.error());
  Json value = Json::array();
  for (const store::Document& document : documents.value()) {
    const Json stored = Json::parse(document.text, nullptr, /*allow_exceptions=*/false);
    if (!stored.is_object()) continue;
    value.push_back(
        {{"clientId", document.id}, {"name", stored.value("name", "")}, {"created", stored.value("created", "")}});
  }
  call->send_json(200, {{"value", std::move(value)}});
}

void add(CallPtr call) {
  const auto body = spec::parse_json(call->body());
  if (!body.ok()) return call->fail(body.error());
  const std::string name = body.value().is_object() && body.value().contains("name") && body.value()["name"].is_string()
                               ? body.value()["name"].get<std::string>()
                               : "";
  if (name.empty() || name.size() > 64) {
    return call->fail({Code::invalid, "the body must be {\"name\": \"...\"} with 1 to 64 bytes"});
  }
  const auto there = call->app().store.list(store::Kind::token, kParent, "", kMostPrincipals);
  if (!there.ok()) return call->fail(there.error());
  if (there.value().size() >= kMostPrincipals) {
    return call->fail({Code::exhausted, "there are 1,000 principals, which are all that there may be: delete some"});
  }
  const std::string id = new_request_id(), secret = auth::random_token();
  store::Document document{
      store::Kind::token, std::string(kParent), id,
      Json{{"name", name}, {"hash", auth::hash_token(secret)}, {"created", format_time(call->app().clock.now().wall)}}
          .dump()};
  write(
      call,
      [document = std::move(document)](batch::State& state) -> Result<Json> {
        state.changes.put(document);
        return Json();
      },
      [id, name, secret](Call& self, const Json&) {
        // By the names that doAzureParallel's credentials have for them.
        self.send_json(201,
                       {{"name", name},
                        {"tenantId", kTenant},
                        {"clientId", id},
                        {"credential", secret},
                        {"batchAccountResourceId", resource_id(self.app(), "Microsoft.Batch/batchAccounts")},
                        {"storageAccountResourceId", resource_id(self.app(), "Microsoft.Storage/storageAccounts")},
                        {"storageEndpointSuffix", storage_suffix(self.app())}},
                       {{"Cache-Control", "no-store"}});
      });
}

void remove(CallPtr call) {
  const std::string& id = call->argument("principal");
  const auto found = call->app().store.get(store::Kind::token, kParent, id);
  if (!found.ok()) return call->fail(found.error());
  if (!found.value()) return call->fail(no_principal(id));
  write(call, {.status = 204}, [id](batch::State& state) -> Result<Json> {
    state.changes.erase(store::Kind::token, std::string(kParent), id);
    return Json();
  });
}

void give_token(const CallPtr& call) {
  if (call->request().method != "POST") return refuse(call, 405, "invalid_request", "tokens are asked for by POST");
  const auto form = parse_form(call->body());
  if (!form.ok()) return refuse(call, 400, "invalid_request", form.error().message);
  const auto field = [&form](std::string_view name) {
    return std::string(form.value().query_value(name).value_or(""));
  };
  if (field("grant_type") != "client_credentials") {
    return refuse(call, 400, "unsupported_grant_type", "grant_type must be client_credentials");
  }
  const std::string id = field("client_id"), secret = field("client_secret");
  const auto found = call->app().store.get(store::Kind::token, kParent, id);
  if (!found.ok()) return refuse(call, 503, "temporarily_unavailable", "the server's store cannot be read");
  const Json stored = found.value() ? Json::parse(found.value()->text, nullptr, /*allow_exceptions=*/false) : Json();
  const std::string hash = stored.is_object() ? stored.value("hash", "") : "";
  if (hash.empty() || !auth::equal_in_constant_time(hash, auth::hash_token(secret))) {
    log::warn("principal_refused", {{"peer", call->request().peer}});
    return refuse(call, 401, "invalid_client", "there is no principal of this client_id with this client_secret");
  }
  const WallTime now = call->app().clock.now().wall;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  // Texts, as Azure's endpoint of version 1 has them.
  const std::string life = std::to_string(kTokenLife.count());
  call->send_json(
      200,
      {{"token_type", "Bearer"},
       {"expires_in", life},
       {"ext_expires_in", life},
       {"expires_on", std::to_string((seconds + kTokenLife).count())},
       {"not_before", std::to_string(seconds.count())},
       {"resource", field("resource")},
       {"access_token", auth::make_account_token(call->app().token_key, {.account = call->app().account.name,
                                                                         .principal = found.value()->id,
                                                                         .expires = now + kTokenLife})}},
      {{"Cache-Control", "no-store"}});
}

Result<std::string> check_token(const App& app, std::string_view token) {
  SCORIA_TRY(read, auth::check_account_token(app.token_key, app.account.name, token, app.clock.now().wall));
  SCORIA_TRY(found, app.store.get(store::Kind::token, kParent, read.principal));
  if (found) return std::move(read.principal);
  return spec::batch_error("AuthenticationFailed", "the bearer token's principal is not there any more");
}

}  // namespace scoria::server::principals
