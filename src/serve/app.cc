#include "serve/app.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "auth/target.h"
#include "base/log.h"
#include "serve/openapi.h"
#include "serve/try_page.h"

namespace scoria::serve {
namespace {

net::HttpReply plain(int status, std::string body, const char* type = "text/plain; charset=utf-8") {
  return {.status = status,
          .headers = {{"Content-Type", type}},
          .body = std::move(body),
          .file = {},
          .source = {},
          .head_length = {}};
}

net::HttpReply not_found(const std::string& what) { return problem_reply(one_mistake(404, "not_found", what)); }

net::HttpReply wrong_method(const char* allowed) {
  auto reply = problem_reply(one_mistake(405, "bad_request", std::string("this path is for ") + allowed));
  reply.headers.emplace_back("Allow", allowed);
  return reply;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) parts.push_back(auth::percent_decode(path.substr(0, end)));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

// Of a service that is not there, in the protocol's own form where its clients read no other.
net::HttpReply no_service(Protocol protocol, const std::string& what) {
  if (protocol != Protocol::inference) return not_found(what);
  std::string body = "{\"error\":";
  append_text(body, what);
  return json_reply(404, body + "}");
}

bool is_scoring_verb(const std::string& word) { return word == "score" || word == "predict"; }

}  // namespace

App::App(std::vector<ServedModelPtr> models, Executor& executor, AppLimits limits)
    : executor_(executor), limits_(limits), models_(std::move(models)) {}

std::vector<ServedModelPtr> App::models() const {
  const std::lock_guard lock(models_mutex_);
  return models_;
}

void App::replace(const ServedModelPtr& model) {
  const std::lock_guard lock(models_mutex_);
  for (auto& one : models_) {
    if (one->service() == model->service()) one = model;
  }
}

ServedModelPtr App::find(std::string_view service) const {
  const std::lock_guard lock(models_mutex_);
  if (service.empty()) return models_.empty() ? nullptr : models_[0];
  for (const auto& model : models_) {
    if (model->service() == service) return model;
  }
  return nullptr;
}

net::BodyPlan App::plan_body(const net::HttpRequest& head) {
  return {.max_bytes = is_json(media_type(head)) ? limits_.json_bytes : limits_.other_bytes, .sink = {}, .refuse = {}};
}

net::HttpReply App::explain(int status, std::string_view why) {
  return problem_reply(one_mistake(status, status == 413 ? "too_large" : "bad_request", std::string(why)));
}

void App::handle(net::HttpRequest request, net::Responder responder) {
  try {
    responder.send(route(request));
  } catch (const std::exception& exception) {
    log::error("request_failed", {{"target", request.target}, {"error", exception.what()}});
    responder.send(problem_reply(one_mistake(500, "failed", "the server has a bug; its log says more")));
  }
}

net::HttpReply App::route(net::HttpRequest& request) {
  const auto target = auth::split_target(request.target);
  const auto path = split_path(target.path);
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (is_get) return get(path);
  if (request.method != "POST") return wrong_method("GET, POST");
  return post(path, request, {.items = target.query});
}

net::HttpReply App::run(Protocol protocol, net::HttpReply (*answer)(Exchange&), const ServedModelPtr& model,
                        net::HttpRequest& request, const Query& query) {
  const auto begin = std::chrono::steady_clock::now();
  Exchange exchange{.model = *model, .request = request, .query = query, .executor = executor_};
  Traffic& traffic = model->traffic();
  traffic.begin();
  const auto end = [&](int status) {
    traffic.end(protocol, status, exchange.rows,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  };
  try {
    net::HttpReply reply = answer(exchange);
    end(reply.status);
    return reply;
  } catch (...) {
    end(500);
    throw;
  }
}

net::HttpReply App::post(const std::vector<std::string>& path, net::HttpRequest& request, const Query& query) {
  const auto serve = [&](Protocol protocol, net::HttpReply (*answer)(Exchange&), std::string_view service,
                         std::string_view version) -> net::HttpReply {
    const auto model = find(service);
    if (model == nullptr) return no_service(protocol, "there is no service '" + std::string(service) + "'");
    if (!version.empty() && version != model->version()) {
      return no_service(protocol, "service '" + model->service() + "' has no version '" + std::string(version) +
                                      "', but " + model->version());
    }
    return run(protocol, answer, model, request, query);
  };
  if (const auto coding = request.header("Content-Encoding"); coding && !net::is_same_name(*coding, "identity")) {
    return problem_reply(
        one_mistake(415, "bad_request",
                    "Content-Encoding is '" + std::string(coding->substr(0, 100)) + "'; send the body as it is"));
  }
  const std::size_t size = path.size();
  if (size == 1 && is_scoring_verb(path[0])) return serve(Protocol::plumber, answer_plumber, "", "");
  if (size == 3 && path[0] == "services" && is_scoring_verb(path[2]))
    return serve(Protocol::plumber, answer_plumber, path[1], "");
  if (size == 1 && path[0] == "invocations") return serve(Protocol::invocations, answer_invocations, "", "");
  if (size == 3 && path[0] == "endpoints" && path[2] == "invocations")
    return serve(Protocol::invocations, answer_invocations, path[1], "");
  if (size == 3 && path[0] == "api") return serve(Protocol::ml_server, answer_ml_server, path[1], path[2]);
  if (size >= 4 && path[0] == "v2" && path[1] == "models" && path.back() == "infer") {
    if (size == 4) return serve(Protocol::inference, answer_inference, path[2], "");
    if (size == 6 && path[3] == "versions") return serve(Protocol::inference, answer_inference, path[2], path[4]);
  }
  return not_found("nothing is served at this path; GET / lists what is");
}

net::HttpReply App::get_inference(const std::vector<std::string>& path) {
  const std::size_t size = path.size();
  if (size == 1) {
    return json_reply(200,
                      R"({"name":"scoria","version":")" SCORIA_VERSION R"(","extensions":["binary_tensor_data"]})");
  }
  if (size == 3 && path[1] == "health" && path[2] == "live") return json_reply(200, R"({"live":true})");
  if (size == 3 && path[1] == "health" && path[2] == "ready")
    return json_reply(is_ready_ ? 200 : 503, is_ready_ ? R"({"ready":true})" : R"({"ready":false})");
  if (size >= 3 && path[1] == "models") {
    const auto model = find(path[2]);
    const bool has_version = size >= 5 && path[3] == "versions";
    if (model == nullptr || (has_version && path[4] != model->version()))
      return json_reply(404, R"({"error":"there is no such model or version"})");
    const std::size_t rest = size - (has_version ? 5 : 3);
    if (rest == 0) return json_reply(200, inference_metadata(*model));
    if (rest == 1 && path.back() == "ready")
      return json_reply(is_ready_ ? 200 : 503, is_ready_ ? R"({"ready":true})" : R"({"ready":false})");
  }
  return json_reply(404, R"({"error":"there is nothing at this path"})");
}

net::HttpReply App::get(const std::vector<std::string>& path) {
  const std::size_t size = path.size();
  if (size == 0) return plain(200, try_page(models()), "text/html; charset=utf-8");
  const std::string& first = path[0];
  if (first == "v2") return get_inference(path);
  if (size == 1) {
    if (first == "livez" || first == "startupz") return plain(200, "ok\n");
    if (first == "readyz" || first == "ping" || first == "health")
      return is_ready_ ? plain(200, "\n") : plain(503, "draining\n");
    if (first == "version") return plain(200, SCORIA_VERSION "\n");
    if (first == "metrics") return plain(200, metrics(), "text/plain; version=0.0.4; charset=utf-8");
    if (first == "openapi.json") return json_reply(200, openapi_document(models(), true));
    if (is_scoring_verb(first) || first == "invocations") return wrong_method("POST");
  }
  if (first == "services" && size == 3 && is_scoring_verb(path[2])) return wrong_method("POST");
  if (first == "api" && size == 4 && path[3] == "swagger.json") {
    const auto model = find(path[1]);
    if (model != nullptr && path[2] == model->version()) return json_reply(200, swagger_document(*model));
    return not_found("there is no service '" + path[1] + "' of version '" + path[2] + "'");
  }
  if (first == "api" && size == 3) return wrong_method("POST");
  return not_found("nothing is served at this path; GET / lists what is");
}

std::string App::metrics() const {
  const auto all = models();
  std::vector<NamedTraffic> named;
  for (const auto& model : all) named.push_back({model->service(), model->version(), &model->traffic()});
  std::string text = traffic_metrics(named);
  text += "# HELP serve_model_info What is served.\n# TYPE serve_model_info gauge\n";
  for (const auto& model : all) {
    text += "serve_model_info" +
            metric_labels(model->service(), model->version(),
                          "family=\"" + model->description().family + "\",sha256=\"" + model->sha256() + "\"") +
            " 1\n";
  }
  return text;
}

}  // namespace scoria::serve
