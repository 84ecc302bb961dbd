#include "server/server.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "auth/seal.h"
#include "auth/tokens.h"
#include "base/file.h"
#include "base/iso8601.h"
#include "base/log.h"
#include "batch/notices.h"
#include "net/certificate_watch.h"
#include "net/http_server.h"
#include "net/peer.h"
#include "net/url.h"
#include "server/blob/blob_surface.h"
#include "server/data_folder.h"
#include "server/file_relay.h"
#include "server/front.h"
#include "server/providers.h"
#include "server/retention.h"
#include "server/secrets.h"
#include "server/services.h"
#include "server/upkeep/backup.h"
#include "server/webhooks.h"

namespace scoria::server {
namespace {

constexpr int kExitIo = 74;  // EX_IOERR of sysexits.h
constexpr std::chrono::milliseconds kLook{250};

// Listens before there is anything to serve, so that a port that is in use is found before any state is touched; answers 503 until it
// is given the handler.
class Gate final : public net::HttpHandler {
 public:
  void open(net::HttpHandler* handler) { handler_ = handler; }

  net::BodyPlan plan_body(const net::HttpRequest& head) override {
    if (net::HttpHandler* handler = handler_) return handler->plan_body(head);
    // Not left to handle(): the handler may be there by then, and would miss what it plans.
    return {.max_bytes = 0, .sink = {}, .refuse = closed()};
  }
  void handle(net::HttpRequest request, net::Responder responder) override {
    if (net::HttpHandler* handler = handler_) return handler->handle(std::move(request), std::move(responder));
    responder.send(closed());
  }
  net::HttpReply explain(int status, std::string_view why) override {
    if (net::HttpHandler* handler = handler_) return handler->explain(status, why);
    return closed();
  }

 private:
  static net::HttpReply closed() {
    return {.status = 503,
            .headers = {{"Content-Type", "text/plain"}, {"Retry-After", "1"}},
            .body = "starting or stopping\n",
            .file = {},
            .source = {},
            .head_length = {}};
  }
  std::atomic<net::HttpHandler*> handler_ = nullptr;
};

Status check_addresses(const ServerConfig& config) {
  if (!config.http.empty() && !net::is_loopback_address(config.http) && !config.behind_proxy) {
    return Error{Code::invalid, "http is '" + config.http +
                                    "', which others can reach without TLS: use https there, or, where a trusted proxy "
                                    "ends TLS, set behind_proxy"};
  }
  if (!config.certificate.empty() && config.https.empty())
    return Error{Code::invalid, "certificate is of HTTPS, and https is not served"};
  if (!config.certificate.empty() && config.http.empty() && config.url.empty()) {
    return Error{
        Code::invalid,
        "a certificate of somebody else's holds no name by which this machine's own nodes could call: set url to "
        "https://NAME:PORT with a name of the certificate, or serve http on 127.0.0.1, too"};
  }
  return Ok{};
}

batch::Settings settings_of(const ServerConfig& config, const auth::AccountKey& account, std::string account_url) {
  batch::Settings settings;
  settings.account_name = account.name;
  settings.account_url = std::move(account_url);
  settings.sizes = config.sizes;
  settings.local_node_lost = config.local_node_lost;
  settings.remote_node_lost = config.remote_node_lost;
  settings.preempt_grace = config.preempt_grace;
  settings.kill_grace = config.kill_grace;
  settings.lost_limit = static_cast<int>(config.lost_limit);
  settings.overcommit = config.overcommit;
  settings.machine_cores = config.machine_cores != 0 ? static_cast<int>(config.machine_cores)
                                                     : std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
  struct sysinfo machine {};
  sysinfo(&machine);
  settings.machine_memory = config.machine_memory_bytes != 0
                                ? config.machine_memory_bytes
                                : static_cast<std::uint64_t>(machine.totalram) * machine.mem_unit;
  settings.machine_devices = static_cast<int>(config.machine_devices);
  settings.strict_sizes = config.strict_sizes;
  settings.evaluates_on_change = config.evaluate_on_change;
  settings.minimum_evaluation_interval = config.minimum_evaluation_interval;
  for (const Webhook& hook : config.webhooks) settings.webhooks.push_back(hook.url);
  for (const auto& [size, price] : config.prices) settings.prices[size] = {price.dedicated, price.low_priority};
  settings.currency = config.currency;
  settings.make_token = [] {
    std::string token = auth::random_token();
    std::string hash = auth::hash_token(token);
    return std::pair(std::move(token), std::move(hash));
  };
  return settings;
}

// What a listener is called by clients: where it listens on all addresses, this machine's own.
std::string url_of(std::string_view scheme, std::string address) {
  if (address.starts_with("0.0.0.0:")) address.replace(0, 7, "127.0.0.1");
  if (address.starts_with("[::]:")) address.replace(0, 4, "[::1]");
  return std::string(scheme) + "://" + address;
}

struct Urls {
  std::string http, https, blob;
};

Urls urls_of(const net::HttpServer& http, const ServerConfig& config, const std::string& account) {
  Urls urls;
  std::size_t listener = 0;
  if (!config.http.empty()) urls.http = url_of("http", http.address(listener++));
  if (!config.https.empty()) {
    const std::string address = http.address(listener);
    urls.https = url_of("https", address);
    // A certificate of somebody else's does not hold this machine's own addresses.
    if (!config.certificate.empty() && config.url.starts_with("https://")) urls.https = config.url;
    // Path style: few resolvers know names below localhost. account.blob.localhost is answered, too.
    if (config.certificate.empty())
      urls.blob = "https://localhost:" + address.substr(address.rfind(':') + 1) + "/" + account;
  }
  if (urls.blob.empty()) urls.blob = (urls.http.empty() ? urls.https : urls.http) + "/" + account;
  if (!config.url.empty()) urls.blob = config.url + "/" + account;  // what other machines know us by
  return urls;
}

void tell(const std::optional<Result<WallTime>>& news, const net::CertificateWatch& certificate) {
  if (!news) return;
  if (!news->ok()) return log::error("certificate_not_read", {{"why", news->error().message}});
  log::info("certificate_read",
            {{"file", certificate.files().certificate_chain}, {"good_until", format_time(news->value())}});
}

// As for the state (batch/commit_thread.cc): what is on disk is unknown, and only a start finds out.
void end_at_once(const Error& error) {
  log::error("commit_failed", {{"why", error.message}});
  ::_exit(kExitIo);
}

}  // namespace

Status run_server(const ServerOptions& options, const Clock& clock, const std::stop_token& stop) {
  const ServerConfig& config = options.config;
  SCORIA_TRY_STATUS(check_addresses(config));
  SCORIA_TRY_STATUS(check_account_name(config.account));
  SCORIA_TRY(folder, DataFolder::open(options.data));
  SCORIA_TRY(account, auth::ensure_account(folder.path(), config.account));
  SCORIA_TRY_STATUS(check_account_name(account.name));
  SCORIA_TRY(token_key, auth::ensure_key(folder.path() / "token.key"));
  SCORIA_TRY(sealer, auth::Sealer::open(folder.path() / "secrets.key"));

  // Before anybody can ask: signing keys are made at the first start, which takes a while.
  access::AccessOptions asking{.requests_per_second = config.requests_per_second, .burst = config.burst};
  SCORIA_TRY(proxies, access::ProxyRules::parse(config.behind_proxy, config.trusted_proxies));
  asking.proxy = proxies;
  SCORIA_TRY(users, access::Access::open(folder.path() / "access", std::move(asking), clock));

  net::HttpServerConfig listening{.listeners = {}, .threads = static_cast<int>(config.threads)};
  if (!config.http.empty()) listening.listeners.push_back({.address = config.http, .tls = {}});
  std::optional<net::CertificateWatch> certificate;
  if (!config.https.empty()) {
    net::CertificateSource source{.chain = config.certificate,
                                  .key = config.key,
                                  .own_folder = folder.tls(),
                                  .names = {"localhost", "*.blob.localhost", "127.0.0.1", "::1"}};
    source.names.insert(source.names.end(), config.names.begin(), config.names.end());
    SCORIA_TRY(watch, net::CertificateWatch::open(std::move(source), clock.now()));
    certificate = std::move(watch);
    listening.listeners.push_back({.address = config.https, .tls = certificate->files()});
  }
  Gate gate;
  SCORIA_TRY(http, net::HttpServer::start(std::move(listening), gate));
  const Urls urls = urls_of(*http, config, account.name);
  const std::string own_url = !config.url.empty() ? config.url : !urls.http.empty() ? urls.http : urls.https;

  SCORIA_TRY(store, store::Store::open(folder.state()));
  SCORIA_TRY(blobs, blob::BlobStore::open(folder.blobs(), clock, end_at_once));
  SCORIA_TRY_STATUS(folder.write_addresses(urls.http, urls.https, urls.blob, config.certificate.empty()));

  Secrets secrets(*store, std::move(sealer));
  Webhooks webhooks(config.webhooks, secrets, clock);
  SCORIA_TRY(providers, Providers::open({.program = options.program,
                                         .data = folder.path(),
                                         .nodes_folder = folder.nodes(),
                                         .account = account.name,
                                         .account_url = own_url,
                                         .blob_url = urls.http.empty() ? urls.blob : urls.http + "/" + account.name,
                                         .version = SCORIA_VERSION,
                                         .config = config}));
  SCORIA_TRY(service, batch::Service::start(
                          *store, providers.by_name(), clock, settings_of(config, account, own_url),
                          {.publish_outputs = [&](batch::AttemptId attempt) { return blobs->publish(attempt); },
                           .discard_outputs = [&](batch::AttemptId attempt) { (void)blobs->discard(attempt); },
                           .deliver = [&](const Json& notice) { webhooks.deliver(notice); }}));
  batch::Service& running = *service;
  webhooks.set_told([&running](const std::string& id, const std::string& why) {
    running.write(
        [id, why](batch::State& state) -> Result<Json> {
          if (why.empty()) {
            batch::notice_delivered(state, id);
          } else {
            batch::notice_failed(state, id, why);
          }
          return Json();
        },
        [](const Result<Json>&) {});  // not stored: the notice is told again, which receivers know by its id
  });
  remove_backup_scratch(folder.path());
  Backups backups(folder.path(), *blobs, clock);
  FileRelay relay(*service);
  InlineExecutor alone;
  SCORIA_TRY(observer, serve::Observer::open({.access_log = config.service_access_log,
                                              .payload_log = config.service_payload_log,
                                              .sample = config.service_sample_rate,
                                              .masked = {config.service_mask.begin(), config.service_mask.end()},
                                              .drift_baseline = static_cast<std::size_t>(config.service_drift)}));
  SCORIA_TRY(services,
             Services::open(folder.path() / "services", *blobs, options.executor != nullptr ? *options.executor : alone,
                            clock, users.get(), observer.get()));
  App app{.config = config,
          .account = account,
          .clock = clock,
          .store = *store,
          .service = *service,
          .blobs = *blobs,
          .relay = relay,
          .secrets = secrets,
          .webhooks = webhooks,
          .backups = backups,
          .services = *services,
          .nodes_folder = folder.nodes(),
          .token_key = token_key,
          .account_url = own_url,
          .https_url = urls.https,
          .access = users.get(),
          .proxies = proxies};
  BlobSurface storage(*blobs, account, clock, users.get(), proxies);
  Front front(app, storage);
  const Retention retention(app, config.retention);
  front.set_ready(true);
  gate.open(&front);
  log::info("server_ready", {{"data", folder.path().string()},
                             {"http", urls.http},
                             {"https", urls.https},
                             {"account", account.name},
                             {"pid", getpid()}});
  if (options.on_ready) options.on_ready(urls.http, urls.https);

  std::mutex waiting_mutex;
  std::condition_variable_any stopping;
  {
    std::unique_lock lock(waiting_mutex);
    while (!stop.stop_requested()) {
      stopping.wait_for(lock, stop, kLook, [] { return false; });
      const bool is_told = options.is_told_to_look && options.is_told_to_look();
      if (is_told) observer->reopen();
      if (certificate) tell(certificate->look(*http, clock.now(), is_told), *certificate);
    }
  }
  log::info("server_stops", {{"connections", http->open_connections()}});
  front.set_ready(false);
  services->app().set_ready(false);
  // Whoever waits (nodes' long polls) is answered; what was asked for before is on disk when stop() returns.
  relay.stop();
  backups.stop();
  services->stop();
  service->stop();
  http->drain(options.drain_patience);
  gate.open(nullptr);
  services->close();
  storage.stop();  // before its users go: what it does asks them
  users.reset();   // whoever waits for a password to be hashed is told
  http.reset();    // none of its threads is in a handler any more: what handlers use may go
  webhooks.stop();
  providers.stop();
  log::info("server_stopped", {});
  return Ok{};
}

Result<std::string> account_json(const std::filesystem::path& data) {
  auto account = auth::read_account(data);
  if (!account.ok() && account.error().code == Code::not_found) {
    return Error{Code::not_found, "there is no server's data in '" + data.string() +
                                      "': start one with `scoria server --data " + data.string() + "`"};
  }
  if (!account.ok()) return account.error();
  const auto file = FileBytes::open(data / "server.json");
  const auto running = nlohmann::json::parse(file.ok() ? file.value().text() : std::string_view("{}"), nullptr,
                                             /*allow_exceptions=*/false);
  const auto url = [&running](const char* name) {
    return running.is_object() && running.contains(name) && running[name].is_string() ? running[name].get<std::string>()
                                                                                      : std::string();
  };
  const nlohmann::ordered_json json{
      {"accountName", account.value().name},
      {"accountKey", auth::base64(account.value().key)},
      {"batchUrl", url("httpUrl").empty() ? url("httpsUrl") : url("httpUrl")},
      {"batchHttpsUrl", url("httpsUrl")},
      {"blobUrl", url("blobUrl")},
      {"caFile",
       running.contains("ca_file") ? url("ca_file") : std::filesystem::absolute(data / "tls" / "ca.pem").string()}};
  return json.dump(2) + "\n";
}

}  // namespace scoria::server
