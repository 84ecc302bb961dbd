// The handlers of services: requests checked, answers written.
#include "serve/service_version.h"
#include "server/app.h"
#include "server/services.h"
#include "spec/json_text.h"

namespace scoria::server::services {
namespace {

// Errors: invalid: a name that no service and no version has.
Status check_arguments(const CallPtr& call) {
  for (const auto& [name, value] : call->arguments) {
    if (serve::is_service_name(value)) continue;
    return Error{Code::invalid, std::string(name) + " '" + value.substr(0, 80) +
                                    "' must be 1 to 64 letters, digits, - _ and ., and not . or .."};
  }
  return Ok{};
}

Services::Done answer(const CallPtr& call, int status) {
  return [call, status](Result<Json> result) {
    guarded(call, [&] {
      if (!result.ok()) return call->fail(result.error());
      if (status == 204) return call->send_empty(204);
      call->send_json(status, result.value());
    });
  };
}

}  // namespace

void list(CallPtr call) { call->send_json(200, call->app().services.list()); }

void show(CallPtr call) {
  const auto found = call->app().services.show(call->argument("service"));
  if (!found.ok()) return call->fail(found.error());
  call->send_json(200, found.value());
}

void deploy(CallPtr call) {
  if (const Status checked = check_arguments(call); !checked.ok()) return call->fail(checked.error());
  auto body = spec::parse_json(call->body());
  if (!body.ok()) return call->fail(body.error());
  if (!body.value().is_object()) return call->fail({Code::invalid, "the body must be a JSON object"});
  call->app().services.deploy(call->argument("service"), call->argument("version"), std::move(body).value(),
                              answer(call, 201));
}

void set_traffic(CallPtr call) {
  const auto body = spec::parse_json(call->body());
  if (!body.ok()) return call->fail(body.error());
  serve::Weights weights;
  const bool is_object = body.value().is_object();
  for (auto item = body.value().begin(); is_object && item != body.value().end(); ++item) {
    if (!item->is_number()) return call->fail({Code::invalid, "the weight of '" + item.key() + "' must be a number"});
    weights[item.key()] = item->get<double>();
  }
  if (weights.empty()) return call->fail({Code::invalid, "the body must be {\"VERSION\": weight, ...}"});
  call->app().services.set_weights(call->argument("service"), std::move(weights), answer(call, 200));
}

void roll_back(CallPtr call) { call->app().services.roll_back(call->argument("service"), answer(call, 200)); }

void remove_version(CallPtr call) {
  if (const Status checked = check_arguments(call); !checked.ok()) return call->fail(checked.error());
  call->app().services.remove(call->argument("service"), call->argument("version"), answer(call, 204));
}

void remove(CallPtr call) {
  if (const Status checked = check_arguments(call); !checked.ok()) return call->fail(checked.error());
  call->app().services.remove(call->argument("service"), "", answer(call, 204));
}

}  // namespace scoria::server::services
