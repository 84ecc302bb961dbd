#include "net/certificate_watch.h"

#include "net/certificate.h"

namespace scoria::net {
namespace {

constexpr std::chrono::hours kOwnCertificateLook{1};

}  // namespace

Result<CertificateWatch> CertificateWatch::open(CertificateSource source, Now now) {
  if (source.chain.empty() != source.key.empty())
    return Error{Code::invalid,
                 "a certificate and its key go together: the chain, and the key of its first certificate"};
  CertificateWatch watch(std::move(source));
  watch.files_ = {watch.source_.chain, watch.source_.key};
  if (watch.source_.chain.empty()) SCORIA_TRY_STATUS(watch.ensure_own(now));
  watch.in_use_ = watch.last_ = watch.pair();
  return watch;
}

Status CertificateWatch::ensure_own(Now now) {
  next_own_look_ = now.steady + kOwnCertificateLook;
  SCORIA_TRY(made, ensure_certificates(source_.own_folder, source_.names, now.wall));
  files_ = {made.server_chain.string(), made.server_key.string()};
  return Ok{};
}

std::optional<Result<WallTime>> CertificateWatch::look(HttpServer& server, Now now, bool is_told) {
  if (source_.chain.empty() && now.steady >= next_own_look_) {
    if (const Status ensured = ensure_own(now); !ensured.ok())
      return with_context("the certificate is not renewed", ensured.error());
  }
  const Pair found = pair();
  // Two files are not written at once: they are read when both have stayed the same for a while.
  const bool is_settled = found == last_;
  last_ = found;
  if (!is_told && (found == in_use_ || !is_settled)) return std::nullopt;
  in_use_ = found;  // also of a pair that does not fit, so that it is said once
  if (const Status reloaded = server.reload_tls(); !reloaded.ok())
    return with_context("the old certificate stays in use", reloaded.error());
  return certificate_end(files_.certificate_chain);
}

}  // namespace scoria::net
