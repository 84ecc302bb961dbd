#include "serve/script/script_service.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "model/loaders.h"
#include "node/start_up_names.h"
#include "serve/find_features.h"
#include "serve/protocols.h"
#include "serve/script/script_rows.h"

namespace scoria::serve::script {
namespace {

bool is_for_all(std::string_view name) {
  constexpr std::string_view kNames[]{"HOME",          "USER",         "LOGNAME",        "SHELL",      "TMPDIR",
                                      "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "http_proxy", "no_proxy",
                                      "https_proxy",   "HTTPS_PROXY",  "NO_PROXY"};
  return node::is_start_up_name(name) || std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

std::map<std::string, std::string> own_environment(bool has_all) {
  std::map<std::string, std::string> settings;
  for (char** setting = environ; *setting != nullptr; ++setting) {
    const std::string_view text(*setting);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0 && (has_all || is_for_all(text.substr(0, equals))))
      settings.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  // A pool has a worker for each core: threads of their own within each would be in each other's way.
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) settings.emplace(name, "1");
  // R begins with few cells and takes more when it needs them: what is alive after its start lies closer together, and a worker whose collector writes to
  // all of it has 45 MB of its own instead of 60 (bench/script_workers.py). Of vectors it may make 32 MiB between two collections, and what they leave is
  // kept for the next: a predict() that makes 6 MB each time is half as fast where R collects after each, or gives the pages back.
  constexpr std::pair<const char*, const char*> kMemory[]{{"R_NSIZE", "160000"},
                                                          {"R_VSIZE", "33554432"},
                                                          {"MALLOC_MMAP_THRESHOLD_", "33554432"},
                                                          {"MALLOC_TRIM_THRESHOLD_", "67108864"}};
  for (const auto& [name, value] : kMemory) settings.emplace(name, value);
  return settings;
}

// A client is told what went wrong in the script; where, and what it printed, is for the log.
void log_failure(const std::string& script, const Failure& failure) {
  log::warn("script_failed",
            {{"script", script}, {"code", failure.code}, {"message", failure.message}, {"detail", failure.detail}});
}

net::HttpReply problem_answer(const Problem& problem, int retry_after_s) {
  net::HttpReply reply;
  reply.status = problem.status;
  reply.headers.emplace_back("Content-Type", "application/problem+json");
  if (retry_after_s > 0) reply.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  reply.body = to_json(problem);
  return reply;
}

}  // namespace

ScriptOptions options_of(const ScriptSettings& settings) {
  const auto milliseconds = [](double seconds) {
    return std::chrono::milliseconds(static_cast<long long>(seconds * 1000));
  };
  ScriptOptions options;
  options.wish.function = settings.function;
  options.wish.runtime = settings.runtime;
  options.wish.form = settings.form;
  if (settings.is_rowwise || settings.is_not_rowwise) options.wish.rowwise = settings.is_rowwise ? 1 : 0;
  options.pool.least = settings.least_workers;
  options.pool.most = settings.most_workers;
  options.pool.queue = settings.queue;
  options.pool.idle = milliseconds(settings.idle_s);
  options.most_rows = settings.batch_rows;
  options.timeout = milliseconds(settings.timeout_s);
  options.warm.start_timeout = milliseconds(settings.start_timeout_s);
  options.warm.preload = settings.preload;
  options.warm.loads_in_each = settings.loads_in_each;
  options.warm.has_network = !settings.has_no_network;
  options.warm.calls = settings.worker_calls;
  options.warm.seconds = settings.worker_seconds;
  options.warm.growth_bytes = settings.worker_growth_mb << 20;
  options.warm.memory_bytes = settings.worker_memory_mb << 20;
  return options;
}

Problem problem_of(const Failure& failure) { return one_mistake(failure.status, failure.code, failure.message); }

Status ScriptService::find_columns() {
  if (!takes_rows()) return Ok{};
  // Where we can read the model, its features are the columns.
  model::Description of_model;
  if (!plan_.model.empty()) {
    if (const auto file = FileBytes::open(plan_.model); file.ok()) {
      if (const auto model = model::open_model(file.value().bytes()); model.ok())
        of_model = model.value()->description();
    }
  }
  if (!options_.sample.empty()) {
    SCORIA_TRY(sample, read_sample(options_.sample));
    auto shown = describe_columns(sample);
    // A sample says which columns there are; what the model knows of them, it knows better: a factor's levels are not all in a few rows.
    for (auto& feature : shown.features) {
      const auto known = std::ranges::find(of_model.features, feature.name, &model::Feature::name);
      if (known != of_model.features.end()) feature = *known;
    }
    schema_.emplace(shown);
    description_ = std::move(shown);
    SCORIA_TRY(as_asked, as_requests_have_it(sample, *schema_));
    options_.warm.sample = std::move(as_asked);
  } else if (!of_model.features.empty()) {
    schema_.emplace(of_model);
    description_ = std::move(of_model);
  }
  return Ok{};
}

Result<std::shared_ptr<ScriptService>> ScriptService::open(ScriptOptions options) {
  SCORIA_TRY(plan, plan_script(options.wish));
  std::shared_ptr<ScriptService> service(new ScriptService(std::move(plan), std::move(options)));
  SCORIA_TRY_STATUS(service->find_columns());
  auto& made = service->options_;
  if (made.warm.environment.empty()) made.warm.environment = own_environment(made.has_own_environment);
  made.pool.runtime = worker::name_of(service->plan_.runtime);
  if (made.pool.most == 0)
    made.pool.most = std::max<std::size_t>(made.pool.least, std::max(1u, std::thread::hardware_concurrency()));
  made.pool.most_rows = service->takes_rows() && service->plan_.is_rowwise ? made.most_rows : 0;
  SCORIA_TRY(pool, WorkerPool::open(made.pool, warm_worker_maker(service->plan_, made.warm)));
  service->pool_ = std::move(pool);
  return service;
}

void ScriptService::score(table::Table rows, Time deadline, std::function<void(ScoredRows)> done) {
  const std::size_t asked = rows.rows();
  const bool is_counted = answers_each_row(plan_);
  pool_->submit(
      Question(std::move(rows)), deadline,
      [script = plan_.script, asked, is_counted, done = std::move(done)](Outcome outcome) {
        if (outcome.answer && std::holds_alternative<table::Table>(*outcome.answer)) {
          auto& answered = std::get<table::Table>(*outcome.answer);
          if (!is_counted || answered.rows() == asked) return done({.rows = std::move(answered), .problem = {}});
          outcome.failure = {.code = "bad_answer", .message = wrong_count(answered.rows(), asked)};
        }
        log_failure(script, outcome.failure);
        done({.rows = {}, .problem = problem_of(outcome.failure), .retry_after_s = outcome.failure.retry_after_s});
      });
}

void ScriptService::answer(net::HttpRequest request, std::string path, Time deadline,
                           std::function<void(net::HttpReply)> done) {
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  WholeRequest whole;
  whole.query = mark == std::string_view::npos ? "" : std::string(target.substr(mark + 1));
  auto problem = guard_body(media_type(request), request.body, options_.guard);
  if (!problem) problem = guard_form(whole.query, options_.guard);
  if (problem) return done(problem_answer(*problem, 0));
  whole.method = std::move(request.method);
  whole.path = std::move(path);
  whole.headers = std::move(request.headers);
  whole.body = std::move(request.body);
  whole.peer = std::move(request.peer);
  whole.is_tls = request.is_tls;
  pool_->submit(Question(std::move(whole)), deadline, [script = plan_.script, done = std::move(done)](Outcome outcome) {
    if (outcome.answer && std::holds_alternative<net::HttpReply>(*outcome.answer))
      return done(std::get<net::HttpReply>(std::move(*outcome.answer)));
    log_failure(script, outcome.failure);
    done(problem_answer(problem_of(outcome.failure), outcome.failure.retry_after_s));
  });
}

}  // namespace scoria::serve::script
