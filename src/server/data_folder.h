// A server's data folder: made, locked, and what stands in its server.json. Threads: plain values.
#pragma once

#include <filesystem>
#include <string>

#include "base/folder_lock.h"
#include "base/result.h"

namespace scoria::server {

// Held while a server runs on the folder; freed by the kernel however the process ends.
class DataFolder {
 public:
  // Makes the folder (0700) and its parts where they are missing, and brings an older one to the newest version (data_version.h). Errors:
  // conflict (another server runs on it: which process), unsupported (of a newer version), corrupt, denied, unavailable.
  static Result<DataFolder> open(const std::filesystem::path& path);
  // Locks a folder that is there, and leaves all of it as it is: for backups and checks while no server runs. Errors: not_found (nothing of
  // a server is in it), conflict, denied, unavailable.
  static Result<DataFolder> hold(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path tls() const { return path_ / "tls"; }
  std::filesystem::path state() const { return path_ / "state"; }
  std::filesystem::path blobs() const { return path_ / "blobs"; }
  std::filesystem::path nodes() const { return path_ / "nodes"; }

  // server.json: for clients on this machine {httpUrl, httpsUrl, blobUrl, pid}; for agents (node/agent.h) {url, ca_file, blob_hosts}. Without an
  // authority of its own ca_file is empty: the system's are trusted.
  Status write_addresses(const std::string& http_url, const std::string& https_url, const std::string& blob_url,
                         bool has_own_authority) const;

 private:
  static Result<DataFolder> lock(const std::filesystem::path& path);
  DataFolder(std::filesystem::path path, FolderLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path path_;
  FolderLock lock_;
};

}  // namespace scoria::server
