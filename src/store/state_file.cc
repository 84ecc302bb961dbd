#include "store/state_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "store/sqlite_schema.h"

namespace scoria::store {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

}  // namespace

Result<std::unique_ptr<StateFile>> StateFile::open(const fs::path& folder) {
  const fs::path file = folder / "state.sqlite";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return Error{Code::not_found, "there is no '" + file.string() + "'"};
  SCORIA_TRY(connection, SqliteConnection::open(file, SqliteConnection::Mode::read));
  SCORIA_TRY(owner, connection->one_number("PRAGMA application_id"));
  SCORIA_TRY(version, connection->one_number("PRAGMA user_version"));
  if (owner != kApplicationId || version < 1) {
    return Error{Code::unsupported, "'" + file.string() + "' is no database of a server's state"};
  }
  return std::unique_ptr<StateFile>(new StateFile(std::move(connection), version));
}

Status StateFile::copy(const fs::path& to) {
  // Made first, so that nobody else can read it for a moment; VACUUM takes an empty file for none.
  const int descriptor = ::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return Error{Code::unavailable, "cannot make '" + to.string() + "'"};
  Status copied = connection_->execute(("VACUUM INTO " + quoted(to.string())).c_str());
  if (copied.ok() && ::fsync(descriptor) != 0) {
    copied = Error{Code::unavailable, "cannot flush '" + to.string() + "'"};
  }
  ::close(descriptor);
  return copied;
}

Result<std::vector<std::string>> StateFile::integrity() {
  SCORIA_TRY(statement, connection_->prepare("PRAGMA integrity_check"));
  Query query(statement);
  std::vector<std::string> found;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) {
    if (query.text(0) != "ok") found.emplace_back(query.text(0));
  }
  if (code != SQLITE_DONE) return connection_->error(code, "check the database");
  return found;
}

Status StateFile::each_document(const std::function<Status(const Document&)>& visit) {
  SCORIA_TRY(statement, connection_->prepare("SELECT kind,parent,id,text FROM documents"));
  Query query(statement);
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) {
    SCORIA_TRY_STATUS(visit(Document{static_cast<Kind>(query.number(0)), std::string(query.text(1)),
                                     std::string(query.text(2)), std::string(query.text(3))}));
  }
  if (code != SQLITE_DONE) return connection_->error(code, "read the documents");
  return Ok{};
}

Status StateFile::each_task_of(const char* sql, const std::function<Status(const TaskRow&)>& visit) {
  SCORIA_TRY(statement, connection_->prepare(sql));
  Query query(statement);
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) {
    const auto key = static_cast<std::uint64_t>(query.number(0));
    SCORIA_TRY_STATUS(visit(TaskRow{.job = key >> 32,
                                    .number = key & 0xffffffff,
                                    .id = std::string(query.text(1)),
                                    .state = static_cast<TaskState>(query.number(2)),
                                    .spec = std::string(query.text(4)),
                                    .info = std::string(query.text(3))}));
  }
  if (code != SQLITE_DONE) return connection_->error(code, "read the tasks");
  return Ok{};
}

Status StateFile::each_task(const std::function<Status(const TaskRow&)>& visit) {
  return each_task_of(
      "SELECT key,id,state,info,spec FROM tasks WHERE job NOT IN (SELECT job FROM erased_jobs) ORDER BY key", visit);
}

Status StateFile::each_open_task(const std::function<Status(const TaskRow&)>& visit) {
  return each_task_of(
      "SELECT key,id,state,info,'' FROM tasks INDEXED BY open_tasks WHERE state<3 AND "
      "job NOT IN (SELECT job FROM erased_jobs) ORDER BY key",
      visit);
}

}  // namespace scoria::store
