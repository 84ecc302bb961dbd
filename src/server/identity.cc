#include "server/identity.h"

#include <algorithm>
#include <array>

#include "auth/bearer.h"
#include "server/jobs.h"
#include "server/principals.h"
#include "spec/errors.h"

namespace scoria::server {
namespace {

Error refused(std::string message) { return spec::batch_error("AuthenticationFailed", std::move(message)); }

bool starts_with_scheme(std::string_view text, std::string_view scheme) {
  if (text.size() <= scheme.size() || text[scheme.size()] != ' ') return false;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != scheme[i]) return false;
  }
  return true;
}

// Below /scoria/v1: what hands out the right to do everything, or secrets.
constexpr std::array<std::string_view, 7> kOwnersNouns = {"users",   "userimports", "keys",  "signingkeys",
                                                          "secrets", "principals",  "backup"};

access::Action action_of(const Call& call) {
  const auto& parts = call.target().segments;
  if (parts.size() >= 3 && parts[0] == kOwnPrefix && std::ranges::find(kOwnersNouns, parts[2]) != kOwnersNouns.end())
    return access::Action::administer;
  if (!parts.empty() && parts[0] == "subscriptions") return access::Action::administer;  // it tells the account's key
  const std::string& method = call.request().method;
  return method == "GET" || method == "HEAD" ? access::Action::read : access::Action::deploy;
}

// Operations of one service are allowed by what is granted for it; all others by the role alone.
bool is_of_services(const Call& call) {
  const auto& parts = call.target().segments;
  return parts.size() >= 3 && parts[0] == kOwnPrefix && parts[2] == "services";
}

bool is_list_of_services(const Call& call) {
  return is_of_services(call) && call.target().segments.size() == 3 && call.request().method == "GET";
}

std::string service_of(const Call& call) {
  return is_of_services(call) && call.target().segments.size() > 3 ? call.target().segments[3] : std::string();
}

}  // namespace

bool has_user_credential(const net::HttpRequest& request) {
  const auto header = request.header("Authorization");
  if (!header || header->empty()) return request.header("X-API-Key").has_value();
  if (starts_with_scheme(*header, "basic")) return true;
  if (!starts_with_scheme(*header, "bearer")) return false;
  const std::string_view token = header->substr(7);
  if (token.starts_with("sct1.") || auth::is_account_token(token)) return false;
  // Three parts: a JSON Web Token.
  return token.starts_with("sck_") || std::ranges::count(token, '.') == 2;
}

Result<Identity> identify(const Call& call) {
  App& app = call.app();
  if (call.user) {
    if (call.user->caller != nullptr) return Identity{.job = {}, .caller = call.user->caller};
    return refused(std::string(access::words_of(call.user->refusal.value_or(access::Refusal{}))));
  }
  const auto header = call.request().header("Authorization");
  if (!header || header->empty()) {
    return refused(
        "the request has no Authorization header; it must be 'SharedKey account:signature' or 'Bearer token'");
  }
  const WallTime now = app.clock.now().wall;
  if (starts_with_scheme(*header, "sharedkey")) {
    SCORIA_TRY_STATUS(auth::check_shared_key(auth::Service::batch, app.account, call.request().method,
                                             call.request().target, call.request().headers, now));
    return Identity{};
  }
  if (starts_with_scheme(*header, "bearer")) {
    if (auth::is_account_token(header->substr(7))) {
      SCORIA_TRY(principal, principals::check_token(app, header->substr(7)));
      return Identity{.job = {}, .principal = std::move(principal)};
    }
    SCORIA_TRY(token, auth::check_task_token(app.token_key, app.account.name, header->substr(7), now));
    // A job that was deleted takes its tokens with it; so does one that was replaced under its id.
    SCORIA_TRY(job, jobs::find(app, token.job_id));
    if (!job || jobs::number(*job) != token.job) return refused("the token's job is not there any more");
    return Identity{.job = token.job_id};
  }
  return refused("the Authorization header's scheme must be SharedKey or Bearer");
}

Status check_scope(const Call& call, Scope scope) {
  if (call.identity.caller != nullptr) {
    if (is_list_of_services(call)) return Ok{};  // of those that the caller may read
    if (call.identity.caller->may(action_of(call), service_of(call))) return Ok{};
    return spec::batch_error("InsufficientAccountPermissions", "the user's role does not allow this");
  }
  if (call.identity.job.empty()) return Ok{};
  if (scope == Scope::job && batch::lower(call.argument("job")) == batch::lower(call.identity.job)) return Ok{};
  return spec::batch_error("InsufficientAccountPermissions",
                           "the token is for job '" + call.identity.job + "' and its tasks alone");
}

}  // namespace scoria::server
