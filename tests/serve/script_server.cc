// A script behind HTTP, for tests and benchmarks of the pools alone: rows at POST /score, whole requests at every path; GET /-/metrics.
// usage: script_server ADDRESS SCRIPT [--workers 1:2 ...]; prints the address when it is ready; SIGTERM drains it.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/log.h"
#include "cli/script_options.h"
#include "net/http_server.h"
#include "serve/answer.h"
#include "serve/json_rows.h"
#include "serve/protocols.h"
#include "serve/script/script_rows.h"
#include "worker/host.h"

namespace {

using namespace scoria;

class Handler final : public net::HttpHandler {
 public:
  explicit Handler(std::shared_ptr<serve::script::ScriptService> service) : service_(std::move(service)) {}

  net::BodyPlan plan_body(const net::HttpRequest& head) override {
    (void)head;
    return {.max_bytes = 6u << 20};
  }
  net::HttpReply explain(int status, std::string_view why) override {
    return {.status = status, .body = std::string(why)};
  }

  void handle(net::HttpRequest request, net::Responder responder) override {
    if (request.target == "/-/metrics") return responder.send({.body = service_->metrics("service=\"test\"")});
    const auto deadline = service_->deadline_of(request);
    auto shared = std::make_shared<net::Responder>(std::move(responder));
    if (!service_->takes_rows()) {
      std::string path = request.target.substr(0, request.target.find('?'));
      return service_->answer(std::move(request), std::move(path), deadline,
                              [shared](net::HttpReply reply) { shared->send(std::move(reply)); });
    }
    serve::Problem problem;
    table::Table rows;
    if (!read(request.body, rows, problem)) return shared->send(serve::problem_reply(problem));
    service_->score(std::move(rows), deadline, [shared](serve::script::ScoredRows scored) {
      if (scored.problem) {
        auto reply = serve::problem_reply(*scored.problem);
        if (scored.retry_after_s > 0) reply.headers.emplace_back("Retry-After", std::to_string(scored.retry_after_s));
        return shared->send(std::move(reply));
      }
      std::string body;
      (void)serve::append_rows(body, scored.rows, serve::NoNumber::text);  // text has a form for all values
      shared->send(serve::json_reply(200, std::move(body)));
    });
  }

 private:
  bool read(std::string& body, table::Table& rows, serve::Problem& problem) const {
    static const serve::Envelope kEnvelope{.members = {{"df"}}, .may_be_bare = true};
    std::optional<serve::Schema> own;
    const serve::Schema* schema = service_->schema();
    if (schema == nullptr) {
      model::Description description;
      if (!serve::script::describe_json(body, description, problem)) return false;
      own.emplace(description);
      schema = &*own;
    }
    serve::RowBuilder builder(*schema);
    const bool is_read = serve::read_json_rows(body, kEnvelope, {}, builder, problem);
    return builder.finish(is_read, rows, problem);
  }

  std::shared_ptr<serve::script::ScriptService> service_;
};

int fail(const std::string& message) {
  std::fprintf(stderr, "script_server: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  // `scoria workers` is started from the program that needs it.
  if (argc == 5 && std::string_view(argv[1]) == "workers") {
    const std::filesystem::path socket = argv[3];
    const Status ran = worker::run_host({.folder = socket.parent_path(),
                                         .socket = socket,
                                         .ready_descriptor = std::atoi(argv[4]),
                                         .idle_exit = std::chrono::seconds(5)});
    return ran.ok() ? 0 : fail(ran.error().message);
  }
  CLI::App app;
  std::string address, script;
  app.add_option("ADDRESS", address)->required();
  app.add_option("SCRIPT", script)->required();
  const auto arguments = cli::add_script_options(app);
  CLI11_PARSE(app, argc, argv);
  log::set_sink([](log::Level, const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); },
                log::Level::info);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  auto service = cli::open_script(*arguments, script);
  if (!service.ok()) return fail(service.error().message);
  Handler handler(service.value());
  auto server = net::HttpServer::start({.listeners = {{.address = address}}, .threads = 1}, handler);
  if (!server.ok()) return fail(server.error().message);
  std::printf("%s\n", server.value()->address(0).c_str());
  std::fflush(stdout);
  int number = 0;
  sigwait(&signals, &number);
  server.value()->drain(std::chrono::seconds(5));
  return 0;
}
