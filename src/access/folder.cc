#include "access/folder.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "auth/jwt.h"
#include "auth/private_file.h"
#include "base/folder_lock.h"

namespace scoria::access {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostFileBytes = 16u << 20;

Error folder_error(const fs::path& path, const char* doing) {
  const int number = errno;
  Code code = Code::unavailable;
  if (number == ENOENT || number == ENOTDIR) code = Code::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = Code::denied;
  return Error{code, "cannot " + std::string(doing) + " '" + path.string() + "': " + std::strerror(number)};
}

Result<Json> read_document(const fs::path& path) {
  auto text = auth::read_private_file(path, kMostFileBytes);
  if (!text.ok() && text.error().code == Code::not_found) return Json();
  if (!text.ok()) return text.error();
  Json document = Json::parse(text.value(), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return Error{Code::corrupt, "'" + path.string() + "' is no JSON"};
  return document;
}

template <typename Value>
Result<Value> read_as(const fs::path& path, Result<Value> (*read)(const Json&)) {
  SCORIA_TRY(document, read_document(path));
  if (document.is_null()) return Value{};
  auto value = read(document);
  if (!value.ok()) return Error{Code::corrupt, "'" + path.string() + "' " + value.error().message};
  return value;
}

template <typename Record>
Status change_file(const fs::path& folder, const char* file, Result<std::vector<Record>> (*read)(const Json&),
                   Json (*write)(const std::vector<Record>&),
                   const std::function<Status(std::vector<Record>&)>& change) {
  SCORIA_TRY(lock, FolderLock::take(folder, FolderLock::kForever));
  SCORIA_TRY(records, read_as(folder / file, read));
  SCORIA_TRY_STATUS(change(records));
  return auth::replace_private_file(folder / file, write(records).dump(1) + "\n");
}

}  // namespace

Result<Folder> Folder::open(const fs::path& path, WallTime now) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return folder_error(path, "make the folder");
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return folder_error(path, "open");
  if (!S_ISDIR(status.st_mode)) return Error{Code::invalid, "'" + path.string() + "' is no folder"};
  struct statvfs mount {};
  const bool is_read_only = ::statvfs(path.c_str(), &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
  const bool is_own = status.st_uid == ::geteuid(), is_closed = (status.st_mode & 077) == 0;
  // A Secret's folder is root's, and open to all but for the mount and for its sticky bit, by which nobody has another's file.
  const bool is_secret =
      is_read_only && status.st_uid == 0 && ((status.st_mode & 022) == 0 || (status.st_mode & S_ISVTX) != 0);
  if (!is_secret && (!is_own || !is_closed)) {
    return Error{Code::denied, "the access folder '" + path.string() +
                                   "' must be the own one of the user that runs this, with mode 0700 (chmod 700), or "
                                   "be mounted read-only and root's: it holds secrets"};
  }
  Folder folder(path, is_read_only);
  SCORIA_TRY(there, folder.signing());
  if (!there.empty()) return folder;
  if (is_read_only) {
    return Error{Code::not_found, "the access folder '" + path.string() + "' has no " + kSigningFile +
                                      ", and is mounted read-only: make it by scoria user add NAME --access FOLDER, "
                                      "and give all of its files"};
  }
  SCORIA_TRY_STATUS(folder.change_signing([now](std::vector<SigningKey>& keys) -> Status {
    if (!keys.empty()) return Ok{};  // another process was faster
    for (const auto algorithm : {auth::JwtAlgorithm::es256, auth::JwtAlgorithm::rs256})
      keys.push_back({.pem = auth::JwtKey::generate(algorithm).private_pem(), .created = now});
    return Ok{};
  }));
  return folder;
}

Result<std::vector<std::pair<std::string, std::string>>> Folder::copy(const fs::path& path) {
  SCORIA_TRY(lock, FolderLock::take(path, FolderLock::kForever));
  std::vector<std::pair<std::string, std::string>> files;
  for (const char* name : {kUsersFile, kKeysFile, kSigningFile, kSessionsFile, kSettingsFile, kOidcFile, kUsedFile}) {
    auto text = auth::read_private_file(path / name, kMostFileBytes);
    if (!text.ok() && text.error().code == Code::not_found) continue;
    if (!text.ok()) return text.error();
    files.emplace_back(name, std::move(text).value());
  }
  return files;
}

Result<std::vector<User>> Folder::users() const { return read_as(path_ / kUsersFile, read_users); }
Result<std::vector<ApiKey>> Folder::keys() const { return read_as(path_ / kKeysFile, read_keys); }
Result<std::vector<SigningKey>> Folder::signing() const { return read_as(path_ / kSigningFile, read_signing); }
Result<std::vector<Session>> Folder::sessions() const { return read_as(path_ / kSessionsFile, read_sessions); }
Result<Settings> Folder::settings() const { return read_as(path_ / kSettingsFile, read_settings); }
Result<Json> Folder::document(const std::string& file) const { return read_document(path_ / file); }

Status Folder::change_users(const std::function<Status(std::vector<User>&)>& change) const {
  return change_file(path_, kUsersFile, read_users, users_json, change);
}

Status Folder::change_keys(const std::function<Status(std::vector<ApiKey>&)>& change) const {
  return change_file(path_, kKeysFile, read_keys, keys_json, change);
}

Status Folder::change_signing(const std::function<Status(std::vector<SigningKey>&)>& change) const {
  return change_file(path_, kSigningFile, read_signing, signing_json, change);
}

Status Folder::change_sessions(const std::function<Status(std::vector<Session>&)>& change) const {
  return change_file(path_, kSessionsFile, read_sessions, sessions_json, change);
}

Status Folder::change_document(const std::string& file, const std::function<Status(Json&)>& change) const {
  SCORIA_TRY(lock, FolderLock::take(path_, FolderLock::kForever));
  SCORIA_TRY(document, read_document(path_ / file));
  SCORIA_TRY_STATUS(change(document));
  return auth::replace_private_file(path_ / file, document.dump(1) + "\n");
}

Folder::Stamp Folder::stamp(const std::string& file) const {
  struct stat status {};
  if (::stat((path_ / file).c_str(), &status) != 0) return {};
  return {static_cast<std::int64_t>(status.st_ino), status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size};
}

}  // namespace scoria::access
