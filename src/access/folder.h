// An access folder: users, keys and sessions in files of mode 0600, shared by all processes that serve with it and by the commands that change it.
//
//   SCORIA_TRY(folder, Folder::open("access"));
//   SCORIA_TRY_STATUS(folder.change_users([](std::vector<User>& users) -> Status { users.push_back(...); return Ok{}; }));
//
// Writers hold a lock (flock) while they read, change and replace a file, so that no change is lost; readers need none, as files are replaced whole.
// Threads: may be used by several at once. Owns: nothing but the path.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "access/records.h"
#include "base/result.h"

namespace scoria::access {

class Folder {
 public:
  // The folder is made when missing, with mode 0700, and with it a signing key of either algorithm. One that is mounted read-only may be root's, and
  // others may read what it is called, as a Secret of Kubernetes. Errors: denied (others may read or write the folder, or it is another user's),
  // not_found (no folder to make it in), unavailable.
  static Result<Folder> open(const std::filesystem::path& path, WallTime now);

  const std::filesystem::path& path() const { return path_; }
  // Then nobody can log in, as there is nowhere to write it down: keys, passwords and tokens of providers are good.
  bool is_read_only() const { return is_read_only_; }

  // The files of a folder, {name, content}, as they are at one moment: for backups. It is not made, and need not be open. Errors: as users().
  static Result<std::vector<std::pair<std::string, std::string>>> copy(const std::filesystem::path& path);

  // What is not there is empty. Errors: denied (a file that others may read), corrupt, unavailable; all name the file.
  Result<std::vector<User>> users() const;
  Result<std::vector<ApiKey>> keys() const;
  Result<std::vector<SigningKey>> signing() const;
  Result<std::vector<Session>> sessions() const;
  Result<Settings> settings() const;
  Result<Json> document(const std::string& file) const;  // of another file; null where there is none

  // An error of `change` leaves the file as it is, and is returned. Errors of writing also: exhausted.
  Status change_users(const std::function<Status(std::vector<User>&)>& change) const;
  Status change_keys(const std::function<Status(std::vector<ApiKey>&)>& change) const;
  Status change_signing(const std::function<Status(std::vector<SigningKey>&)>& change) const;
  Status change_sessions(const std::function<Status(std::vector<Session>&)>& change) const;
  Status change_document(const std::string& file, const std::function<Status(Json&)>& change) const;

  // What tells that a file is another than before: when and as what it was put there.
  using Stamp = std::array<std::int64_t, 4>;
  Stamp stamp(const std::string& file) const;

 private:
  Folder(std::filesystem::path path, bool is_read_only) : path_(std::move(path)), is_read_only_(is_read_only) {}
  std::filesystem::path path_;
  bool is_read_only_;
};

inline constexpr const char* kUsersFile = "users.json";
inline constexpr const char* kKeysFile = "keys.json";
inline constexpr const char* kSigningFile = "signing.json";
inline constexpr const char* kSessionsFile = "sessions.json";
inline constexpr const char* kSettingsFile = "settings.json";
inline constexpr const char* kOidcFile = "oidc.json";
inline constexpr const char* kUsedFile = "used.json";

}  // namespace scoria::access
