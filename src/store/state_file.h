// The state's database as a file: copied whole while it is written to, and read for what does not belong there, without changing it.
// Source: SQLite, "VACUUM INTO", "PRAGMA integrity_check". Threads: one at a time; beside a Store that has the same file open.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/sqlite_connection.h"
#include "store/store.h"

namespace scoria::store {

class StateFile {
 public:
  // Of any version that has these tables. Errors: not_found, unsupported (another program's database), corrupt, denied, unavailable.
  static Result<std::unique_ptr<StateFile>> open(const std::filesystem::path& folder);

  std::int64_t version() const { return version_; }

  // All that was committed before the call, as one file without a log beside it, flushed; `to` must not be there. Commits go on meanwhile.
  // Errors: exhausted, unavailable.
  Status copy(const std::filesystem::path& to);

  // What SQLite finds wrong, a line each; empty: nothing. Reads all of it.
  Result<std::vector<std::string>> integrity();

  Status each_document(const std::function<Status(const Document&)>& visit);
  // By key; without those of jobs that are being erased.
  Status each_task(const std::function<Status(const TaskRow&)>& visit);
  Status each_open_task(const std::function<Status(const TaskRow&)>& visit);

 private:
  StateFile(std::unique_ptr<SqliteConnection> connection, std::int64_t version)
      : connection_(std::move(connection)), version_(version) {}
  Status each_task_of(const char* sql, const std::function<Status(const TaskRow&)>& visit);

  std::unique_ptr<SqliteConnection> connection_;
  std::int64_t version_;
};

}  // namespace scoria::store
