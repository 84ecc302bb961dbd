// One SQLite connection with its prepared statements: the thin wrapper that turns SQLite's results into ours.
// Source: SQLite C interface, "Result and Error Codes". Threads: one at a time. Owns: the connection and its statements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace scoria::store {

// A statement between its first bind and its last row; reset when it goes.
class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  // Parameters are bound in their order. Text is borrowed until the query ends.
  Query& bind(std::int64_t number);
  Query& bind(std::string_view text);

  // SQLite's code: SQLITE_ROW, SQLITE_DONE or an error.
  int step();
  std::int64_t number(int column) const;
  std::string_view text(int column) const;  // until the next step

 private:
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class SqliteConnection {
 public:
  enum class Mode { write, read };
  // `vfs` names an SQLite VFS, or is empty: the system's files. Errors: as error().
  static Result<std::unique_ptr<SqliteConnection>> open(const std::filesystem::path& file, Mode mode,
                                                        const std::string& vfs = {});
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Status execute(const char* sql);
  // `sql` must be a literal: statements are kept by its address.
  Result<sqlite3_stmt*> prepare(const char* sql);
  Result<std::int64_t> one_number(const char* sql);

  // In WAL mode: writes the log once more as it is read, and syncs it. What a killed process wrote, and what a failed sync should have written,
  // is read back from the page cache, and yet only writing it again is sure to bring it to the disk: P. Rebello et al., "Can Applications
  // Recover from fsync Failures?" (2020). Errors: as error().
  Status rewrite_log();

  // What the last call's `code` means. exhausted: disk full. corrupt: not a database, damaged. denied: may not be opened or written.
  // unavailable: all else, I/O errors first.
  Error error(int code, std::string_view doing) const;

 private:
  SqliteConnection(sqlite3* database, std::string name) : database_(database), name_(std::move(name)) {}

  Status copy_log_onto_itself();

  sqlite3* database_;
  std::string name_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace scoria::store
