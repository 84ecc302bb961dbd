#include "server/front.h"

#include <algorithm>

#include "base/iso8601.h"
#include "base/log.h"
#include "server/identity.h"
#include "server/management.h"
#include "server/metrics.h"
#include "server/node_protocol.h"
#include "server/principals.h"
#include "server/publishing.h"
#include "server/routes.h"
#include "server/services.h"
#include "spec/errors.h"

namespace scoria::server {
namespace {

bool equal_without_case(std::string_view a, std::string_view b) { return batch::lower(a) == batch::lower(b); }

// "acct.blob.localhost:10101"
bool is_storage_host(std::string_view host, std::string_view account) {
  return host.size() > account.size() + 6 && equal_without_case(host.substr(0, account.size()), account) &&
         equal_without_case(host.substr(account.size(), 6), ".blob.");
}

// First parts of paths that services answer; "/" is their page.
constexpr std::string_view kServing[] = {"services",    "endpoints", "api",    "v2",      "score",    "predict",
                                         "invocations", "ping",      "health", "version", "startupz", "openapi.json"};

net::HttpReply plain(int status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
  return {.status = status,
          .headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}},
          .body = std::move(body),
          .file = {},
          .source = {},
          .head_length = {}};
}

}  // namespace

Destination destination_of(std::string_view host, const Target& target, std::string_view account) {
  if (is_storage_host(host, account)) return Destination::storage;
  const auto& parts = target.segments;
  if (parts.size() == 1) {
    if (parts[0] == "readyz") return Destination::ready;
    if (parts[0] == "livez") return Destination::live;
    if (parts[0] == "metrics") return Destination::metrics;
  }
  if (parts.size() >= 2 && parts[1] == "v1") {
    if (parts[0] == "node") return Destination::node;
    if (parts[0] == kOwnPrefix) return Destination::own;
  }
  if (!parts.empty() && parts[0] == account) return Destination::storage;
  if (parts.size() == 3 && parts[1] == "oauth2" && parts[2] == "token") return Destination::token;
  if (!parts.empty() && parts[0] == "subscriptions") return Destination::management;
  if (parts.empty() || std::ranges::find(kServing, parts[0]) != std::end(kServing)) return Destination::serving;
  if (access::Access::is_own_path(target.path)) return Destination::login;
  return Destination::batch;
}

Status check_account_name(std::string_view name) {
  std::vector<std::string_view> taken(std::begin(kServing), std::end(kServing));
  for (const std::string_view own :
       {"readyz", "livez", "metrics", "applications", "certificates", "subscriptions", "login"})
    taken.push_back(own);
  for (const Route& route : batch_routes()) {
    const std::string_view first = route.pattern.substr(1, route.pattern.find('/', 1) - 1);
    if (first != kOwnPrefix) taken.push_back(first);
  }
  if (std::ranges::find(taken, name) == taken.end()) return Ok{};
  return Error{Code::invalid, "the account must not be named '" + std::string(name) +
                                  "': paths that begin with it are those of the Batch service"};
}

Destination Front::destination(const net::HttpRequest& head, const Target& target) const {
  const Destination found = destination_of(head.host(), target, app_.account.name);
  const bool is_publishing = found == Destination::serving && publishing::is_publishing(app_, head.method, target);
  return is_publishing ? Destination::publishing : found;
}

net::BodyPlan Front::plan_body(const net::HttpRequest& head) {
  const auto target = Target::parse(head.target);
  if (!target.ok()) return {};
  switch (destination(head, target.value())) {
    case Destination::storage: return storage_.plan_body(head);
    case Destination::node: return plan_node_body(app_, head, target.value());
    case Destination::serving: return app_.services.app().plan_body(head);
    default: return {.max_bytes = app_.config.max_body_bytes, .sink = {}, .refuse = {}};
  }
}

void Front::handle(net::HttpRequest request, net::Responder responder) {
  auto target = Target::parse(request.target);
  const bool is_broken = !target.ok();
  const Destination destination = is_broken ? Destination::batch : this->destination(request, target.value());
  if (destination == Destination::storage) return storage_.handle(std::move(request), std::move(responder));
  if (destination == Destination::serving) return app_.services.app().handle(std::move(request), std::move(responder));
  if (destination == Destination::login && app_.access != nullptr)
    return app_.access->handle_own(std::move(request), std::move(responder));
  const auto call = std::make_shared<Call>(app_, std::move(request), is_broken ? Target{} : std::move(target).value(),
                                           std::move(responder));
  try {
    if (is_broken) return call->fail(target.error());
    if (call->request().body_error && destination != Destination::node) return call->fail(*call->request().body_error);
    serve_user(call, destination);
  } catch (const std::bad_alloc&) {
    call->fail(spec::batch_error("ServerBusy", "the server is out of memory for this request"));
  } catch (const std::exception& error) {
    log::error("handler_failed",
               {{"request", call->request_id()}, {"path", call->target().path}, {"error", error.what()}});
    call->fail(spec::batch_error("InternalError"));
  }
}

void Front::serve_user(const CallPtr& call, Destination destination) {
  if (app_.access == nullptr || destination == Destination::node || !has_user_credential(call->request()))
    return serve(call, destination);
  const auto go_on = [this, call, destination](access::Identified user) {
    // Who must wait is told for how long; who is refused for good, in the surface's own words.
    if (user.refusal) {
      const int status = access::status_of(*user.refusal);
      if (status != 401 && status != 403) return call->send(access::reply_of(*user.refusal));
    } else if (const auto refusal = app_.access->throttle(*user.caller)) {
      return call->send(access::reply_of(*refusal));
    }
    call->user = std::move(user);
    serve(call, destination);
  };
  auto user = app_.access->identify(call->request());
  if (!user.is_pending()) return go_on(std::move(user));
  app_.access->identify_later(
      call->request(), [call, go_on](access::Identified later) { guarded(call, [&] { go_on(std::move(later)); }); });
}

void Front::serve(const CallPtr& call, Destination destination) {
  switch (destination) {
    case Destination::ready:
      return call->send(is_ready_ && app_.services.is_ready() ? plain(200, "ready\n")
                                                              : plain(503, "starting or stopping\n"));
    case Destination::live: return call->send(plain(200, "live\n"));
    case Destination::metrics:
      // A scraper on this machine needs no key; anybody else does, whom a proxy on this machine lets through, too.
      if (!access::is_local(call->request())) {
        auto identity = identify(*call);
        if (!identity.ok()) return call->fail(identity.error());
        call->identity = std::move(identity).value();
        if (const Status allowed = check_scope(*call, Scope::account); !allowed.ok())
          return call->fail(allowed.error());
      }
      return call->send(plain(200, metrics_text(app_.service.metrics(), app_.retained) + app_.services.app().metrics(),
                              "text/plain; version=0.0.4; charset=utf-8"));
    case Destination::node: return serve_node(call);
    case Destination::token: return principals::give_token(call);
    case Destination::management: return serve_management(call);
    case Destination::publishing: {
      auto identity = identify(*call);
      // 401, as at all paths of services: by it ML Server's clients know that they must log in again.
      if (!identity.ok() && (call->user || !call->request().header("Authorization")))
        return call->send(
            access::reply_of(call->user ? call->user->refusal.value_or(access::Refusal{}) : access::Refusal{}));
      if (!identity.ok()) return call->fail(identity.error());
      call->identity = std::move(identity).value();
      return publishing::serve(call);
    }
    case Destination::own:
    case Destination::login:  // of a server without users
    case Destination::batch: return dispatch(call);
    case Destination::serving:
    case Destination::storage: return;
  }
}

net::HttpReply Front::explain(int status, std::string_view why) {
  const auto code = [status]() -> std::string_view {
    switch (status) {
      case 408: return "OperationTimedOut";
      case 411: return "MissingContentLengthHeader";
      case 413: return "RequestBodyTooLarge";
      case 431: return "InvalidHeaderValue";
      case 505: return "UnsupportedHttpVersion";
      default: return status >= 500 ? "InternalError" : "InvalidInput";
    }
  }();
  const std::string id = new_request_id();
  net::HttpReply reply = plain(status,
                               spec::error_body(spec::batch_error(code, std::string(why)), app_.account_url, id,
                                                format_time(app_.clock.now().wall)),
                               "application/json;odata=minimalmetadata");
  reply.headers.emplace_back("request-id", id);
  return reply;
}

}  // namespace scoria::server
