// What an access folder holds, as plain values, and as the JSON of its files (docs/access.md has their form). Threads: plain values.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/roles.h"
#include "base/clock.h"
#include "base/result.h"

namespace scoria::access {

using Json = nlohmann::ordered_json;

struct User {
  std::string name;
  std::string password;  // its hash; empty: none fits
  Rights rights;
  WallTime created;
};

struct ApiKey {
  std::string id;    // stands in the key itself
  std::string name;  // what it is for
  std::string hash;  // SHA-256 of the whole key
  Rights rights;
  WallTime created;
  std::optional<WallTime> expires;
};

struct SigningKey {
  std::string pem;
  WallTime created;
};

// A login and what was refreshed from it; revoked by being taken out.
struct Session {
  std::string id;      // `sid` in access tokens
  std::string handle;  // stands in refresh tokens
  std::string user;
  std::string hash;      // SHA-256 of the refresh token that is good now
  std::string token_id;  // `jti` of the access token that is good now
  bool is_rs256 = false;
  WallTime created;
  WallTime expires;  // of the refresh token
};

// settings.json
struct Settings {
  std::string issuer = "scoria";
  std::string audience = "scoria";
  std::int64_t token_minutes = 60;  // 5 to 1440
  bool login_rs256 = false;         // what /login signs with unless the request says
};

// All of a file's: {"users": [...]}, {"keys": [...]}, ... Errors of reading: corrupt, naming what.
Json users_json(const std::vector<User>& users);
Result<std::vector<User>> read_users(const Json& document);
Json keys_json(const std::vector<ApiKey>& keys);
Result<std::vector<ApiKey>> read_keys(const Json& document);
Json signing_json(const std::vector<SigningKey>& keys);
Result<std::vector<SigningKey>> read_signing(const Json& document);
Json sessions_json(const std::vector<Session>& sessions);
Result<std::vector<Session>> read_sessions(const Json& document);
Result<Settings> read_settings(const Json& document);

// {"role", "grants"}, as users, keys and the REST API have them. Errors: invalid.
Json rights_json(const Rights& rights);
Result<Rights> read_rights(const Json& document);

// 1 to 64 letters, digits and . _ - @ +: also an e-mail address.
bool is_user_name(std::string_view name);

}  // namespace scoria::access
