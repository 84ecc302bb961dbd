// What `scoria serve` needs to be reached from other machines: users (--access), TLS (--https), or a proxy that ends it (--behind-proxy).
// Threads: one at a time, but for access(), which is made for any number. Owns: the users' side.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "access/access.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/certificate.h"
#include "net/http_server.h"
#include "serve/file_state.h"

namespace scoria::cli {

struct ServeSecurityOptions {
  std::string access;  // folder
  std::string https, certificate, key;
  std::vector<std::string> certificate_names;
  bool is_behind_proxy = false;
  std::vector<std::string> trusted_proxies;
  double requests_per_second = 0, burst = 0;
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
  Status ensure_own_certificate();
  void look_at_certificate(net::HttpServer& server, bool is_told);

  struct Pair {
    serve::FileState certificate, key;
    bool operator==(const Pair&) const = default;
  };
  Pair pair() const;

  ServeSecurityOptions options_;
  SystemClock clock_;
  std::unique_ptr<access::Access> access_;
  std::vector<net::Listener> listeners_;
  bool has_own_certificate_ = false;
  SteadyTime next_own_look_;
  std::string certificate_file_, key_file_;
  Pair in_use_, last_;
};

}  // namespace scoria::cli
