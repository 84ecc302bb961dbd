#include "store/sqlite_schema.h"

#include <iterator>
#include <string>

namespace scoria::store {
namespace {

// Each is the way from version i to i + 1. A shipped one is never edited: what changes is a new one.
constexpr const char* kMigrations[] = {
    // 1. `key` is job << 32 | number: a row's place follows the order of submission, and rows of 4 KiB stay whole in a leaf.
    R"sql(
    CREATE TABLE documents(
      kind INTEGER NOT NULL,
      parent TEXT NOT NULL COLLATE NOCASE,
      id TEXT NOT NULL COLLATE NOCASE,
      text TEXT NOT NULL,
      PRIMARY KEY(kind, parent, id)) WITHOUT ROWID;
    CREATE TABLE tasks(
      key INTEGER PRIMARY KEY,
      job INTEGER NOT NULL,
      id TEXT NOT NULL COLLATE NOCASE,
      state INTEGER NOT NULL,
      info TEXT NOT NULL,
      spec TEXT NOT NULL);
    CREATE UNIQUE INDEX tasks_by_id ON tasks(job, id);
    CREATE INDEX open_tasks ON tasks(key) WHERE state < 3;
    CREATE TABLE erased_jobs(job INTEGER PRIMARY KEY);
    )sql",
    // 2. The same tables: programs that know no version of the whole data folder must refuse one that has it.
    "",
};
constexpr std::int64_t kNewest = std::size(kMigrations);

Status run_steps(SqliteConnection& connection, std::int64_t version) {
  for (std::int64_t step = version; step < kNewest; ++step) {
    SCORIA_TRY_STATUS(connection.execute(kMigrations[step]));
  }
  SCORIA_TRY_STATUS(connection.execute(("PRAGMA application_id=" + std::to_string(kApplicationId)).c_str()));
  SCORIA_TRY_STATUS(connection.execute(("PRAGMA user_version=" + std::to_string(kNewest)).c_str()));
  return connection.execute("COMMIT");
}

}  // namespace

Status migrate(SqliteConnection& connection, const std::string& name) {
  SCORIA_TRY(version, connection.one_number("PRAGMA user_version"));
  SCORIA_TRY(owner, connection.one_number("PRAGMA application_id"));
  if (owner != 0 && owner != kApplicationId) {
    return Error{Code::unsupported, name + ": this database is another program's (application id " +
                                        std::to_string(owner) + "), choose another folder"};
  }
  if (version > kNewest) {
    return Error{Code::unsupported, name + ": written by a newer version of this program (format " +
                                        std::to_string(version) + ", this one knows up to " + std::to_string(kNewest) +
                                        "): use that one, or restore a backup from before it ran"};
  }
  if (version == kNewest) return Ok{};
  SCORIA_TRY_STATUS(connection.execute("BEGIN IMMEDIATE"));
  Status done = run_steps(connection, version);
  if (!done.ok()) (void)connection.execute("ROLLBACK");  // the first error is what counts
  return done;
}

}  // namespace scoria::store
