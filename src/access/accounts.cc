#include "access/accounts.h"

#include <algorithm>

#include "access/audit.h"
#include "auth/jwt.h"
#include "auth/passwords.h"
#include "auth/tokens.h"
#include "base/iso8601.h"

namespace scoria::access {
namespace {

constexpr std::size_t kMostUsers = 10'000, kMostKeys = 10'000, kKeyId = 12, kMostHtpasswd = 1u << 20;
constexpr std::size_t kSigningKeysEach = 2;
// The least that NIST SP 800-63B-3, 5.1.1.2 allows of a password that somebody chooses.
constexpr std::ptrdiff_t kLeastPasswordCharacters = 8;

Error no_user(const std::string& name) {
  return Error{Code::not_found, "there is no user '" + name.substr(0, 64) + "'"};
}

auto find_user(std::vector<User>& users, const std::string& name) {
  return std::ranges::find(users, name, &User::name);
}

void audit_change(const Folder& folder, const Doing& doing, std::string_view event, AuditFields fields) {
  fields.emplace_back("by", doing.by);
  write_audit(folder.path(), event, fields, doing.now);
}

std::string rights_text(const Rights& rights) {
  std::string text(role_name(rights.role));
  for (const Grant& grant : rights.grants) text += " " + grant_text(grant);
  return text;
}

Status end_sessions(const Folder& folder, const std::string& user) {
  return folder.change_sessions([&user](std::vector<Session>& sessions) -> Status {
    std::erase_if(sessions, [&user](const Session& session) { return session.user == user; });
    return Ok{};
  });
}

Status check_new_user(const std::vector<User>& users, const std::string& name) {
  if (!is_user_name(name)) return Error{Code::invalid, "a user's name must be 1 to 64 letters, digits and . _ - @ +"};
  if (users.size() >= kMostUsers)
    return Error{Code::exhausted, "there are 10,000 users, which are all that there may be"};
  return Ok{};
}

// Characters are Unicode's, as NIST counts them.
Status check_new_password(std::string_view password) {
  const auto characters =
      std::ranges::count_if(password, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  if (characters >= kLeastPasswordCharacters) return Ok{};
  return Error{Code::invalid, "a password must have at least 8 characters: this one has " + std::to_string(characters)};
}

}  // namespace

Status add_user(const Folder& folder, const std::string& name, std::string_view password, const Rights& rights,
                const Doing& doing) {
  SCORIA_TRY_STATUS(check_new_password(password));
  SCORIA_TRY(hash, auth::hash_password(password));
  SCORIA_TRY_STATUS(folder.change_users([&](std::vector<User>& users) -> Status {
    if (auto fit = check_new_user(users, name); !fit.ok()) return fit;
    if (find_user(users, name) != users.end()) return Error{Code::conflict, "there is a user '" + name + "' already"};
    users.push_back({.name = name, .password = hash, .rights = rights, .created = doing.now});
    return Ok{};
  }));
  audit_change(folder, doing, "user_added", {{"user", name}, {"rights", rights_text(rights)}});
  return Ok{};
}

Status remove_user(const Folder& folder, const std::string& name, const Doing& doing) {
  SCORIA_TRY_STATUS(folder.change_users([&](std::vector<User>& users) -> Status {
    const auto found = find_user(users, name);
    if (found == users.end()) return no_user(name);
    users.erase(found);
    return Ok{};
  }));
  SCORIA_TRY_STATUS(end_sessions(folder, name));
  audit_change(folder, doing, "user_removed", {{"user", name}});
  return Ok{};
}

Status set_password(const Folder& folder, const std::string& name, std::string_view password, const Doing& doing) {
  SCORIA_TRY_STATUS(check_new_password(password));
  SCORIA_TRY(hash, auth::hash_password(password));
  SCORIA_TRY_STATUS(folder.change_users([&](std::vector<User>& users) -> Status {
    const auto found = find_user(users, name);
    if (found == users.end()) return no_user(name);
    found->password = hash;
    return Ok{};
  }));
  SCORIA_TRY_STATUS(end_sessions(folder, name));
  audit_change(folder, doing, "password_changed", {{"user", name}});
  return Ok{};
}

Status set_rights(const Folder& folder, const std::string& name, const Rights& rights, const Doing& doing) {
  SCORIA_TRY_STATUS(folder.change_users([&](std::vector<User>& users) -> Status {
    const auto found = find_user(users, name);
    if (found == users.end()) return no_user(name);
    found->rights = rights;
    return Ok{};
  }));
  audit_change(folder, doing, "rights_changed", {{"user", name}, {"rights", rights_text(rights)}});
  return Ok{};
}

Result<std::size_t> import_htpasswd(const Folder& folder, std::string_view text, const Rights& rights,
                                    const Doing& doing) {
  if (text.size() > kMostHtpasswd) return Error{Code::too_large, "the file is larger than 1 MiB"};
  std::vector<std::pair<std::string, std::string>> entries;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const auto colon = line.find(':');
    const auto wrong = [number](const std::string& what) {
      return Error{Code::invalid, "line " + std::to_string(number) + " " + what};
    };
    if (colon == std::string_view::npos || !is_user_name(line.substr(0, colon)))
      return wrong("must be NAME:HASH, the name of letters, digits and . _ - @ +");
    if (const auto known = auth::check_password_hash(line.substr(colon + 1)); !known.ok())
      return wrong("(" + std::string(line.substr(0, colon)) + "): " + known.error().message);
    entries.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  SCORIA_TRY_STATUS(folder.change_users([&](std::vector<User>& users) -> Status {
    for (const auto& [name, hash] : entries) {
      const auto found = find_user(users, name);
      if (found != users.end()) {
        found->password = hash;
        continue;
      }
      if (auto fit = check_new_user(users, name); !fit.ok()) return fit;
      users.push_back({.name = name, .password = hash, .rights = rights, .created = doing.now});
    }
    return Ok{};
  }));
  for (const auto& [name, hash] : entries) SCORIA_TRY_STATUS(end_sessions(folder, name));
  audit_change(folder, doing, "users_imported",
               {{"users", std::to_string(entries.size())}, {"rights", rights_text(rights)}});
  return entries.size();
}

Result<NewKey> create_key(const Folder& folder, const std::string& name, const Rights& rights,
                          std::optional<WallTime> expires, const Doing& doing) {
  if (name.empty() || name.size() > 64) return Error{Code::invalid, "a key's name must be of 1 to 64 bytes"};
  if (expires && *expires <= doing.now)
    return Error{Code::invalid, "a key must be good until some time to come, not until " + format_time(*expires)};
  const std::string secret = auth::random_token();
  NewKey made;
  made.record = {.id = auth::hash_token(auth::random_token()).substr(0, kKeyId),
                 .name = name,
                 .rights = rights,
                 .created = doing.now,
                 .expires = expires};
  made.text = std::string(kKeyPrefix) + made.record.id + "_" + secret;
  made.record.hash = auth::hash_token(made.text);
  SCORIA_TRY_STATUS(folder.change_keys([&](std::vector<ApiKey>& keys) -> Status {
    if (keys.size() >= kMostKeys)
      return Error{Code::exhausted, "there are 10,000 keys, which are all that there may be"};
    keys.push_back(made.record);
    return Ok{};
  }));
  audit_change(folder, doing, "key_created",
               {{"key", made.record.id}, {"name", name}, {"rights", rights_text(rights)}});
  return made;
}

Status revoke_key(const Folder& folder, const std::string& id, const Doing& doing) {
  SCORIA_TRY_STATUS(folder.change_keys([&](std::vector<ApiKey>& keys) -> Status {
    const auto found = std::ranges::find(keys, id, &ApiKey::id);
    if (found == keys.end()) return Error{Code::not_found, "there is no key '" + id.substr(0, 64) + "'"};
    keys.erase(found);
    return Ok{};
  }));
  audit_change(folder, doing, "key_revoked", {{"key", id}});
  return Ok{};
}

Status rotate_signing_keys(const Folder& folder, const Doing& doing) {
  SCORIA_TRY_STATUS(folder.change_signing([&](std::vector<SigningKey>& keys) -> Status {
    for (const auto algorithm : {auth::JwtAlgorithm::es256, auth::JwtAlgorithm::rs256}) {
      keys.push_back({.pem = auth::JwtKey::generate(algorithm).private_pem(), .created = doing.now});
      std::size_t seen = 0;
      for (auto i = keys.size(); i-- > 0;) {
        const auto key = auth::JwtKey::from_pem(keys[i].pem);
        if (key.ok() && key.value().algorithm() != algorithm) continue;
        if (!key.ok() || ++seen > kSigningKeysEach) keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    return Ok{};
  }));
  audit_change(folder, doing, "signing_keys_rotated", {});
  return Ok{};
}

Result<Json> shown_users(const Folder& folder) {
  SCORIA_TRY(users, folder.users());
  Json list = Json::array();
  for (const User& user : users) {
    Json one{{"name", user.name}};
    one.update(rights_json(user.rights));
    one["created"] = format_time(user.created);
    list.push_back(std::move(one));
  }
  return list;
}

Result<Json> shown_keys(const Folder& folder) {
  SCORIA_TRY(keys, folder.keys());
  SCORIA_TRY(used, folder.document(kUsedFile));
  Json list = Json::array();
  for (const ApiKey& key : keys) {
    Json one{{"id", key.id}, {"name", key.name}};
    one.update(rights_json(key.rights));
    one["created"] = format_time(key.created);
    if (key.expires) one["expires"] = format_time(*key.expires);
    if (used.is_object() && used.contains(key.id) && used[key.id].is_string()) one["lastUsed"] = used[key.id];
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace scoria::access
