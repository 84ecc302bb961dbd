// The certificate of a server's TLS listener, kept up to date: a pair of files that somebody else renews (certbot), or one of an authority of our own.
//
//   SCORIA_TRY(watch, CertificateWatch::open({.chain = "fullchain.pem", .key = "privkey.pem"}, clock.now()));
//   listener.tls = watch.files();
//   if (const auto news = watch.look(*server, clock.now())) ...  // several times a second
//
// Threads: one at a time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_state.h"
#include "base/result.h"
#include "net/http_server.h"

namespace scoria::net {

struct CertificateSource {
  std::string chain, key;  // PEM files of somebody else's; both or none
  std::filesystem::path
      own_folder;  // else made here, as by ensure_certificates() (net/certificate.h), and renewed in time
  std::vector<std::string> names;  // of an own one
};

class CertificateWatch {
 public:
  // Errors: invalid (a chain without a key, or the other way round); those of ensure_certificates().
  static Result<CertificateWatch> open(CertificateSource source, Now now);

  const TlsFiles& files() const { return files_; }

  // Nothing: all as before. Until when the new one is good, once a renewed pair is in use; or why it is not, which leaves the old one in use and is
  // said once. `is_told`: read it whether it has changed or not.
  std::optional<Result<WallTime>> look(HttpServer& server, Now now, bool is_told = false);

 private:
  explicit CertificateWatch(CertificateSource source) : source_(std::move(source)) {}
  Status ensure_own(Now now);

  struct Pair {
    FileState certificate, key;
    bool operator==(const Pair&) const = default;
  };
  Pair pair() const { return {file_state(files_.certificate_chain), file_state(files_.private_key)}; }

  CertificateSource source_;
  TlsFiles files_;
  SteadyTime next_own_look_;
  Pair in_use_, last_;
};

}  // namespace scoria::net
