// The handlers of services: requests checked, answers written.
#include "serve/service_version.h"
#include "server/app.h"
#include "server/services.h"
#include "spec/json_text.h"

namespace scoria::server::services {
namespace {

// What the audit log says of a change, whether it was made or not.
void audit(const Call& call, std::string_view event, access::AuditFields fields, const Status& outcome) {
  const access::Access* access = call.app().access;
  if (access == nullptr) return;
  fields.insert(fields.begin(), {"service", call.argument("service")});
  fields.insert(fields.begin(), {"by", call.identity.name()});
  fields.emplace_back("peer", access->address(call.request()));
  fields.emplace_back("outcome", outcome.ok() ? "done" : outcome.error().message);
  access->audit(event, fields);
}

bool may(const Call& call, access::Action action, std::string_view service) {
  return call.identity.caller == nullptr || call.identity.caller->may(action, service);
}

}  // namespace

Status check_arguments(const Call& call) {
  for (const auto& [name, value] : call.arguments) {
    if (serve::is_service_name(value)) continue;
    return Error{Code::invalid, std::string(name) + " '" + value.substr(0, 80) +
                                    "' must be 1 to 64 letters, digits, - _ and ., and not . or .."};
  }
  return Ok{};
}

Services::Done answered(const CallPtr& call, Change change, std::function<void(const Json& made)> then) {
  return [call, change = std::move(change), then = std::move(then)](Result<Json> result) {
    guarded(call, [&] {
      audit(*call, change.event, change.fields, result.ok() ? Status(Ok{}) : Status(result.error()));
      if (!result.ok()) return call->fail(result.error());
      then(result.value());
    });
  };
}

void list(CallPtr call) {
  call->send_json(200, call->app().services.list(
                           [&call](const std::string& service) { return may(*call, access::Action::read, service); }));
}

void show(CallPtr call) {
  if (const Status checked = check_arguments(*call); !checked.ok()) return call->fail(checked.error());
  const auto found = call->app().services.show(call->argument("service"));
  if (!found.ok()) return call->fail(found.error());
  call->send_json(200, found.value());
}

void deploy(CallPtr call) {
  if (const Status checked = check_arguments(*call); !checked.ok()) return call->fail(checked.error());
  auto body = spec::parse_json(call->body());
  if (!body.ok()) return call->fail(body.error());
  if (!body.value().is_object()) return call->fail({Code::invalid, "the body must be a JSON object"});
  call->app().services.deploy(
      {.service = call->argument("service"),
       .version = call->argument("version"),
       .request = std::move(body).value(),
       .is_by_grant = !may(*call, access::Action::deploy, "")},
      answered(call, {.event = "service_deployed", .fields = {{"version", call->argument("version")}}},
               [call](const Json& made) { call->send_json(201, made); }));
}

void set_traffic(CallPtr call) {
  if (const Status checked = check_arguments(*call); !checked.ok()) return call->fail(checked.error());
  const auto body = spec::parse_json(call->body());
  if (!body.ok()) return call->fail(body.error());
  serve::Weights weights;
  const bool is_object = body.value().is_object();
  for (auto item = body.value().begin(); is_object && item != body.value().end(); ++item) {
    if (!item->is_number()) return call->fail({Code::invalid, "the weight of '" + item.key() + "' must be a number"});
    weights[item.key()] = item->get<double>();
  }
  if (weights.empty()) return call->fail({Code::invalid, "the body must be {\"VERSION\": weight, ...}"});
  call->app().services.set_weights(
      call->argument("service"), std::move(weights),
      answered(call, {.event = "service_traffic", .fields = {{"weights", body.value().dump()}}},
               [call](const Json& made) { call->send_json(200, made); }));
}

void roll_back(CallPtr call) {
  if (const Status checked = check_arguments(*call); !checked.ok()) return call->fail(checked.error());
  call->app().services.roll_back(
      call->argument("service"),
      answered(call, {.event = "service_rolled_back"}, [call](const Json& made) { call->send_json(200, made); }));
}

void remove_version(CallPtr call) {
  if (const Status checked = check_arguments(*call); !checked.ok()) return call->fail(checked.error());
  call->app().services.remove(
      call->argument("service"), call->argument("version"),
      answered(call, {.event = "service_version_deleted", .fields = {{"version", call->argument("version")}}},
               [call](const Json&) { call->send_empty(204); }));
}

void remove(CallPtr call) {
  if (const Status checked = check_arguments(*call); !checked.ok()) return call->fail(checked.error());
  call->app().services.remove(
      call->argument("service"), "",
      answered(call, {.event = "service_deleted"}, [call](const Json&) { call->send_empty(204); }));
}

void note_refusal(const Call& call) {
  const std::string& method = call.request().method;
  if (call.identity.is_account() || method == "GET" || method == "HEAD") return;
  audit(call, "service_refused", {{"operation", method + " " + call.target().path}},
        Error{Code::denied, "the caller may not"});
}

}  // namespace scoria::server::services
