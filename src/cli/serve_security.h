// What `scoria serve` needs to be reached from other machines: users (--access), TLS (--https), or a proxy that ends it (--behind-proxy).
// Threads: one at a time, but for access(), which is made for any number. Owns: the users' side.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/access.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/certificate_watch.h"
#include "net/http_server.h"

namespace scoria::cli {

// Options of the same words for `scoria serve` and `scoria server`: by which certificate they are reached, through what, and how often by one caller.
struct ReachOptions {
  std::string certificate, key;
  bool is_behind_proxy = false;
  std::vector<std::string> trusted_proxies;
  double requests_per_second = 0, burst = 0;
};

void add_reach_options(CLI::App& command, ReachOptions& options);

struct ServeSecurityOptions : ReachOptions {
  std::string access;  // folder
  std::string https;
  std::vector<std::string> certificate_names;
};

void add_serve_security_options(CLI::App& command, ServeSecurityOptions& options);

class ServeSecurity {
 public:
  // `http`: where plain HTTP is to be served, or "none". Errors: invalid (what others could reach without users or without TLS, and how to have
  // both; options that do not fit), and of files.
  static Result<std::unique_ptr<ServeSecurity>> open(const ServeSecurityOptions& options, const std::string& http);

  access::Access* access() { return access_.get(); }  // null: open to all
  const std::vector<net::Listener>& listeners() const { return listeners_; }

  // Once no request is under way: whoever waits for a password to be hashed is waited for.
  void close() { access_.reset(); }

  // From time to time: reads a certificate that was renewed, or after SIGHUP; one that does not fit leaves the old one in use. Says so on standard
  // error. True: SIGHUP came.
  bool look(net::HttpServer& server);

 private:
  explicit ServeSecurity(ServeSecurityOptions options) : options_(std::move(options)) {}
  Status add_listeners(const std::string& http);

  ServeSecurityOptions options_;
  CoarseClock clock_;
  std::unique_ptr<access::Access> access_;
  std::vector<net::Listener> listeners_;
  std::optional<net::CertificateWatch> certificate_;
};

}  // namespace scoria::cli
