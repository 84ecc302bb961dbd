// Identity providers whose tokens are taken: who they are (oidc.json), their keys, and what their claims are worth here.
//
//   {"issuers": [{"issuer": "https://login.microsoftonline.com/TENANT/v2.0", "audience": ["api://scoria"],
//                 "roles": {"Score": "scorer@boston*"}, "groups": {"GROUP-ID": "contributor"},
//                 "scopes": {"score": "scorer"}, "clients": {"APP-ID": "reader"},
//                 "configuration": "https://...", "groupOverage": "refuse"}]}
//
// Keys are fetched in a thread of its own, never while a request waits: at the start, every ten minutes, and for a key that is not known, at most
// once in 30 seconds. Source: OpenID Connect Discovery 1.0; Microsoft's "Access token claims reference". Threads: any number at once.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "access/records.h"
#include "access/roles.h"
#include "auth/jwt.h"
#include "base/clock.h"
#include "base/result.h"

namespace scoria::access {

struct OidcIssuer {
  std::string issuer;         // as `iss` and the configuration say it; https, but for this machine's own
  std::string configuration;  // URL; by default ISSUER/.well-known/openid-configuration
  std::vector<std::string> audiences;
  std::map<std::string, std::vector<Grant>> roles, groups, scopes, clients;  // by the claim's value
  bool ignores_group_overage = false;  // a token that leaves its groups out is taken for one without any
};

// Errors: corrupt, naming what is wrong.
Result<std::vector<OidcIssuer>> read_oidc(const Json& document);

// What an issuer's rules make of the claims of a good token. None: it says that it leaves groups out, which the rules want.
std::optional<Rights> rights_of_claims(const OidcIssuer& issuer, const nlohmann::json& claims);

class Oidc {
 public:
  Oidc();
  ~Oidc();

  void configure(std::vector<OidcIssuer> issuers);

  struct Outcome {
    enum class Kind : std::uint8_t { good, not_ours, no_keys_yet, faulty, without_groups } kind = Kind::not_ours;
    auth::JwtFault fault = auth::JwtFault::malformed;  // of a faulty one
    std::string issuer, subject;                       // of a good one
    Rights rights;
    WallTime expires;
  };
  Outcome verify(std::string_view token, const auth::JwtGlance& glance, Now now);

 private:
  struct Entry {
    OidcIssuer rules;
    std::shared_ptr<const std::vector<auth::JwtKey>> keys;  // null until they came
    SteadyTime next_fetch, last_fetch;
    int failures = 0;
  };
  void fetch_all(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_changed_ = false;               // guarded by mutex_; there may be something to fetch
  std::map<std::string, Entry> entries_;  // guarded by mutex_; by issuer
  std::jthread thread_;
};

}  // namespace scoria::access
