#include "access/records.h"

#include <algorithm>
#include <charconv>

#include "base/iso8601.h"

namespace scoria::access {
namespace {

constexpr std::size_t kMostGrants = 1000;

Error broken_record(const std::string& what) { return Error{Code::corrupt, what}; }

std::string record_text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<WallTime> record_time(const Json& object, const char* name) {
  const auto time = parse_time(record_text(object, name));
  return time.ok() ? std::optional(time.value()) : std::nullopt;
}

// The members of {"NAME": [{...}, ...]}, each read by `read`.
template <typename Record, typename Read>
Result<std::vector<Record>> read_records(const Json& document, const char* name, Read read) {
  if (!document.is_object() || !document.contains(name) || !document[name].is_array())
    return broken_record(std::string("must be JSON as {\"") + name + "\": [...]}");
  std::vector<Record> records;
  for (const auto& one : document[name]) {
    if (!one.is_object()) return broken_record(std::string("has in \"") + name + "\" what is no object");
    SCORIA_TRY(record, read(one));
    records.push_back(std::move(record));
  }
  return records;
}

template <typename Records, typename Write>
Json write_records(const char* name, const Records& records, Write write) {
  Json list = Json::array();
  for (const auto& record : records) list.push_back(write(record));
  return {{name, std::move(list)}};
}

}  // namespace

bool is_user_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._-@+").find(c) != std::string_view::npos;
  });
}

Json rights_json(const Rights& rights) {
  Json grants = Json::array();
  for (const Grant& grant : rights.grants) grants.push_back(grant_text(grant));
  return {{"role", role_name(rights.role)}, {"grants", std::move(grants)}};
}

Result<Rights> read_rights(const Json& document) {
  Rights rights;
  const auto role = document.find("role");
  if (role != document.end()) {
    const auto read = role->is_string() ? role_named(role->get<std::string>()) : std::nullopt;
    if (!read) return Error{Code::invalid, "role must be one of owner, contributor, reader, scorer and none"};
    rights.role = *read;
  }
  const auto grants = document.find("grants");
  if (grants == document.end()) return rights;
  if (!grants->is_array() || grants->size() > kMostGrants)
    return Error{Code::invalid, "grants must be a list of at most 1,000 texts, as [\"scorer@boston*\"]"};
  for (const auto& one : *grants) {
    SCORIA_TRY(grant, parse_grant(one.is_string() ? one.get<std::string>() : std::string()));
    rights.grants.push_back(std::move(grant));
  }
  return rights;
}

Json users_json(const std::vector<User>& users) {
  return write_records("users", users, [](const User& user) {
    Json one{{"name", user.name}, {"password", user.password}};
    one.update(rights_json(user.rights));
    one["created"] = format_time(user.created);
    return one;
  });
}

Result<std::vector<User>> read_users(const Json& document) {
  return read_records<User>(document, "users", [](const Json& one) -> Result<User> {
    SCORIA_TRY(rights, read_rights(one));
    User user{.name = record_text(one, "name"), .password = record_text(one, "password"), .rights = std::move(rights)};
    if (!is_user_name(user.name)) return broken_record("has a user whose name is none");
    const auto created = record_time(one, "created");
    if (!created) return broken_record("has user '" + user.name + "' without created");
    user.created = *created;
    return user;
  });
}

Json keys_json(const std::vector<ApiKey>& keys) {
  return write_records("keys", keys, [](const ApiKey& key) {
    Json one{{"id", key.id}, {"name", key.name}, {"sha256", key.hash}};
    one.update(rights_json(key.rights));
    one["created"] = format_time(key.created);
    if (key.expires) one["expires"] = format_time(*key.expires);
    return one;
  });
}

Result<std::vector<ApiKey>> read_keys(const Json& document) {
  return read_records<ApiKey>(document, "keys", [](const Json& one) -> Result<ApiKey> {
    SCORIA_TRY(rights, read_rights(one));
    ApiKey key{.id = record_text(one, "id"),
               .name = record_text(one, "name"),
               .hash = record_text(one, "sha256"),
               .rights = std::move(rights)};
    const auto created = record_time(one, "created");
    if (key.id.empty() || key.hash.size() != 64 || !created)
      return broken_record("has a key without id, sha256 or created");
    key.created = *created;
    key.expires = record_time(one, "expires");
    // A key whose end cannot be read must not live for ever.
    if (one.contains("expires") && !key.expires)
      return broken_record("has key '" + key.id + "' whose expires is no time");
    return key;
  });
}

Json signing_json(const std::vector<SigningKey>& keys) {
  return write_records("keys", keys, [](const SigningKey& key) {
    return Json{{"created", format_time(key.created)}, {"pem", key.pem}};
  });
}

Result<std::vector<SigningKey>> read_signing(const Json& document) {
  return read_records<SigningKey>(document, "keys", [](const Json& one) -> Result<SigningKey> {
    const auto created = record_time(one, "created");
    if (!created) return broken_record("has a signing key without created");
    return SigningKey{.pem = record_text(one, "pem"), .created = *created};
  });
}

Json sessions_json(const std::vector<Session>& sessions) {
  return write_records("sessions", sessions, [](const Session& session) {
    Json one{{"id", session.id},
             {"handle", session.handle},
             {"user", session.user},
             {"sha256", session.hash},
             {"tokenId", session.token_id},
             {"created", format_time(session.created)},
             {"expires", format_time(session.expires)}};
    if (session.is_rs256) one["rs256"] = true;
    return one;
  });
}

Result<std::vector<Session>> read_sessions(const Json& document) {
  return read_records<Session>(document, "sessions", [](const Json& one) -> Result<Session> {
    const auto created = record_time(one, "created"), expires = record_time(one, "expires");
    if (!created || !expires) return broken_record("has a session without created and expires");
    return Session{.id = record_text(one, "id"),
                   .handle = record_text(one, "handle"),
                   .user = record_text(one, "user"),
                   .hash = record_text(one, "sha256"),
                   .token_id = record_text(one, "tokenId"),
                   .is_rs256 = one.contains("rs256"),
                   .created = *created,
                   .expires = *expires};
  });
}

Result<Settings> read_settings(const Json& document) {
  Settings settings;
  if (!document.is_object()) return broken_record("must be a JSON object");
  for (const auto& [name, value] : document.items()) {
    if (name == "issuer" && value.is_string()) {
      settings.issuer = value.get<std::string>();
    } else if (name == "audience" && value.is_string()) {
      settings.audience = value.get<std::string>();
    } else if (name == "tokenMinutes" && value.is_number_integer()) {
      settings.token_minutes = value.get<std::int64_t>();
    } else if (name == "loginAlgorithm" && (value == "ES256" || value == "RS256")) {
      settings.login_rs256 = value == "RS256";
    } else {
      return broken_record("has '" + name +
                           "'; right are issuer and audience (texts), tokenMinutes (5 to 1440) and loginAlgorithm "
                           "(ES256 or RS256)");
    }
  }
  if (settings.token_minutes < 5 || settings.token_minutes > 1440)
    return broken_record("has tokenMinutes " + std::to_string(settings.token_minutes) + "; 5 to 1440 are right");
  return settings;
}

}  // namespace scoria::access
