// Package sets that tasks name by SCORIA_PACKAGE_SET in their environment, built by `scoria package-set build` (worker/package_set.h) where nobody has.
// Threads: any; has a lock of its own, never held while one is built.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::node {

inline constexpr const char* kPackageSet = "SCORIA_PACKAGE_SET";

class PackageSets {
 public:
  // `program` is ours; `folder` is shared with the machine's other nodes.
  PackageSets(std::string program, std::filesystem::path folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}

  // The setting that lets R or Python find the set ("R_LIBS=/..."), if it is known already.
  std::optional<std::string> find(const std::string& set) const;
  // The same, built where it is not there. `directory`: the task's, for the names of files. Waits. Errors: api_code PackageSetFailed.
  Result<std::string> ensure(const std::string& set, const std::filesystem::path& directory, const std::string& path,
                             const std::atomic<bool>* is_cancelled);

 private:
  std::string program_;
  std::filesystem::path folder_;
  mutable std::mutex found_mutex_;
  std::map<std::string, std::string> found_;  // guarded by found_mutex_; of sets that name no files
};

// Puts NAME=VALUE into an environment: before what the name has there, with a colon between.
void prepend_setting(std::vector<std::string>& environment, const std::string& setting);

}  // namespace scoria::node
