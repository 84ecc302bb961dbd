#include "server/data_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "server/data_version.h"

namespace scoria::server {
namespace {

// A server that was killed while it started a process: that one has the lock, too, until it has become its program.
constexpr std::chrono::milliseconds kLockPatience{1000};

Error failed(const std::filesystem::path& path, std::string_view what) {
  const Code code = errno == EACCES || errno == EPERM || errno == EROFS ? Code::denied : Code::unavailable;
  return {code, "data folder '" + path.string() + "': " + std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

Result<DataFolder> DataFolder::lock(const std::filesystem::path& path) {
  auto lock = FolderLock::take(path, kLockPatience, "server.lock");
  if (!lock.ok()) return with_context("the server's data", lock.error());
  return DataFolder(std::filesystem::absolute(path), std::move(lock).value());
}

Result<DataFolder> DataFolder::hold(const std::filesystem::path& path) {
  std::error_code error;
  bool is_used = false;
  for (const char* name : {"version.json", "account.json", "state/state.sqlite"}) {
    is_used = is_used || std::filesystem::exists(path / name, error);
  }
  if (!is_used) return Error{Code::not_found, "there is no server's data in '" + path.string() + "'"};
  return lock(path);
}

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path().empty() ? "." : path.parent_path(), error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(path, "cannot be made");
  SCORIA_TRY(folder, lock(path));
  SCORIA_TRY_STATUS(migrate_data_folder(folder.path()));
  for (const auto& part : {folder.tls(), folder.state(), folder.blobs(), folder.nodes()}) {
    // Nodes' tasks may run as other users, and must reach their own folders below: those have their own modes.
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return failed(part, "cannot be made");
  }
  return std::move(folder);
}

Status DataFolder::write_addresses(const std::string& http_url, const std::string& https_url,
                                   const std::string& blob_url, bool has_own_authority) const {
  nlohmann::ordered_json json{{"httpUrl", http_url}, {"httpsUrl", https_url}, {"blobUrl", blob_url}, {"pid", getpid()}};
  json["url"] = http_url.empty() ? https_url : http_url;
  json["ca_file"] = has_own_authority ? (tls() / "ca.pem").string() : "";
  json["blob_hosts"] = nlohmann::ordered_json::array();
  for (const std::string& url : {http_url, https_url}) {
    const auto at = url.find("://");
    if (at == std::string::npos) continue;
    const std::string authority = url.substr(at + 3);
    const auto colon = authority.rfind(':');
    const std::string port = colon == std::string::npos ? ":443" : authority.substr(colon);
    for (const std::string& host : {authority, "localhost" + port, "*.blob.localhost" + port}) {
      json["blob_hosts"].push_back(host);
    }
  }
  return write_file(path_ / "server.json", json.dump(2) + "\n");
}

}  // namespace scoria::server
