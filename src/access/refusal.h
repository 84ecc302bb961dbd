// Why a request is refused: as a reason that is counted, and as a reply that tells its sender no more than he may know.
// Source: RFC 9457, RFC 6750. Threads: plain values; the counters count from any number.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "net/http.h"

namespace scoria::access {

enum class Reason : std::uint8_t {
  no_credential,
  malformed,
  unknown_key,
  bad_signature,
  expired,
  wrong_issuer,
  wrong_audience,
  revoked,  // a token or key that is not good any more, or never was
  bad_password,
  bad_refresh_token,
  insecure,  // a password over a wire that others read
  locked_out,
  rate_limited,
  busy,     // too many log in
  no_keys,  // the identity provider's keys did not come yet
  forbidden,
  failed,     // the access folder cannot be read or written
  no_logins,  // it is mounted read-only
  count
};

struct Refusal {
  Reason reason = Reason::no_credential;
  Duration retry_after = {};  // of locked_out, rate_limited, busy, no_keys
  bool offers_basic = false;  // passwords may be sent by this wire
};

int status_of(const Refusal& refusal);              // 401, 403, 429, 501, 503
std::string_view words_of(const Refusal& refusal);  // the same for all 401 of a known form: who guesses learns nothing
net::HttpReply reply_of(const Refusal& refusal);    // application/problem+json

class RefusalCounts {
 public:
  void add(Reason reason) { counts_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed); }
  // serve_auth_failures_total{reason="..."}, as Prometheus reads it.
  std::string metrics() const;

 private:
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Reason::count)> counts_{};
};

}  // namespace scoria::access
