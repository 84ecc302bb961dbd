#include "cli/serve_command.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/file_state.h"
#include "base/log.h"
#include "cli/script_options.h"
#include "cli/serve_security.h"
#include "net/http_server.h"
#include "serve/app.h"
#include "serve/open_version.h"
#include "serve/script_version.h"

namespace scoria::cli {
namespace {

constexpr std::chrono::seconds kDrain{10}, kLinger{1}, kClose{5};
constexpr std::chrono::milliseconds kLook{250};
constexpr std::uint32_t kLeastRate = 1024;  // bytes a second of a body or an answer; slower clients are let go
constexpr std::uint32_t kMostFields = 100;  // headers of a request

struct ServeOptions {
  std::vector<std::string> models;
  std::string name, http = "127.0.0.1:8080", version = "1";
  int threads = 0;
  ServeSecurityOptions security;
  std::shared_ptr<ScriptArguments> scripts;
  serve::ObserverOptions observed;
  std::vector<std::string> masked;
};

// "NAME=FILE", else the file's name up to its first dot.
Result<std::pair<std::string, std::string>> name_and_file(const std::string& word, const ServeOptions& options) {
  const auto equals = word.find('=');
  std::string name, file = word;
  if (equals != std::string::npos && equals > 0 && serve::is_service_name(word.substr(0, equals))) {
    name = word.substr(0, equals);
    file = word.substr(equals + 1);
  } else {
    name = options.name.empty() ? std::filesystem::path(file).filename().string() : options.name;
    if (options.name.empty()) name = name.substr(0, name.find('.'));
  }
  if (!serve::is_service_name(name)) {
    return Error{Code::invalid,
                 "'" + name + "' is no name of a service (letters, digits, - _ and .): give NAME=" + file};
  }
  return std::pair{name, file};
}

// A file that answers as a service, read anew when it is written anew.
struct Source {
  std::string service, version, file;
  FileState state;        // before it was read
  bool is_alone = false;  // the only file: then sample rows are its own, whatever it is; else a script's

  // Where there are sample rows of its own, it has answered them.
  Result<std::shared_ptr<serve::ServiceVersion>> read(const ScriptArguments& scripts, Executor& executor) {
    state = file_state(file);
    serve::VersionSpec spec;
    spec.service = service;
    spec.version = version;
    spec.model = file;
    if (is_alone || is_script(scripts, file)) spec.sample = scripts.sample;
    SCORIA_TRY(opened, open(spec, scripts));
    if (opened->takes_rows()) SCORIA_TRY_STATUS(serve::self_test(opened, spec, executor));
    return std::move(opened);
  }

  Result<std::shared_ptr<serve::ServiceVersion>> open(const serve::VersionSpec& spec,
                                                      const ScriptArguments& scripts) const {
    if (!is_script(scripts, file)) return serve::open_version(spec);
    SCORIA_TRY(options, script_options(scripts, file));
    SCORIA_TRY(script, serve::ScriptVersion::open(std::move(options), service, version));
    return std::shared_ptr<serve::ServiceVersion>(std::move(script));
  }
};

// Files that are written anew are read anew: a new version takes the old one's place between two requests, and one that cannot be read leaves it there.
class Watch {
 public:
  Watch(serve::Catalog& catalog, std::vector<Source> sources, const ScriptArguments& scripts, Executor& executor)
      : catalog_(catalog), scripts_(scripts), executor_(executor) {
    for (Source& source : sources) watched_.push_back({std::move(source), {}, {}});
  }

  void look() {
    for (Watched& one : watched_) {
      const FileState now = file_state(one.source.file);
      // Whoever writes it may still be at it: it is read once it has stayed the same for a while.
      const bool is_settled = now == one.last;
      one.last = now;
      if (now == one.source.state || now == one.refused || !is_settled) continue;
      if (now.size < 0) {
        one.refused = now;
        std::fprintf(stderr, "service %s keeps its model: '%s' is gone\n", one.source.service.c_str(),
                     one.source.file.c_str());
        continue;
      }
      Source source = one.source;
      auto read = source.read(scripts_, executor_);
      if (!read.ok()) {
        one.refused = now;
        std::fprintf(stderr, "service %s keeps its model: %s\n", source.service.c_str(), read.error().message.c_str());
        continue;
      }
      if (const auto before = catalog_.find(source.service, source.version)) read.value()->take_over(*before);
      std::fprintf(stderr, "service %s has its model anew: %s, sha256 %.12s\n", source.service.c_str(),
                   source.file.c_str(), read.value()->sha256().c_str());
      catalog_.put(read.value());
      one.source = std::move(source);
    }
  }

 private:
  struct Watched {
    Source source;
    FileState last;
    std::optional<FileState> refused;
  };
  serve::Catalog& catalog_;
  const ScriptArguments& scripts_;
  Executor& executor_;
  std::vector<Watched> watched_;
};

// A mistyped name would leave in the log what must not be there. Of services whose columns are not known before requests come nothing is said.
void warn_of_masks(const std::set<std::string, std::less<>>& masked, const serve::Catalog& catalog) {
  const auto all = catalog.services();
  for (const std::string& name : masked) {
    const bool may_be_there = std::ranges::any_of(*all, [&](const serve::Service& service) {
      const auto& features = service.main()->description().features;
      return features.empty() || std::ranges::find(features, name, &model::Feature::name) != features.end();
    });
    if (!may_be_there) std::fprintf(stderr, "warning: --mask %s: no service has a column of this name\n", name.c_str());
  }
}

Status serve(const ServeOptions& options, const Context& context) {
  // What scripts write, and what users' files are in trouble with, has no other place to be said.
  log::set_sink([](log::Level, const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); },
                log::Level::info);
  SCORIA_TRY(security, ServeSecurity::open(options.security, options.http));
  if (!serve::is_service_name(options.version)) {
    return Error{Code::invalid, "--version-name '" + options.version.substr(0, 80) +
                                    "' must be 1 to 64 letters, digits, - _ and ., and not . or .."};
  }
  if (!options.name.empty() && options.models.size() > 1)
    return Error{Code::invalid, "--name names one model: give several as NAME=FILE"};
  serve::Catalog catalog;
  std::vector<Source> sources;
  std::set<std::string> names;
  for (const auto& word : options.models) {
    SCORIA_TRY(named, name_and_file(word, options));
    if (!names.insert(named.first).second)
      return Error{Code::invalid, "two models are named '" + named.first + "': give NAME=FILE"};
    Source& source =
        sources.emplace_back(Source{named.first, options.version, named.second, {}, options.models.size() == 1});
    SCORIA_TRY(model, source.read(*options.scripts, context.executor));
    catalog.put(std::move(model));
  }
  const bool has_script =
      std::ranges::any_of(sources, [&](const Source& one) { return is_script(*options.scripts, one.file); });
  if (!options.scripts->sample.empty() && sources.size() > 1 && !has_script)
    return Error{Code::invalid, "--sample holds rows of one model, and several are given: serve it alone"};
  warn_of_masks(options.observed.masked, catalog);
  SCORIA_TRY(observer, serve::Observer::open(options.observed));
  serve::App app(catalog, context.executor, {}, security->access(), observer.get());
  net::HttpServerConfig config;
  config.listeners = security->listeners();
  config.min_rate = kLeastRate;
  config.max_fields = kMostFields;
  config.threads = options.threads > 0
                       ? options.threads
                       : static_cast<int>(std::clamp<std::size_t>(context.executor.concurrency(), 1, 64));
  SCORIA_TRY(server, net::HttpServer::start(std::move(config), app));
  for (std::size_t i = 0; i < security->listeners().size(); ++i)
    std::printf("%s://%s\n", security->listeners()[i].tls ? "https" : "http", server->address(i).c_str());
  std::fflush(stdout);
  if (context.is_terminal) {
    const auto all = catalog.services();
    for (const serve::Service& service : *all) {
      std::fprintf(stderr, "  POST /services/%s/score    %s\n", service.name.c_str(),
                   service.main()->description().title.c_str());
    }
    std::fprintf(stderr, "  open the address in a browser to try; Ctrl-C ends\n");
  }
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  Watch watch(catalog, std::move(sources), *options.scripts, context.executor);
  while (!context.stop.stop_requested()) {
    stopped.wait_for(lock, context.stop, kLook, [] { return false; });
    watch.look();
    if (security->look(*server)) observer->reopen();
  }
  app.set_ready(false);
  server->drain(kDrain, kLinger);
  // Scripts that run still are ended before what their answers go through.
  if (!catalog.close(kClose)) log::error("services_not_closed", {});
  security->close();
  return Ok{};
}

}  // namespace

void add_serve_command(CLI::App& app, Command& chosen, const Context& context) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand(
      "serve", "Serve models of R and Python at a URL: plumber's, MLflow's and the Open Inference Protocol");
  command
      ->add_option(
          "MODEL", options->models,
          "models of R and Python, packs, model sets, plans, plumber files, R functions, Python modules: FILE, or "
          "NAME=FILE; the first also answers /score and /invocations")
      ->required();
  command->add_option("--name", options->name, "name of the service (default: the file's name)");
  command
      ->add_option("--version-name", options->version, "version of the models, as in /v2/models/NAME/versions/VERSION")
      ->capture_default_str();
  command->add_option("--http", options->http, "where to serve without TLS, or none")->capture_default_str();
  options->scripts = add_script_options(*command);
  add_serve_security_options(*command, options->security);
  command
      ->add_option("--access-log", options->observed.access_log,
                   "a line of JSON for each request: a file, or - for standard output")
      ->group("Logs");
  command
      ->add_option("--payload-log", options->observed.payload_log,
                   "rows and predictions of a sample of requests: a file")
      ->group("Logs");
  command->add_option("--sample-rate", options->observed.sample, "share of requests of --payload-log and --drift")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->group("Logs");
  command->add_option("--mask", options->masked, "columns whose values --payload-log must not hold")
      ->delimiter(',')
      ->group("Logs");
  command
      ->add_option("--drift", options->observed.drift_baseline,
                   "figures per column in /metrics, against 100 or more rows of --sample, else the first ROWS seen")
      ->check(CLI::Range(10, 1'000'000))
      ->type_name("ROWS")
      ->group("Logs");
  command->add_option("--threads", options->threads, "how many (default: the cores)")->check(CLI::Range(1, 64));
  command->footer(
      "Example: scoria serve house.rds &\n"
      "         curl -d '{\"df\":[{\"rm\":6.5}]}' http://127.0.0.1:8080/score");
  command->callback([options, &chosen, &context] {
    options->observed.masked.insert(options->masked.begin(), options->masked.end());
    chosen = {"serve", [options, &context] { return serve(*options, context); }};
  });
}

}  // namespace scoria::cli
