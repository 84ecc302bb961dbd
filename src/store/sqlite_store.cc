// Store on SQLite: one connection that writes, a few that read.
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "base/seeded_bug.h"
#include "store/database_folder.h"
#include "store/sqlite_connection.h"
#include "store/sqlite_schema.h"
#include "store/store.h"

namespace scoria::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostJobs = 1ull << 31;
constexpr std::uint64_t kMostTasks = 1ull << 32;
// Of a deleted job at each commit, so that no other change waits for a million rows.
constexpr std::int64_t kErasedPerCommit = 2000;
// On a full disk the write-ahead log has to get into the database before it can be written anew, and both take room meanwhile: four logs.
constexpr std::int64_t kReserveBytes = 16 << 20;
constexpr std::size_t kReadersKept = 4;
constexpr const char* kFile = "state.sqlite";

std::int64_t key_of(std::uint64_t job, std::uint64_t number) {
  SCORIA_CHECK(job < kMostJobs && number < kMostTasks);
  return static_cast<std::int64_t>(job << 32 | number);
}

TaskRow row_of(const Query& query) {
  const auto key = static_cast<std::uint64_t>(query.number(0));
  return TaskRow{.job = key >> 32,
                 .number = key & 0xffffffff,
                 .id = std::string(query.text(1)),
                 .state = static_cast<TaskState>(query.number(2)),
                 .spec = std::string(query.text(4)),
                 .info = std::string(query.text(3))};
}

class SqliteStore final : public Store {
 public:
  SqliteStore(fs::path path, StoreOptions options, std::unique_ptr<DatabaseFolder> folder,
              std::unique_ptr<SqliteConnection> writer, std::set<std::int64_t> erasing)
      : path_(std::move(path)),
        options_(std::move(options)),
        folder_(std::move(folder)),
        writer_(std::move(writer)),
        erasing_(std::move(erasing)) {}

  Status commit(const Changes& changes) override;
  Result<std::optional<Document>> get(Kind kind, std::string_view parent, std::string_view id) const override;
  Result<std::vector<Document>> list(Kind kind, std::optional<std::string_view> parent, std::string_view after,
                                     std::size_t limit) const override;
  Result<std::optional<TaskRow>> task(std::uint64_t job, std::string_view id) const override;
  Result<std::vector<TaskRow>> tasks(std::uint64_t job, std::uint64_t after, std::size_t limit,
                                     std::optional<TaskState> state) const override;
  Status each_open_task(const std::function<Status(TaskRow)>& visit) const override;
  Status each_completed_task(std::uint64_t job, const std::function<Status(const TaskRow&)>& visit) const override;
  fs::path folder() const override { return path_; }
  bool has_reserve() const override { return has_reserve_.load(); }
  void make_reserve() override;

 private:
  // A reading connection, lent for one call.
  class Reader {
   public:
    Reader(const SqliteStore& store, std::unique_ptr<SqliteConnection> connection)
        : store_(store), connection_(std::move(connection)) {}
    Reader(Reader&&) = default;
    ~Reader() {
      if (connection_) store_.give_back(std::move(connection_));
    }
    SqliteConnection* operator->() { return connection_.get(); }

   private:
    const SqliteStore& store_;
    std::unique_ptr<SqliteConnection> connection_;
  };
  Result<Reader> reader() const;
  void give_back(std::unique_ptr<SqliteConnection> connection) const;

  Status write(const Changes& changes);
  Status write_all(const Changes& changes);
  Status write_documents(const Changes& changes);
  Status write_tasks(const Changes& changes);
  Status erase_some();
  Status done(Query& query, std::string_view doing);

  fs::path path_;
  StoreOptions options_;
  std::unique_ptr<DatabaseFolder> folder_;
  std::unique_ptr<SqliteConnection> writer_;
  std::set<std::int64_t> erasing_;  // jobs whose tasks are not all gone; of the committing thread
  std::atomic<bool> has_reserve_ = false;
  mutable std::mutex readers_mutex_;
  mutable std::vector<std::unique_ptr<SqliteConnection>> readers_;  // guarded by readers_mutex_
};

Result<SqliteStore::Reader> SqliteStore::reader() const {
  {
    const std::lock_guard hold(readers_mutex_);
    if (!readers_.empty()) {
      Reader lent(*this, std::move(readers_.back()));
      readers_.pop_back();
      return lent;
    }
  }
  SCORIA_TRY(connection, SqliteConnection::open(path_ / kFile, SqliteConnection::Mode::read, options_.vfs));
  return Reader(*this, std::move(connection));
}

void SqliteStore::give_back(std::unique_ptr<SqliteConnection> connection) const {
  const std::lock_guard hold(readers_mutex_);
  if (readers_.size() < kReadersKept) readers_.push_back(std::move(connection));
}

Status SqliteStore::done(Query& query, std::string_view doing) {
  if (const int code = query.step(); code != SQLITE_DONE) return writer_->error(code, doing);
  return Ok{};
}

Status SqliteStore::commit(const Changes& changes) {
  if (changes.empty()) return Ok{};
  Status written = write(changes);
  if (written.ok() || written.error().code != Code::exhausted) return written;
  if (has_reserve_.exchange(false)) folder_->free_reserve();
  // Else the reserve goes into a log that never begins anew. What this cannot do is no worse than before.
  (void)writer_->execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return write(changes);
}

Status SqliteStore::write(const Changes& changes) {
  const std::set<std::int64_t> erasing = erasing_;
  SCORIA_TRY_STATUS(writer_->execute("BEGIN IMMEDIATE"));
  Status written = write_all(changes);
  if (written.ok()) written = writer_->execute("COMMIT");
  if (!written.ok()) {
    (void)writer_->execute("ROLLBACK");  // SQLite may have rolled back already; the first error is what counts
    erasing_ = erasing;
  }
  return written;
}

Status SqliteStore::write_all(const Changes& changes) {
  for (const std::uint64_t job : changes.erased_jobs()) {
    SCORIA_TRY(statement, writer_->prepare("INSERT OR IGNORE INTO erased_jobs(job) VALUES(?)"));
    Query query(statement);
    query.bind(key_of(job, 0) >> 32);
    SCORIA_TRY_STATUS(done(query, "erase tasks"));
    erasing_.insert(static_cast<std::int64_t>(job));
  }
  SCORIA_TRY_STATUS(write_documents(changes));
  SCORIA_TRY_STATUS(write_tasks(changes));
  return erase_some();
}

Status SqliteStore::write_documents(const Changes& changes) {
  SCORIA_TRY(put,
             writer_->prepare("INSERT INTO documents(kind,parent,id,text) VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET "
                              "id=excluded.id,text=excluded.text"));
  SCORIA_TRY(erase, writer_->prepare("DELETE FROM documents WHERE kind=? AND parent=? AND id=?"));
  for (const Changes::DocumentChange& change : changes.documents()) {
    Query query(change.text ? put : erase);
    query.bind(static_cast<std::int64_t>(change.kind)).bind(change.parent).bind(change.id);
    if (change.text) query.bind(*change.text);
    SCORIA_TRY_STATUS(done(query, "write a document"));
  }
  return Ok{};
}

Status SqliteStore::write_tasks(const Changes& changes) {
  SCORIA_TRY(add, writer_->prepare("INSERT INTO tasks(key,job,id,state,info,spec) VALUES(?,?,?,?,?,?)"));
  SCORIA_TRY(erase, writer_->prepare("DELETE FROM tasks WHERE key=?"));
  SCORIA_TRY(update, writer_->prepare("UPDATE tasks SET state=?,info=? WHERE key=?"));
  SCORIA_TRY(change_spec, writer_->prepare("UPDATE tasks SET spec=? WHERE key=?"));
  for (const Changes::TaskChange& change : changes.tasks()) {
    const std::int64_t key = key_of(change.job, change.number);
    if (change.is_erased) {
      Query query(erase);
      query.bind(key);
      SCORIA_TRY_STATUS(done(query, "erase a task"));
      continue;
    }
    if (change.is_added) {
      Query query(add);
      query.bind(key).bind(static_cast<std::int64_t>(change.job)).bind(change.id);
      query.bind(static_cast<std::int64_t>(*change.state)).bind(change.info).bind(*change.spec);
      SCORIA_TRY_STATUS(done(query, "add a task"));
      continue;
    }
    if (change.state) {
      Query query(update);
      query.bind(static_cast<std::int64_t>(*change.state)).bind(change.info).bind(key);
      SCORIA_TRY_STATUS(done(query, "update a task"));
    }
    if (change.spec) {
      Query query(change_spec);
      query.bind(*change.spec).bind(key);
      SCORIA_TRY_STATUS(done(query, "update a task"));
    }
  }
  return Ok{};
}

Status SqliteStore::erase_some() {
  std::int64_t left = kErasedPerCommit;
  while (left > 0 && !erasing_.empty()) {
    const std::int64_t job = *erasing_.begin();
    SCORIA_TRY(some, writer_->prepare(
                         "DELETE FROM tasks WHERE key IN (SELECT key FROM tasks WHERE key BETWEEN ? AND ? LIMIT ?)"));
    {
      Query query(some);
      query.bind(job << 32).bind((job << 32) | 0xffffffff).bind(left);
      SCORIA_TRY_STATUS(done(query, "erase tasks"));
    }
    SCORIA_TRY(erased, writer_->one_number("SELECT changes()"));
    if (erased == left) return Ok{};
    left -= erased;
    SCORIA_TRY(forget, writer_->prepare("DELETE FROM erased_jobs WHERE job=?"));
    Query query(forget);
    query.bind(job);
    SCORIA_TRY_STATUS(done(query, "erase tasks"));
    erasing_.erase(job);
  }
  return Ok{};
}

void SqliteStore::make_reserve() {
  if (!has_reserve_) has_reserve_ = folder_->make_reserve(kReserveBytes);
}

Result<std::optional<Document>> SqliteStore::get(Kind kind, std::string_view parent, std::string_view id) const {
  SCORIA_TRY(reader, this->reader());
  SCORIA_TRY(statement, reader->prepare("SELECT parent,id,text FROM documents WHERE kind=? AND parent=? AND id=?"));
  Query query(statement);
  query.bind(static_cast<std::int64_t>(kind)).bind(parent).bind(id);
  const int code = query.step();
  if (code == SQLITE_DONE) return std::optional<Document>();
  if (code != SQLITE_ROW) return reader->error(code, "read a document");
  return std::optional<Document>(
      Document{kind, std::string(query.text(0)), std::string(query.text(1)), std::string(query.text(2))});
}

Result<std::vector<Document>> SqliteStore::list(Kind kind, std::optional<std::string_view> parent,
                                                std::string_view after, std::size_t limit) const {
  SCORIA_TRY(reader, this->reader());
  SCORIA_TRY(statement, reader->prepare(
                            parent ? "SELECT parent,id,text FROM documents WHERE kind=? AND parent=? AND id>? ORDER BY "
                                     "kind,parent,id LIMIT ?"
                                   : "SELECT parent,id,text FROM documents WHERE kind=? AND (parent,id)>(?,?) ORDER "
                                     "BY kind,parent,id LIMIT ?"));
  Query query(statement);
  query.bind(static_cast<std::int64_t>(kind));
  if (parent) {
    query.bind(*parent).bind(after);
  } else {
    const std::size_t cut = after.find('\n');
    query.bind(after.substr(0, cut));
    query.bind(cut == std::string_view::npos ? std::string_view() : after.substr(cut + 1));
  }
  query.bind(static_cast<std::int64_t>(std::min<std::size_t>(limit, 1u << 30)));
  std::vector<Document> documents;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) {
    documents.push_back({kind, std::string(query.text(0)), std::string(query.text(1)), std::string(query.text(2))});
  }
  if (code != SQLITE_DONE) return reader->error(code, "list documents");
  return documents;
}

Result<std::optional<TaskRow>> SqliteStore::task(std::uint64_t job, std::string_view id) const {
  SCORIA_TRY(reader, this->reader());
  SCORIA_TRY(statement, reader->prepare("SELECT key,id,state,info,spec FROM tasks WHERE job=? AND id=?"));
  Query query(statement);
  query.bind(key_of(job, 0) >> 32).bind(id);
  const int code = query.step();
  if (code == SQLITE_DONE) return std::optional<TaskRow>();
  if (code != SQLITE_ROW) return reader->error(code, "read a task");
  return std::optional<TaskRow>(row_of(query));
}

Result<std::vector<TaskRow>> SqliteStore::tasks(std::uint64_t job, std::uint64_t after, std::size_t limit,
                                                std::optional<TaskState> state) const {
  const char* sql = "SELECT key,id,state,info,spec FROM tasks WHERE key>? AND key<? ORDER BY key LIMIT ?";
  if (state && *state == TaskState::completed) {
    sql = "SELECT key,id,state,info,spec FROM tasks WHERE key>? AND key<? AND state=3 ORDER BY key LIMIT ?";
  } else if (state) {
    sql =
        "SELECT key,id,state,info,spec FROM tasks INDEXED BY open_tasks WHERE state<3 AND key>? AND key<? AND state=? "
        "ORDER BY key LIMIT ?";
  }
  SCORIA_TRY(reader, this->reader());
  SCORIA_TRY(statement, reader->prepare(sql));
  Query query(statement);
  query.bind(key_of(job, std::min(after, kMostTasks - 1))).bind(key_of(job + 1, 0));
  if (state && *state != TaskState::completed) query.bind(static_cast<std::int64_t>(*state));
  query.bind(static_cast<std::int64_t>(std::min<std::size_t>(limit, 1u << 30)));
  std::vector<TaskRow> rows;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) rows.push_back(row_of(query));
  if (code != SQLITE_DONE) return reader->error(code, "list tasks");
  return rows;
}

Status SqliteStore::each_open_task(const std::function<Status(TaskRow)>& visit) const {
  SCORIA_TRY(reader, this->reader());
  SCORIA_TRY(statement,
             reader->prepare("SELECT key,id,state,info,spec FROM tasks INDEXED BY open_tasks WHERE state<3 AND "
                             "job NOT IN (SELECT job FROM erased_jobs) ORDER BY key"));
  Query query(statement);
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) SCORIA_TRY_STATUS(visit(row_of(query)));
  if (code != SQLITE_DONE) return reader->error(code, "read open tasks");
  return Ok{};
}

Status SqliteStore::each_completed_task(std::uint64_t job, const std::function<Status(const TaskRow&)>& visit) const {
  SCORIA_TRY(reader, this->reader());
  SCORIA_TRY(statement,
             reader->prepare("SELECT key,id,state,info,'' FROM tasks WHERE key>? AND key<? AND state=3 ORDER BY key"));
  Query query(statement);
  query.bind(key_of(job, 0)).bind(key_of(job + 1, 0));
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) SCORIA_TRY_STATUS(visit(row_of(query)));
  if (code != SQLITE_DONE) return reader->error(code, "read completed tasks");
  return Ok{};
}

Result<std::set<std::int64_t>> unfinished_erasures(SqliteConnection& connection) {
  SCORIA_TRY(statement, connection.prepare("SELECT job FROM erased_jobs"));
  Query query(statement);
  std::set<std::int64_t> jobs;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) jobs.insert(query.number(0));
  if (code != SQLITE_DONE) return connection.error(code, "read erased jobs");
  return jobs;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const fs::path& folder, const StoreOptions& options) {
  SCORIA_TRY(ground, options.vfs.empty() ? DatabaseFolder::open(folder) : DatabaseFolder::open(folder, options.vfs));
  const fs::path file = folder / kFile;
  SCORIA_TRY(writer, SqliteConnection::open(file, SqliteConnection::Mode::write, options.vfs));
  ground->hide(file);
  SCORIA_TRY_STATUS(writer->execute("PRAGMA journal_mode=WAL"));
  SCORIA_TRY_STATUS(
      writer->execute(has_bug(SeededBug::skipped_fsync) ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=FULL"));
  SCORIA_TRY_STATUS(writer->execute("PRAGMA cache_size=-16000"));
  // 4 MiB of log: see kReserveBytes.
  SCORIA_TRY_STATUS(writer->execute("PRAGMA wal_autocheckpoint=1000"));
  // Debian's SQLite overwrites what is deleted: that takes log, on a full disk too, and hides nothing that the log does not show.
  SCORIA_TRY_STATUS(writer->execute("PRAGMA secure_delete=OFF"));
  SCORIA_TRY_STATUS(writer->execute("PRAGMA journal_size_limit=67108864"));
  // Before anything is read that somebody might act upon.
  if (!has_bug(SeededBug::log_believed)) SCORIA_TRY_STATUS(writer->rewrite_log());
  SCORIA_TRY_STATUS(ground->make_names_durable());
  SCORIA_TRY_STATUS(migrate(*writer, "data folder '" + folder.string() + "'"));
  SCORIA_TRY(erasing, unfinished_erasures(*writer));
  auto store = std::make_unique<SqliteStore>(folder, options, std::move(ground), std::move(writer), std::move(erasing));
  store->make_reserve();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace scoria::store
