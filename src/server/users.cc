#include "server/users.h"

#include "access/accounts.h"
#include "base/iso8601.h"
#include "server/documents.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::server::users {
namespace {

access::Doing doing_of(const Call& call) {
  return {.by = call.identity.caller == nullptr ? "the account's key" : call.identity.caller->name,
          .now = call.app().clock.now().wall};
}

// Null: answered that there are none.
access::Access* users_of(const CallPtr& call) {
  if (call->app().access == nullptr) call->fail(spec::batch_error("ResourceNotFound", "this server has no users"));
  return call->app().access;
}

Result<Json> body_of(const Call& call) {
  SCORIA_TRY(body, spec::parse_json(call.body()));
  if (!body.is_object()) return Error{Code::invalid, "the body must be a JSON object"};
  return body;
}

Result<access::Rights> rights_in(const Json& body) { return access::read_rights(access::Json::parse(body.dump())); }

// In the words of the API's errors.
void fail_access(const CallPtr& call, Error error) {
  if (error.code == Code::not_found) error = spec::batch_error("ResourceNotFound", error.message);
  call->fail(error);
}

void answer_status(const CallPtr& call, const Status& status, int success) {
  if (!status.ok()) return fail_access(call, status.error());
  call->send_empty(success);
}

void answer_list(const CallPtr& call, const Result<access::Json>& list) {
  if (!list.ok()) return fail_access(call, list.error());
  call->send_json(200, {{"value", Json::parse(list.value().dump())}});
}

}  // namespace

void list(CallPtr call) {
  if (auto* users = users_of(call)) answer_list(call, access::shown_users(users->folder()));
}

void add(CallPtr call) {
  auto* users = users_of(call);
  if (users == nullptr) return;
  const auto body = body_of(*call);
  if (!body.ok()) return call->fail(body.error());
  const auto rights = rights_in(body.value());
  if (!rights.ok()) return call->fail(rights.error());
  answer_status(call,
                access::add_user(users->folder(), text_at(body.value(), "name"), text_at(body.value(), "password"),
                                 rights.value(), doing_of(*call)),
                201);
}

void change(CallPtr call) {
  auto* users = users_of(call);
  if (users == nullptr) return;
  const auto body = body_of(*call);
  if (!body.ok()) return call->fail(body.error());
  const std::string& name = call->argument("user");
  const bool has_rights = body.value().contains("role") || body.value().contains("grants");
  const bool has_password = body.value().contains("password");
  if (has_rights == has_password)
    return call->fail(
        {Code::invalid, "the body must be {\"password\": \"...\"} or {\"role\": \"...\", \"grants\": [...]}"});
  if (has_password) {
    return answer_status(
        call, access::set_password(users->folder(), name, text_at(body.value(), "password"), doing_of(*call)), 200);
  }
  const auto rights = rights_in(body.value());
  if (!rights.ok()) return call->fail(rights.error());
  answer_status(call, access::set_rights(users->folder(), name, rights.value(), doing_of(*call)), 200);
}

void remove(CallPtr call) {
  if (auto* users = users_of(call))
    answer_status(call, access::remove_user(users->folder(), call->argument("user"), doing_of(*call)), 204);
}

void import_htpasswd(CallPtr call) {
  auto* users = users_of(call);
  if (users == nullptr) return;
  const auto body = body_of(*call);
  if (!body.ok()) return call->fail(body.error());
  const auto rights = rights_in(body.value());
  if (!rights.ok()) return call->fail(rights.error());
  const auto count =
      access::import_htpasswd(users->folder(), text_at(body.value(), "htpasswd"), rights.value(), doing_of(*call));
  if (!count.ok()) return fail_access(call, count.error());
  call->send_json(200, {{"users", count.value()}});
}

void list_keys(CallPtr call) {
  if (auto* users = users_of(call)) answer_list(call, access::shown_keys(users->folder()));
}

void add_key(CallPtr call) {
  auto* users = users_of(call);
  if (users == nullptr) return;
  const auto body = body_of(*call);
  if (!body.ok()) return call->fail(body.error());
  const auto rights = rights_in(body.value());
  if (!rights.ok()) return call->fail(rights.error());
  std::optional<WallTime> expires;
  if (body.value().contains("expires")) {
    const auto time = parse_time(text_at(body.value(), "expires"));
    if (!time.ok()) return call->fail(with_context("expires", time.error()));
    expires = time.value();
  }
  const auto key =
      access::create_key(users->folder(), text_at(body.value(), "name"), rights.value(), expires, doing_of(*call));
  if (!key.ok()) return fail_access(call, key.error());
  call->send_json(201, {{"id", key.value().record.id}, {"key", key.value().text}}, {{"Cache-Control", "no-store"}});
}

void remove_key(CallPtr call) {
  if (auto* users = users_of(call))
    answer_status(call, access::revoke_key(users->folder(), call->argument("key"), doing_of(*call)), 204);
}

void rotate_signing_keys(CallPtr call) {
  if (auto* users = users_of(call))
    answer_status(call, access::rotate_signing_keys(users->folder(), doing_of(*call)), 200);
}

}  // namespace scoria::server::users
