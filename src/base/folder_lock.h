// One holder of a folder at a time: a lock that the kernel drops with its owner, however that ends.
// Source: flock(2). Threads: none needed; two locks of one process exclude each other as those of two processes do. Owns: the descriptor.
#pragma once

#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace scoria {

class FolderLock {
 public:
  static constexpr Duration kForever = Duration::max();

  // Locks `folder`/`file`, which is made with mode 0600, once nobody else has it. Who does not wait forever leaves the process's number there, for
  // people. Errors: conflict (another still has it after `patience`: its number), not_found (no such folder), denied, unavailable.
  static Result<FolderLock> take(const std::filesystem::path& folder, Duration patience = Duration::zero(),
                                 const char* file = "lock");
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace scoria
