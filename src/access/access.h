// Who may ask a server for what: identifies the sender of each request, holds callers to their rights and their rate, and answers the paths of logins.
//
//   SCORIA_TRY(access, Access::open("access", {}, clock));
//   auto admission = access->admit(request, Action::score, "boston");       // in most cases at once
//   if (admission.is_pending()) access->admit_later(request, Action::score, "boston", [](Admission later) { ... });
//
// Credentials: "Authorization: Bearer" with a token of ours, of an identity provider, or a key; "X-API-Key"; "Authorization: Basic" by TLS, from
// this machine, or by a proxy that ends TLS. What was found good is remembered (credential_cache.h), and not for longer than a quarter of a second
// after it was revoked. Passwords are hashed on threads of their own, so that a flood of them takes nothing from others.
// Own paths: POST /login, POST and DELETE /login/refreshToken (as ML Server's), GET /.well-known/jwks.json.
// Files: docs/access.md. Threads: any number at once. Borrows: the clock.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "access/audit.h"
#include "access/caller.h"
#include "access/folder.h"
#include "access/peer.h"
#include "access/refusal.h"
#include "access/roles.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/http.h"

namespace scoria::access {

struct AccessOptions {
  double requests_per_second = 0;  // of each caller; 0: as many as it likes
  double burst = 0;                // 0: what a second brings
  ProxyRules proxy;
  int login_threads = 2;
  std::size_t cache_entries = 10'000;
};

struct Identified {
  CallerPtr caller;  // null: refused, or not known yet
  std::optional<Refusal> refusal;
  bool is_pending() const { return caller == nullptr && !refusal; }
};

struct Admission {
  CallerPtr caller;
  std::optional<net::HttpReply> refusal;
  bool is_pending() const { return caller == nullptr && !refusal; }
};

class Access {
 public:
  // Errors: as Folder::open(), and corrupt, naming the file.
  static Result<std::unique_ptr<Access>> open(const std::filesystem::path& folder, AccessOptions options,
                                              const Clock& clock);
  ~Access();

  // Who it is. Pending only where a password must be hashed; identify_later() then calls `then`, once, from another thread: also
  // where the check fails, or is dropped because this ends (Reason::failed). `then` must not take long: others wait for a check.
  Identified identify(const net::HttpRequest& head);
  void identify_later(const net::HttpRequest& head, std::function<void(Identified)> then);

  // Counts a request of the caller's; a refusal where it asks too often.
  std::optional<Refusal> throttle(const Caller& caller);

  // Who it is, and whether it may, and not too often. `service`: empty for what is of no single one.
  Admission admit(const net::HttpRequest& head, Action action, std::string_view service);
  void admit_later(const net::HttpRequest& head, Action action, std::string service,
                   std::function<void(Admission)> then);

  static bool is_own_path(std::string_view target);
  void handle_own(net::HttpRequest request, net::Responder responder);

  void audit(std::string_view event, const AuditFields& fields) const;
  std::string metrics() const;
  const Folder& folder() const;
  // The sender's address, as the audit log has it.
  std::string address(const net::HttpRequest& request) const;

 private:
  struct State;
  explicit Access(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace scoria::access
