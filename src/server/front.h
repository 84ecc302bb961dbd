// The one listener's handler: decides what a request is for, and is the border where exceptions end. In this order:
//
//   1. host ACCOUNT.blob.*               blob storage
//   2. /readyz /livez /metrics           (leading slashes of a path count as one, here and below)
//   3. /node/v1/...                      nodes
//   4. /scoria/v1/...                    our own operations
//   5. /ACCOUNT or /ACCOUNT/...          blob storage, path style
//   6. /TENANT/oauth2/token              tokens of service principals
//   7. /subscriptions/...                the resource manager, as far as they need it
//   8. POST, PUT, PATCH, DELETE of /services/NAME/VERSION
//                                        code that becomes a service (publishing.h)
//   9. /services /api /v2 /score ...     services (serve/app.h)
//  10. /login, /login/refreshToken, /.well-known/jwks.json
//                                        logins of users (access/access.h)
//  11. everything else                   the Batch surface
//
// Nothing collides: a container has at least three characters, so that none is called "v1"; names of accounts that are one of Batch's
// nouns are refused (check_account_name()).
// Threads: as net::HttpHandler. Borrows: app and storage.
#pragma once

#include <atomic>
#include <string_view>

#include "net/http.h"
#include "server/app.h"
#include "server/call.h"

namespace scoria::server {

enum class Destination {
  storage,
  ready,
  live,
  metrics,
  node,
  own,
  token,
  management,
  serving,
  publishing,
  login,
  batch
};

Destination destination_of(std::string_view host, const Target& target, std::string_view account);

// Errors: invalid: a noun of the Batch surface, or one of ours.
Status check_account_name(std::string_view name);

class Front final : public net::HttpHandler {
 public:
  Front(App& app, net::HttpHandler& storage) : app_(app), storage_(storage) {}

  net::BodyPlan plan_body(const net::HttpRequest& head) override;
  void handle(net::HttpRequest request, net::Responder responder) override;
  net::HttpReply explain(int status, std::string_view why) override;

  // What /readyz says: false until all is up, and again when it stops.
  void set_ready(bool is_ready) { is_ready_ = is_ready; }

 private:
  void serve(const CallPtr& call, Destination destination);
  // Where a request goes: destination_of(), and publishing.
  Destination destination(const net::HttpRequest& head, const Target& target) const;
  // serve(), once it is known whose the credential of a user is.
  void serve_user(const CallPtr& call, Destination destination);

  App& app_;
  net::HttpHandler& storage_;
  std::atomic<bool> is_ready_ = false;
};

}  // namespace scoria::server
