#include "server/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

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

std::string text_of(const std::filesystem::path& file) {
  const auto bytes = FileBytes::open(file);
  return bytes.ok() ? std::string(bytes.value().text()) : std::string();
}

}  // namespace

Result<DataFolder> DataFolder::lock(const std::filesystem::path& path) {
  const std::filesystem::path lock_path = path / "server.lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return failed(path, "cannot be written");
  DataFolder folder(std::filesystem::absolute(path), lock);
  const auto end = std::chrono::steady_clock::now() + kLockPatience;
  while (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed(path, "cannot be locked");
    if (std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    std::string pid = text_of(lock_path);
    return Error{Code::conflict, "data folder '" + path.string() + "' is in use by another server" +
                                     (pid.empty() ? "" : " (process " + pid + ")") +
                                     ": stop it, or choose another folder with --data"};
  }
  // The number is for people: a full disk keeps no server from starting.
  const std::string pid = std::to_string(getpid());
  if (ftruncate(lock, 0) == 0) (void)!pwrite(lock, pid.data(), pid.size(), 0);
  return folder;
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

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
  if (lock_ >= 0) close(lock_);
}

Status DataFolder::write_addresses(const std::string& http_url, const std::string& https_url,
                                   const std::string& blob_url) const {
  nlohmann::ordered_json json{{"httpUrl", http_url}, {"httpsUrl", https_url}, {"blobUrl", blob_url}, {"pid", getpid()}};
  json["url"] = http_url.empty() ? https_url : http_url;
  json["ca_file"] = (tls() / "ca.pem").string();
  json["blob_hosts"] = nlohmann::ordered_json::array();
  for (const std::string& url : {http_url, https_url}) {
    const auto at = url.find("://");
    if (at == std::string::npos) continue;
    const std::string authority = url.substr(at + 3);
    const std::string port = authority.substr(authority.rfind(':'));
    for (const std::string& host : {authority, "localhost" + port, "*.blob.localhost" + port}) {
      json["blob_hosts"].push_back(host);
    }
  }
  return write_file(path_ / "server.json", json.dump(2) + "\n");
}

}  // namespace scoria::server
