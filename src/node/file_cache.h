// Files that tasks fetched, kept by URL (without its query, which may be a signature) and ETag: fetched again only when they changed.
// Whoever takes one asks its server first whether it may and whether it is still the same (If-None-Match).
// Threads: all functions may be called from several threads at once. Owns: its folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "node/descriptor.h"

namespace scoria::node {

class FileCache {
 public:
  // `limit_bytes` 0: keeps nothing. Errors: denied, unavailable.
  static Result<std::unique_ptr<FileCache>> open(const std::filesystem::path& folder, std::uint64_t limit_bytes);

  struct Kept {
    std::string etag;
    Descriptor file;  // open: stays readable when it is thrown out meanwhile
  };
  std::optional<Kept> find(std::string_view url);
  // Takes a copy of `file` in; what was longest unused goes when there is no room. Failing is no error: it is a cache.
  void keep(std::string_view url, std::string_view etag, int file, std::uint64_t size);
  void clear();

 private:
  struct Entry {
    std::string etag;
    std::uint64_t size = 0;
    std::uint64_t last_use = 0;
  };
  FileCache(std::filesystem::path folder, std::uint64_t limit) : folder_(std::move(folder)), limit_bytes_(limit) {}
  std::filesystem::path path_of(const std::string& key, const Entry& entry) const;
  void drop(std::map<std::string, Entry>::iterator entry);

  std::filesystem::path folder_;
  std::uint64_t limit_bytes_;
  std::mutex entries_mutex_;
  std::map<std::string, Entry> entries_;  // by SHA-256 of the URL; guarded by entries_mutex_
  std::uint64_t bytes_ = 0, uses_ = 0;    // guarded by entries_mutex_
};

// All bytes of one file to another, shared where the file system can. Errors: exhausted (api_code DiskFull), unavailable.
Status copy_bytes(int from, int to);

}  // namespace scoria::node
