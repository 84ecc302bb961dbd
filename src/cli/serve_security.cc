#include "cli/serve_security.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>

#include "base/iso8601.h"
#include "base/log.h"

namespace scoria::cli {
namespace {

constexpr std::chrono::hours kOwnCertificateLook{1};

volatile std::sig_atomic_t is_hung_up = 0;

void note_hang_up(int) { is_hung_up = 1; }

// Whether only this machine's own users reach it.
bool is_loopback_address(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

Status check_reach(const ServeSecurityOptions& options, const std::string& http) {
  const bool is_open_http = http != "none" && !is_loopback_address(http);
  const bool is_open_https = !options.https.empty() && !is_loopback_address(options.https);
  if (is_open_http && !options.is_behind_proxy) {
    return Error{Code::invalid, "--http " + http +
                                    " can be reached from other machines without TLS: use --https HOST:PORT there, or "
                                    "--behind-proxy where a proxy ends TLS"};
  }
  if ((is_open_http || is_open_https) && options.access.empty()) {
    return Error{Code::invalid, (is_open_http ? "--http " + http : "--https " + options.https) +
                                    " can be reached from other machines, and there are no users: give --access "
                                    "FOLDER (scoria user add NAME --access FOLDER makes it)"};
  }
  if (options.certificate.empty() != options.key.empty())
    return Error{Code::invalid, "--certificate and --key go together: the chain, and the key of its first certificate"};
  if (!options.certificate.empty() && options.https.empty())
    return Error{Code::invalid, "--certificate is of --https HOST:PORT, which is not given"};
  if (!options.https.empty() && options.certificate.empty() && options.access.empty()) {
    return Error{Code::invalid,
                 "--https needs --certificate FILE and --key FILE, or --access FOLDER, where one of its own is made"};
  }
  if (http == "none" && options.https.empty()) return Error{Code::invalid, "--http is none, and there is no --https"};
  return Ok{};
}

}  // namespace

void add_serve_security_options(CLI::App& command, ServeSecurityOptions& options) {
  command.add_option("--access", options.access,
                     "folder of users and keys (scoria user, scoria key); without: open to all on this machine");
  command.add_option("--https", options.https, "HOST:PORT to serve by TLS");
  command.add_option("--certificate", options.certificate,
                     "PEM file: fullchain.pem of certbot (default: one of our own)");
  command.add_option("--key", options.key, "PEM file: privkey.pem of certbot");
  command.add_option("--certificate-name", options.certificate_names, "a name or address in a certificate of our own")
      ->take_all();
  command.add_flag("--behind-proxy", options.is_behind_proxy,
                   "a proxy ends TLS, and says by X-Forwarded-For and -Proto who asks");
  command
      .add_option("--trusted-proxy", options.trusted_proxies, "address or range of that proxy (default: this machine)")
      ->take_all();
  command.add_option("--requests-per-second", options.requests_per_second, "of each caller (default: no limit)")
      ->check(CLI::Range(0.001, 1e6))
      ->default_str("");
  command.add_option("--burst", options.burst, "requests of a caller at once (default: a second's)")
      ->check(CLI::Range(1.0, 1e6))
      ->default_str("");
}

Result<std::unique_ptr<ServeSecurity>> ServeSecurity::open(const ServeSecurityOptions& options,
                                                           const std::string& http) {
  SCORIA_TRY_STATUS(check_reach(options, http));
  std::unique_ptr<ServeSecurity> security(new ServeSecurity(options));
  if (!options.access.empty()) {
    access::AccessOptions chosen{.requests_per_second = options.requests_per_second, .burst = options.burst};
    chosen.proxy.is_behind_proxy = options.is_behind_proxy;
    for (const std::string& text : options.trusted_proxies) {
      auto range = access::AddressRange::parse(text);
      if (!range.ok()) return with_context("--trusted-proxy", range.error());
      chosen.proxy.trusted.push_back(range.value());
    }
    SCORIA_TRY(access, access::Access::open(options.access, std::move(chosen), security->clock_));
    security->access_ = std::move(access);
  }
  SCORIA_TRY_STATUS(security->add_listeners(http));
  return security;
}

Status ServeSecurity::ensure_own_certificate() {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  if (const std::string own = machine_name(); !own.empty() && own != "localhost") names.push_back(own);
  names.insert(names.end(), options_.certificate_names.begin(), options_.certificate_names.end());
  const Now now = clock_.now();
  next_own_look_ = now.steady + kOwnCertificateLook;
  const std::filesystem::path folder = std::filesystem::path(options_.access) / "tls";
  std::error_code error;
  std::filesystem::create_directory(folder, error);  // where it fails, the next line says why
  SCORIA_TRY(files, net::ensure_certificates(folder, names, now.wall));
  certificate_file_ = files.server_chain.string();
  key_file_ = files.server_key.string();
  return Ok{};
}

Status ServeSecurity::add_listeners(const std::string& http) {
  struct sigaction action {};
  action.sa_handler = note_hang_up;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGHUP, &action, nullptr);
  if (http != "none") listeners_.push_back({.address = http, .tls = {}});
  if (options_.https.empty()) return Ok{};
  certificate_file_ = options_.certificate;
  key_file_ = options_.key;
  has_own_certificate_ = certificate_file_.empty();
  if (has_own_certificate_) SCORIA_TRY_STATUS(ensure_own_certificate());
  listeners_.push_back({.address = options_.https, .tls = net::TlsFiles{certificate_file_, key_file_}});
  in_use_ = last_ = pair();
  return Ok{};
}

ServeSecurity::Pair ServeSecurity::pair() const {
  return {serve::file_state(certificate_file_), serve::file_state(key_file_)};
}

bool ServeSecurity::look(net::HttpServer& server) {
  const bool is_told = is_hung_up != 0;
  is_hung_up = 0;
  if (!options_.https.empty()) look_at_certificate(server, is_told);
  return is_told;
}

void ServeSecurity::look_at_certificate(net::HttpServer& server, bool is_told) {
  if (has_own_certificate_ && clock_.now().steady >= next_own_look_) {
    if (const Status ensured = ensure_own_certificate(); !ensured.ok())
      std::fprintf(stderr, "the certificate is not renewed: %s\n", ensured.error().message.c_str());
  }
  const Pair now = pair();
  // Two files are not written at once: they are read when both have stayed the same for a while.
  const bool is_settled = now == last_;
  last_ = now;
  if (!is_told && (now == in_use_ || !is_settled)) return;
  in_use_ = now;  // also of a pair that does not fit, so that it is said once
  if (const Status reloaded = server.reload_tls(); !reloaded.ok()) {
    std::fprintf(stderr, "the old certificate stays in use: %s\n", reloaded.error().message.c_str());
    return;
  }
  const auto end = net::certificate_end(certificate_file_);
  std::fprintf(stderr, "the certificate is read anew: %s%s\n", certificate_file_.c_str(),
               end.ok() ? (", good until " + format_time(end.value())).c_str() : "");
}

}  // namespace scoria::cli
