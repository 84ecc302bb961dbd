#include "serve/app.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <exception>
#include <iterator>
#include <memory>
#include <vector>

#include "auth/target.h"
#include "base/log.h"
#include "serve/gate.h"
#include "serve/inflated_body.h"
#include "serve/metrics_text.h"
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

net::HttpReply wrong_method(const std::string& allowed) {
  auto reply = problem_reply(one_mistake(405, "bad_request", "this path is for " + allowed));
  reply.headers.emplace_back("Allow", allowed);
  return reply;
}

// Of a service that is not there, in the protocol's own form where its clients read no other.
net::HttpReply no_service(const Form& form, const std::string& what) {
  if (form.protocol != Protocol::inference) return form.refuse(one_mistake(404, "not_found", what));
  std::string body = "{\"error\":";
  append_text(body, what);
  return json_reply(404, body + "}");
}

// By the client's own wish, where that is shorter.
Deadline deadline_of(const net::HttpRequest& request, std::chrono::milliseconds patience) {
  if (const auto wish = request.header("X-Request-Timeout-Ms")) {
    std::int64_t given = 0;
    const auto [end, error] = std::from_chars(wish->data(), wish->data() + wish->size(), given);
    if (error == std::errc{} && end == wish->data() + wish->size() && given > 0)
      patience = std::min(patience, std::chrono::milliseconds(given));
  }
  return std::chrono::steady_clock::now() + patience;
}

// The target's path without its first segments.
std::string below(std::string_view target, std::size_t segments) {
  target = target.substr(0, target.find('?'));
  std::size_t at = 0;
  for (std::size_t left = segments; left > 0; --left) {
    while (at < target.size() && target[at] == '/') ++at;
    at = std::min(target.find('/', at), target.size());
  }
  return std::string(target.substr(at));
}

void note_version(const NotePtr& note, const ServiceVersion& version, std::string_view protocol) {
  if (note == nullptr) return;
  note->service = version.service();
  note->version = version.version();
  note->protocol = protocol;
}

bool is_scoring_verb(const std::string& word) { return word == "score" || word == "predict"; }

// Of which methods a path is, if it is one of those of models and documents; empty: it is none.
const char* methods_of(const PathParts& path) {
  static constexpr std::array<std::string_view, 9> kDocuments = {
      "livez", "readyz", "startupz", "ping", "health", "version", "metrics", "openapi.json", "services"};
  constexpr const char *kScores = "POST", *kShows = "GET, HEAD";
  const std::size_t size = path.size();
  if (size == 0) return kShows;
  const std::string& first = path[0];
  if (first == "v2") return path.back() == "infer" ? kScores : kShows;
  if (size == 1) {
    if (is_scoring_verb(first) || first == "invocations") return kScores;
    return std::ranges::find(kDocuments, first) != kDocuments.end() ? kShows : "";
  }
  if (first == "api") return size == 3 ? kScores : size == 4 && path[3] == "swagger.json" ? kShows : "";
  const bool is_score = (first == "services" && is_scoring_verb(path[size - 1])) ||
                        (first == "endpoints" && path[size - 1] == "invocations");
  return size == 3 && is_score ? kScores : "";
}

net::HttpReply forbidden() { return access::reply_of({.reason = access::Reason::forbidden}); }

net::HttpReply nothing_for(const PathParts& path) {
  const std::string allowed = methods_of(path);
  return allowed.empty() ? not_found("nothing is served at this path; GET /services lists what is")
                         : wrong_method(allowed);
}

}  // namespace

// A request while it is answered.
struct App::Call {
  net::HttpRequest request;
  net::Responder responder;
  PathParts path;
  Query query;
  NotePtr note;              // null: nothing is kept of it
  access::CallerPtr caller;  // null: anybody

  void send(net::HttpReply reply) { responder.send(std::move(reply)); }
};

// The body, inflated where it came compressed. False: it is none, and that is answered.
bool App::take_body(Call& call) {
  std::optional<Error> wrong = call.request.body_error;
  if (!wrong && call.request.sink != nullptr) {
    auto body = InflatedBody::of(*call.request.sink).take();
    if (body.ok()) {
      call.request.body = std::move(body).value();
    } else {
      wrong = body.error();
    }
  }
  if (!wrong) return true;
  const bool is_large = wrong->code == Code::too_large;
  call.send(problem_reply(one_mistake(is_large ? 413 : 400, is_large ? "too_large" : "bad_request", wrong->message)));
  return false;
}

App::App(Catalog& catalog, Executor& executor, AppLimits limits, access::Access* access, Observer* observer)
    : catalog_(catalog), executor_(executor), limits_(limits), access_(access), observer_(observer) {}

net::BodyPlan App::plan_body(const net::HttpRequest& head) {
  net::BodyPlan plan{.max_bytes = is_json(media_type(head)) ? limits_.json_bytes : limits_.other_bytes};
  if (access_ != nullptr) plan.refuse = refuse_early(*access_, catalog_, head);
  const auto coding = head.header("Content-Encoding");
  if (!plan.refuse && coding && !net::is_same_name(*coding, "identity")) {
    auto inflated = InflatedBody::open(*coding, plan.max_bytes);
    if (inflated.ok()) {
      plan.sink = std::move(inflated).value();
    } else {
      plan.refuse = problem_reply(one_mistake(415, "bad_request", inflated.error().message));
    }
  }
  if (plan.refuse && observer_ != nullptr) observer_->note_refused(head, *plan.refuse);
  return plan;
}

net::HttpReply App::explain(int status, std::string_view why) {
  return problem_reply(one_mistake(status, status == 413 ? "too_large" : "bad_request", std::string(why)));
}

void App::handle(net::HttpRequest request, net::Responder responder) {
  NotePtr note = observer_ == nullptr ? nullptr : observer_->begin(request, responder);
  if (access_ == nullptr) return serve_request(std::move(request), std::move(responder), std::move(note), nullptr);
  if (access::Access::is_own_path(request.target)) return access_->handle_own(std::move(request), std::move(responder));
  const Need need = need_in(catalog_, request);
  if (need.is_open) return serve_request(std::move(request), std::move(responder), std::move(note), nullptr);
  access::Admission admission = ask(*access_, catalog_, request, need);
  if (!admission.is_pending())
    return answer_admission(std::move(admission), std::move(request), std::move(responder), std::move(note));
  struct Waiting {
    net::HttpRequest request;
    net::Responder responder;
    NotePtr note;
  };
  const auto waiting = std::make_shared<Waiting>(Waiting{std::move(request), std::move(responder), std::move(note)});
  ask_later(*access_, catalog_, waiting->request, need, [this, waiting](access::Admission later) {
    answer_admission(std::move(later), std::move(waiting->request), std::move(waiting->responder),
                     std::move(waiting->note));
  });
}

void App::answer_admission(access::Admission admission, net::HttpRequest&& request, net::Responder&& responder,
                           NotePtr note) {
  if (admission.refusal) return responder.send(std::move(*admission.refusal));
  if (note != nullptr) note->user = admission.caller->name;
  serve_request(std::move(request), std::move(responder), std::move(note), admission.caller);
}

void App::serve_request(net::HttpRequest&& request, net::Responder&& responder, NotePtr note,
                        const access::CallerPtr& caller) {
  Call call{.request = std::move(request),
            .responder = std::move(responder),
            .path = {},
            .query = {},
            .note = std::move(note),
            .caller = caller};
  try {
    if (!take_body(call)) return;
    auto target = auth::split_target(call.request.target);
    call.path = path_parts(target.path);
    call.query.items = std::move(target.query);
    route(call);
  } catch (const std::exception& exception) {
    log::error("request_failed", {{"target", call.request.target}, {"error", exception.what()}});
    call.send(problem_reply(one_mistake(500, "failed", "the server has a bug; its log says more")));
  }
}

void App::route(Call& call) {
  const auto& path = call.path;
  const std::string& method = call.request.method;
  if (path.size() >= 3 && path[0] == "services") {
    const auto version = wanted(call, path[1]);
    if (version != nullptr && !version->takes_rows()) return pass_on(call, version, below(call.request.target, 2));
    if (version != nullptr && method == "POST" && path.size() == 3 && is_scoring_verb(path[2]))
      return score(call, kPlumberForm, version);
  }
  if (method == "GET" || method == "HEAD") return get(call);
  if (method == "POST") return post(call);
  if (!pass_to_first(call)) call.send(nothing_for(path));
}

ServiceVersionPtr App::wanted(const Call& call, std::string_view service, std::string_view version) const {
  if (!version.empty()) return catalog_.find(service, version);
  return catalog_.find(service, call.request.header("X-Scoria-Version").value_or(""));
}

bool App::pass_to_first(Call& call) {
  const auto version = wanted(call, "");
  if (version == nullptr || version->takes_rows()) return false;
  // What is below another service's name is that one's.
  const std::string named = service_of(call.path);
  if (!named.empty() && named != version->service() && find_service(*catalog_.services(), named) != nullptr)
    return false;
  if (!admits(call, access::Action::score, version->service())) return false;
  pass_on(call, version, below(call.request.target, 0));
  return true;
}

bool App::admits(const Call& call, access::Action action, const std::string& service) const {
  return access_ == nullptr || (call.caller != nullptr && call.caller->may(action, service));
}

void App::pass_on(Call& call, const ServiceVersionPtr& version, std::string path) {
  if (!admits(call, access::Action::score, version->service())) return call.send(forbidden());
  struct Waiting {
    ServiceVersionPtr version;
    Passage passage;
    net::Responder responder;
  };
  note_version(call.note, *version, "whole");
  const Deadline deadline = deadline_of(call.request, version->patience());
  const auto waiting = std::make_shared<Waiting>(
      Waiting{version, Passage(version->traffic(), Protocol::plumber), std::move(call.responder)});
  version->answer_whole(std::move(call.request), std::move(path), deadline, [waiting](net::HttpReply reply) {
    waiting->passage.end(reply.status, 0);
    waiting->responder.send(std::move(reply));
  });
}

void App::score(Call& call, const Form& form, const ServiceVersionPtr& version) {
  if (!admits(call, access::Action::score, version->service())) return call.send(forbidden());
  Passage passage(version->traffic(), form.protocol);
  Exchange exchange{.version = version, .request = std::move(call.request), .query = std::move(call.query)};
  table::Table rows;
  Problem problem;
  note_version(call.note, *version, protocol_name(form.protocol));
  const bool is_read = form.read(exchange, rows, problem);
  if (call.note != nullptr) call.note->rows = exchange.rows;
  if (!is_read) {
    passage.end(problem.status, exchange.rows);
    return call.send(form.refuse(problem));
  }
  if (version->is_immediate()) {
    const Outcome outcome = version->score(rows, exchange.wanted, executor_);
    if (observer_ != nullptr && outcome.is_scored) observer_->observe(call.note, version, rows, outcome.predictions);
    net::HttpReply reply = outcome.is_scored ? form.write(exchange, outcome.predictions) : form.refuse(outcome.problem);
    passage.end(reply.status, exchange.rows);
    return call.send(std::move(reply));
  }
  struct Waiting {
    Exchange exchange;
    Passage passage;
    net::Responder responder;
    table::Table rows;  // where they are looked at once more
    NotePtr note;
  };
  const Deadline deadline = deadline_of(exchange.request, version->patience());
  model::Request wanted = exchange.wanted;
  auto waiting = std::make_shared<Waiting>(
      Waiting{std::move(exchange), std::move(passage), std::move(call.responder), {}, call.note});
  if (observer_ != nullptr && observer_->wants_rows()) waiting->rows = rows;
  version->score_later(std::move(rows), std::move(wanted), deadline, [this, waiting, &form](const Outcome& outcome) {
    const Exchange& asked = waiting->exchange;
    if (observer_ != nullptr && observer_->wants_rows() && outcome.is_scored)
      observer_->observe(waiting->note, asked.version, waiting->rows, outcome.predictions);
    net::HttpReply reply = outcome.is_scored ? form.write(asked, outcome.predictions) : form.refuse(outcome.problem);
    if (outcome.retry_after_s > 0) reply.headers.emplace_back("Retry-After", std::to_string(outcome.retry_after_s));
    waiting->passage.end(reply.status, asked.rows);
    waiting->responder.send(std::move(reply));
  });
}

void App::serve(Call& call, const Form& form, std::string_view service, std::string_view version) {
  const auto found = wanted(call, service, version);
  if (found == nullptr) {
    if (version.empty()) version = call.request.header("X-Scoria-Version").value_or("");
    const auto all = catalog_.services();
    const Service* there = find_service(*all, service);
    if (pass_to_first(call)) return;  // a plumber file may have a path like it
    if (there == nullptr) return call.send(no_service(form, "there is no service '" + std::string(service) + "'"));
    std::string versions;
    for (const auto& one : there->versions) versions += (versions.empty() ? "" : ", ") + one->version();
    return call.send(no_service(
        form, "service '" + there->name + "' has no version '" + std::string(version) + "', but " + versions));
  }
  if (!found->takes_rows()) return pass_on(call, found, below(call.request.target, 0));
  score(call, form, found);
}

void App::post(Call& call) {
  const auto& path = call.path;
  const std::size_t size = path.size();
  if (size == 1 && is_scoring_verb(path[0])) return serve(call, kPlumberForm, "", "");
  if (size == 3 && path[0] == "services" && is_scoring_verb(path[2])) return serve(call, kPlumberForm, path[1], "");
  if (size == 1 && path[0] == "invocations") return serve(call, kInvocationsForm, "", "");
  if (size == 3 && path[0] == "endpoints" && path[2] == "invocations")
    return serve(call, kInvocationsForm, path[1], "");
  if (size == 3 && path[0] == "api") return serve(call, kMlServerForm, path[1], path[2]);
  if (size >= 4 && path[0] == "v2" && path[1] == "models" && path.back() == "infer") {
    if (size == 4) return serve(call, kInferenceForm, path[2], "");
    if (size == 6 && path[3] == "versions") return serve(call, kInferenceForm, path[2], path[4]);
  }
  if (!pass_to_first(call)) call.send(nothing_for(path));
}

void App::get_inference(Call& call) {
  const auto& path = call.path;
  if (path.back() == "infer") {
    if (!pass_to_first(call)) call.send(nothing_for(path));
    return;
  }
  const std::size_t size = path.size();
  if (size == 1) {
    return call.send(
        json_reply(200, R"({"name":"scoria","version":")" SCORIA_VERSION R"(","extensions":["binary_tensor_data"]})"));
  }
  const auto ready = [this] {
    return json_reply(is_ready_ ? 200 : 503, is_ready_ ? R"({"ready":true})" : R"({"ready":false})");
  };
  if (size == 3 && path[1] == "health" && path[2] == "live") return call.send(json_reply(200, R"({"live":true})"));
  if (size == 3 && path[1] == "health" && path[2] == "ready") return call.send(ready());
  if (size >= 3 && path[1] == "models") {
    const bool has_version = size >= 5 && path[3] == "versions";
    const auto all = catalog_.services();
    const Service* service = find_service(*all, path[2]);
    const auto version = service == nullptr ? nullptr : has_version ? service->version(path[4]) : service->main();
    if (service == nullptr && pass_to_first(call)) return;
    if (service != nullptr && !admits(call, access::Action::read, service->name)) return call.send(forbidden());
    if (version == nullptr) return call.send(json_reply(404, R"({"error":"there is no such model or version"})"));
    const std::size_t rest = size - (has_version ? 5 : 3);
    if (rest == 0) return call.send(json_reply(200, inference_metadata(*version, *service)));
    if (rest == 1 && path.back() == "ready") return call.send(ready());
  }
  if (!pass_to_first(call)) call.send(json_reply(404, R"({"error":"there is nothing at this path"})"));
}

std::shared_ptr<const Catalog::Services> App::readable(std::shared_ptr<const Catalog::Services> all, const Call& call) {
  if (call.caller == nullptr || call.caller->may(access::Action::read, "")) return all;
  auto chosen = std::make_shared<Catalog::Services>();
  std::ranges::copy_if(*all, std::back_inserter(*chosen),
                       [&](const Service& service) { return call.caller->may(access::Action::read, service.name); });
  return chosen;
}

void App::get(Call& call) {
  const auto& path = call.path;
  const std::size_t size = path.size();
  // A plumber file's own "/" goes before the page.
  if (size == 0 && pass_to_first(call)) return;
  if (size == 0)
    return call.send(plain(200, try_page(*readable(catalog_.services(), call)), "text/html; charset=utf-8"));
  const std::string& first = path[0];
  if (first == "v2") return get_inference(call);
  if (size == 1) {
    if (first == "livez" || first == "startupz") return call.send(plain(200, "ok\n"));
    if (first == "readyz" || first == "ping" || first == "health")
      return call.send(is_ready_ ? plain(200, "\n") : plain(503, "draining\n"));
    if (first == "version") return call.send(plain(200, SCORIA_VERSION "\n"));
    if (first == "metrics") return call.send(plain(200, metrics(), "text/plain; version=0.0.4; charset=utf-8"));
    if (first == "openapi.json") {
      const auto served = catalog_.services(), shown = readable(served, call);
      const bool has_first = !shown->empty() && shown->front().name == served->front().name;
      return call.send(json_reply(200, openapi_document(*shown, has_first)));
    }
    if (first == "services") return call.send(json_reply(200, service_list(*readable(catalog_.services(), call))));
  }
  if (first == "api" && size == 4 && path[3] == "swagger.json") {
    const auto version = catalog_.find(path[1], path[2]);
    if (version != nullptr && !admits(call, access::Action::read, version->service())) return call.send(forbidden());
    if (version != nullptr) return call.send(json_reply(200, swagger_document(*version, access_ != nullptr)));
    if (pass_to_first(call)) return;
    return call.send(not_found("there is no service '" + path[1] + "' of version '" + path[2] + "'"));
  }
  if (!pass_to_first(call)) call.send(nothing_for(path));
}

std::string App::metrics() const {
  const auto all = catalog_.services();
  std::vector<NamedTraffic> named;
  std::string info = "# HELP serve_model_info What is served.\n# TYPE serve_model_info gauge\n";
  std::vector<std::string> own;
  for (const Service& service : *all) {
    for (const auto& version : service.versions) {
      named.push_back({version->service(), version->version(), &version->traffic()});
      info += "serve_model_info" +
              metric_labels(version->service(), version->version(),
                            "family=\"" + version->description().family + "\",kind=\"" + version->kind() +
                                "\",sha256=\"" + version->sha256() + "\"") +
              " 1\n";
      own.push_back(version->own_metrics());
    }
  }
  if (access_ != nullptr) own.push_back(access_->metrics());
  if (observer_ != nullptr) own.push_back(observer_->metrics(*all));
  return traffic_metrics(named) + info + join_metrics(own);
}

}  // namespace scoria::serve
