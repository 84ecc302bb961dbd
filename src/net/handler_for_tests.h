// A handler made of a test's functions, and the server in front of it. Test programs only.
#pragma once

#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "net/http_server.h"

namespace scoria::net {

// Without other orders, answers 200 with the request's method, target and body.
class HandlerForTests final : public HttpHandler {
 public:
  std::function<BodyPlan(const HttpRequest&)> plan = [](const HttpRequest&) { return BodyPlan{}; };
  std::function<void(HttpRequest, Responder)> answer = [](HttpRequest request, Responder responder) {
    responder.send({.body = request.method + " " + request.target + " [" + request.body + "]"});
  };

  BodyPlan plan_body(const HttpRequest& head) override { return plan(head); }
  void handle(HttpRequest request, Responder responder) override { answer(std::move(request), std::move(responder)); }
  HttpReply explain(int status, std::string_view why) override {
    return {.status = status, .headers = {{"x-explained", "yes"}}, .body = std::string(why)};
  }
};

inline std::unique_ptr<HttpServer> serve(HttpHandler& handler, HttpServerConfig config = {}) {
  if (config.listeners.empty()) config.listeners = {{.address = "127.0.0.1:0"}};
  auto server = HttpServer::start(std::move(config), handler);
  if (!server.ok()) throw std::runtime_error(server.error().message);
  return std::move(server).value();
}

}  // namespace scoria::net
