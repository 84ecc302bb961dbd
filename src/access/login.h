// The paths by which passwords become tokens, and tokens other tokens. Source: ML Server's authentication API; RFC 7517 for the keys.
//   POST /login {"username", "password"[, "algorithm": "ES256" or "RS256"]} and POST /login/refreshToken {"refreshToken"}
//     -> {"token_type": "Bearer", "access_token", "expires_in", "expires_on", "refresh_token"}
//   DELETE /login/refreshToken?refreshToken=... -> 200; GET /.well-known/jwks.json
// Threads: any number at once. Borrows: everything.
#pragma once

#include "access/peer.h"
#include "access/throttle.h"
#include "access/verifier.h"
#include "access/work_pool.h"
#include "base/clock.h"
#include "net/http.h"

namespace scoria::access {

class Login {
 public:
  Login(Verifier& verifier, LoginGuard& guard, WorkPool& pool, RefusalCounts& refusals, const ProxyRules& proxy,
        const Clock& clock)
      : verifier_(verifier), guard_(guard), pool_(pool), refusals_(refusals), proxy_(proxy), clock_(clock) {}

  static bool is_own_path(std::string_view target);
  void handle(net::HttpRequest request, net::Responder responder);

  // What a password is worth, with the guard around it and the audit log told. On a thread of the pool.
  Verification check_password(const std::string& user, std::string_view password, const std::string& address);

 private:
  net::HttpReply log_in(const net::HttpRequest& request, const std::string& address);
  net::HttpReply refresh(const net::HttpRequest& request, const std::string& address);
  net::HttpReply log_out(const net::HttpRequest& request, const std::string& address);
  net::HttpReply tokens(const Sessions::Pair& pair);
  net::HttpReply refuse(Refusal refusal);
  net::HttpReply fail(const Error& error);

  Verifier& verifier_;
  LoginGuard& guard_;
  WorkPool& pool_;
  RefusalCounts& refusals_;
  const ProxyRules& proxy_;
  const Clock& clock_;
};

}  // namespace scoria::access
