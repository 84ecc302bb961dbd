#include "store/sqlite_connection.h"

#include <sqlite3.h>

#include <algorithm>
#include <vector>

namespace scoria::store {

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::int64_t number) {
  SCORIA_CHECK(sqlite3_bind_int64(statement_, ++bound_, number) == SQLITE_OK);
  return *this;
}

Query& Query::bind(std::string_view text) {
  // A null pointer would bind NULL, which equals nothing.
  const char* data = text.data() == nullptr ? "" : text.data();
  SCORIA_CHECK(sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

int Query::step() { return sqlite3_step(statement_); }

std::int64_t Query::number(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Query::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_, column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::filesystem::path& file, Mode mode,
                                                                 const std::string& vfs) {
  sqlite3* database = nullptr;
  const int flags = (mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &database, flags, vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(database, "'" + file.string() + "'"));
  if (database == nullptr) return Error{Code::exhausted, "out of memory for " + connection->name_};
  if (code != SQLITE_OK) return connection->error(code, "open");
  sqlite3_busy_timeout(database, 10'000);
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Status SqliteConnection::execute(const char* sql) {
  const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, sql);
  return Ok{};
}

Result<sqlite3_stmt*> SqliteConnection::prepare(const char* sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return error(code, sql);
  statements_.emplace(sql, statement);
  return statement;
}

Result<std::int64_t> SqliteConnection::one_number(const char* sql) {
  SCORIA_TRY(statement, prepare(sql));
  Query query(statement);
  const int code = query.step();
  if (code != SQLITE_ROW) return error(code, sql);
  return query.number(0);
}

Status SqliteConnection::rewrite_log() {
  SCORIA_TRY_STATUS(execute("BEGIN IMMEDIATE"));  // so that nobody appends to it or begins it anew
  Status written = copy_log_onto_itself();
  (void)execute("ROLLBACK");  // of nothing
  return written;
}

Status SqliteConnection::copy_log_onto_itself() {
  constexpr sqlite3_int64 kPiece =
      1 << 16;  // SQLite's VFS for Unix writes less than 128 KiB at once: more it takes for a full disk
  constexpr const char* kDoing = "rewrite the log";
  sqlite3_file* log = nullptr;
  int code = sqlite3_file_control(database_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (code != SQLITE_OK) return error(code, kDoing);
  if (log == nullptr || log->pMethods == nullptr) return Ok{};  // there is none
  sqlite3_int64 size = 0;
  code = log->pMethods->xFileSize(log, &size);
  std::vector<char> bytes(static_cast<std::size_t>(std::min(size, kPiece)));
  for (sqlite3_int64 offset = 0; offset < size && code == SQLITE_OK; offset += kPiece) {
    const int piece = static_cast<int>(std::min(size - offset, kPiece));
    code = log->pMethods->xRead(log, bytes.data(), piece, offset);
    if (code == SQLITE_OK) code = log->pMethods->xWrite(log, bytes.data(), piece, offset);
  }
  if (code == SQLITE_OK) code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) return error(code, kDoing);
  return Ok{};
}

Error SqliteConnection::error(int code, std::string_view doing) const {
  Code kind = Code::unavailable;
  switch (code & 0xff) {
    case SQLITE_FULL: kind = Code::exhausted; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT: kind = Code::corrupt; break;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH: kind = Code::denied; break;
    case SQLITE_IOERR:
      // The index of the write-ahead log could not grow: the disk is full, and nothing was written yet.
      if (code == SQLITE_IOERR_SHMSIZE) kind = Code::exhausted;
      break;
    default: break;
  }
  // Of what did not go through the connection it knows nothing.
  const bool is_known = database_ != nullptr && sqlite3_extended_errcode(database_) == code;
  const char* why = is_known ? sqlite3_errmsg(database_) : sqlite3_errstr(code);
  return Error{kind, "database " + name_ + ": " + why + " (" + std::string(doing.substr(0, 60)) + ")"};
}

}  // namespace scoria::store
