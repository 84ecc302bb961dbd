// Where a database lies: a folder of the system, which is made, locked and kept to its owner; or one on an SQLite VFS of the caller's,
// which has no such things. Both keep a reserve for when the disk is full.
// Threads: one at a time. Owns: the folder's lock.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace scoria::store {

class DatabaseFolder {
 public:
  virtual ~DatabaseFolder() = default;

  // Errors: conflict (another process has it: says which), denied, unavailable.
  static Result<std::unique_ptr<DatabaseFolder>> open(const std::filesystem::path& folder);
  // Errors: invalid (no such VFS).
  static Result<std::unique_ptr<DatabaseFolder>> open(const std::filesystem::path& folder, const std::string& vfs);

  // Syncs the folder itself: SQLite takes a failure of that for nothing. Errors: unavailable.
  virtual Status make_names_durable() = 0;
  // Keys and specs in it are nobody else's.
  virtual void hide(const std::filesystem::path& file) = 0;
  // Sets so many bytes of the disk aside, or finds them set aside. False: they are not there.
  virtual bool make_reserve(std::int64_t bytes) = 0;
  virtual void free_reserve() = 0;
};

}  // namespace scoria::store
