#include "cli/serve_security.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "base/iso8601.h"
#include "cli/hang_up.h"
#include "net/peer.h"

namespace scoria::cli {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// Before anything is said of who reaches it.
Status check_address(const char* option, const std::string& address) {
  const auto valid = net::check_listener(address);
  return valid.ok() ? valid : Status(with_context(option, valid.error()));
}

Status check_reach(const ServeSecurityOptions& options, const std::string& http) {
  if (http != "none") SCORIA_TRY_STATUS(check_address("--http", http));
  if (!options.https.empty()) SCORIA_TRY_STATUS(check_address("--https", options.https));
  const bool is_open_http = http != "none" && !net::is_loopback_address(http);
  const bool is_open_https = !options.https.empty() && !net::is_loopback_address(options.https);
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
  if (options.access.empty() && (options.requests_per_second > 0 || options.burst > 0)) {
    return Error{Code::invalid,
                 "--requests-per-second and --burst are of each user and key: give --access FOLDER, too"};
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

// A name that is mistyped would be a folder without users, which lets nobody in.
Status check_access_folder(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Ok{};
  return Error{Code::not_found, "--access " + path +
                                    " is no folder that is there: scoria user add NAME --role scorer --access " + path +
                                    " makes it, with its first user"};
}

// One that is empty may get its users while it serves.
Status warn_of_nobody(const access::Folder& folder) {
  SCORIA_TRY(users, folder.users());
  SCORIA_TRY(keys, folder.keys());
  SCORIA_TRY(providers, folder.document(access::kOidcFile));
  if (users.empty() && keys.empty() && providers.is_null()) {
    std::fprintf(stderr,
                 "warning: --access %s has no user, no key and no identity provider: everybody is refused until scoria "
                 "user add NAME --role scorer --access %s\n",
                 folder.path().c_str(), folder.path().c_str());
  }
  return Ok{};
}

}  // namespace

void add_reach_options(CLI::App& command, ReachOptions& options) {
  command.add_option("--certificate", options.certificate,
                     "PEM file: fullchain.pem of certbot (default: one of our own)");
  command.add_option("--key", options.key, "PEM file: privkey.pem of certbot");
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

void add_serve_security_options(CLI::App& command, ServeSecurityOptions& options) {
  command.add_option("--access", options.access,
                     "folder of users and keys (scoria user, scoria key); without: open to all on this machine");
  command.add_option("--https", options.https, "HOST:PORT to serve by TLS");
  command.add_option("--certificate-name", options.certificate_names, "a name or address in a certificate of our own")
      ->take_all();
  add_reach_options(command, options);
}

Result<std::unique_ptr<ServeSecurity>> ServeSecurity::open(const ServeSecurityOptions& options,
                                                           const std::string& http) {
  SCORIA_TRY_STATUS(check_reach(options, http));
  std::unique_ptr<ServeSecurity> security(new ServeSecurity(options));
  if (!options.access.empty()) {
    SCORIA_TRY_STATUS(check_access_folder(options.access));
    access::AccessOptions chosen{.requests_per_second = options.requests_per_second, .burst = options.burst};
    auto proxy = access::ProxyRules::parse(options.is_behind_proxy, options.trusted_proxies);
    if (!proxy.ok()) return with_context("--trusted-proxy", proxy.error());
    chosen.proxy = std::move(proxy).value();
    SCORIA_TRY(access, access::Access::open(options.access, std::move(chosen), security->clock_));
    SCORIA_TRY_STATUS(warn_of_nobody(access->folder()));
    security->access_ = std::move(access);
  }
  SCORIA_TRY_STATUS(security->add_listeners(http));
  return security;
}

Status ServeSecurity::add_listeners(const std::string& http) {
  catch_hang_up();
  if (http != "none") listeners_.push_back({.address = http, .tls = {}});
  if (options_.https.empty()) return Ok{};
  net::CertificateSource source{.chain = options_.certificate, .key = options_.key, .own_folder = {}, .names = {}};
  if (source.chain.empty()) {
    source.own_folder = std::filesystem::path(options_.access) / "tls";
    source.names = {"localhost", "127.0.0.1", "::1"};
    if (const std::string own = machine_name(); !own.empty() && own != "localhost") source.names.push_back(own);
    source.names.insert(source.names.end(), options_.certificate_names.begin(), options_.certificate_names.end());
    std::error_code error;
    std::filesystem::create_directory(source.own_folder, error);  // where it fails, the next line says why
  }
  SCORIA_TRY(watch, net::CertificateWatch::open(std::move(source), clock_.now()));
  certificate_ = std::move(watch);
  listeners_.push_back({.address = options_.https, .tls = certificate_->files()});
  return Ok{};
}

bool ServeSecurity::look(net::HttpServer& server) {
  const bool is_told = take_hang_up();
  if (!certificate_) return is_told;
  const auto news = certificate_->look(server, clock_.now(), is_told);
  if (!news) return is_told;
  if (news->ok()) {
    std::fprintf(stderr, "the certificate is read anew: %s, good until %s\n",
                 certificate_->files().certificate_chain.c_str(), format_time(news->value()).c_str());
  } else {
    std::fprintf(stderr, "%s\n", news->error().message.c_str());
  }
  return is_told;
}

}  // namespace scoria::cli
