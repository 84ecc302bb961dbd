// Files beneath one folder, for whoever asks from outside: no path, link or rename leads out of it.
// Source: openat2(2), RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS; where the kernel has no openat2, paths through links are refused.
// Threads: const members may run concurrently. Owns: a descriptor of the folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "node/descriptor.h"

namespace scoria::node {

struct FileFacts {
  std::string path;  // relative to the folder: "workitems/j1/job-1/t1/stdout.txt"
  bool is_directory = false;
  std::uint64_t length = 0;
  std::int64_t created_us = 0, modified_us = 0;  // wall clock
  std::uint32_t mode = 0;                        // 0644
};

class NodeFiles {
 public:
  // Errors: not_found, denied.
  static Result<NodeFiles> open(const std::filesystem::path& folder);

  // What is in a folder, by name; with `is_recursive` also what is in its folders (links are not followed), a folder before what it holds.
  // At most `limit` entries; `is_cut` says that there were more. Errors: not_found (api_code FileNotFound), denied.
  struct Listing {
    std::vector<FileFacts> files;
    bool is_cut = false;
  };
  Result<Listing> list(std::string_view path, bool is_recursive, std::size_t limit) const;
  Result<FileFacts> properties(std::string_view path) const;

  struct Opened {
    FileFacts facts;
    std::shared_ptr<const int> descriptor;
  };
  // A regular file, for reading; never waits for a pipe. Errors: as list(); invalid (a folder, a device).
  Result<Opened> open_file(std::string_view path) const;
  // `offset` behind the end gives nothing. At most `length` bytes, and 64 MiB. Errors: as open_file().
  Result<std::string> read(std::string_view path, std::uint64_t offset, std::uint64_t length) const;
  // A folder only when it is empty, or with `is_recursive`. The folder itself is never removed. Errors: as list(); conflict (not empty).
  Status remove(std::string_view path, bool is_recursive) const;

  // The path beneath the folder opened with these flags. Errors: not_found, denied.
  Result<Descriptor> open_beneath(std::string_view path, int flags) const;

 private:
  explicit NodeFiles(std::shared_ptr<const Descriptor> folder) : folder_(std::move(folder)) {}
  std::shared_ptr<const Descriptor> folder_;
};

// A relative path without empty, "." and ".." parts (slashes at its ends and doubled ones are dropped); "" is the folder itself.
// Errors: invalid (absolute, "..", a NUL, longer than 4,096 bytes), api_code InvalidPropertyValue.
Result<std::string> tidy_relative_path(std::string_view path);

}  // namespace scoria::node
