// One process per data folder: a lock that the kernel drops with its owner, however that ends.
// Source: flock(2). Threads: none needed. Owns: the descriptor.
#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"

namespace scoria::store {

class FolderLock {
 public:
  // Locks `folder`/lock, which then holds this process's number. Errors: conflict (another has it: its number), denied, unavailable.
  static Result<FolderLock> take(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace scoria::store
