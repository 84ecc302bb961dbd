// Durable state: documents and tasks in one SQLite database, changed by transactions that are on disk when commit() returns.
//
// Documents are small things of a kind (pools, nodes, jobs, schedules, ...), each a JSON text under (kind, parent, id). Tasks are many, and
// have a table of their own: `spec` is what was submitted, `info` what became of it; both JSON objects that readers lay over each other.
// Ids compare without case (ASCII). The file carries a version; an older one is migrated at open, a newer one refused.
// Source: SQLite, WAL mode, synchronous=FULL.
// Threads: commit() from one thread at a time; everything else from several at once, each read seeing the last commit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace scoria::store {

enum class Kind : std::uint8_t {
  account = 1,  // keys, counters, settings
  pool = 2,
  node = 3,  // parent: pool
  job = 4,   // parent: its schedule, or empty
  schedule = 5,
  preparation = 6,  // parent: the number of the job, id: pool/node: a job's preparation and release on a node
  usage = 7,        // ledger entries; parent: pool or job
  notice = 8,       // webhooks to be delivered
  secret = 9,       // sealed
  token = 10,       // hashes of node and task tokens
  upload = 11,      // outputs of an attempt that wait to be published
};

struct Document {
  Kind kind;
  std::string parent;
  std::string id;
  std::string text;
};

enum class TaskState : std::uint8_t { active = 0, preparing = 1, running = 2, completed = 3 };

struct TaskRow {
  std::uint64_t job = 0;     // the job's own number: ids may be used again after a job was deleted
  std::uint64_t number = 0;  // in the order of submission, from 1
  std::string id;
  TaskState state = TaskState::active;
  std::string spec;
  std::string info;
};

// Collects changes; later ones of the same thing win. Reused from commit to commit.
// Threads: plain values; one that is being committed may be read meanwhile.
class Changes {
 public:
  void put(Document document);
  void erase(Kind kind, std::string parent, std::string id);
  void add_task(TaskRow row);
  void update_task(std::uint64_t job, std::uint64_t number, TaskState state, std::string info);
  void update_task_spec(std::uint64_t job, std::uint64_t number, std::string spec);
  void erase_task(std::uint64_t job, std::uint64_t number);
  void erase_tasks(std::uint64_t job);  // all of them, those added before in the same changes included
  bool empty() const;
  void clear();

  // What has not reached the store yet, for who reads it meanwhile.
  // The last change of a document: its text, or none where it is erased. Null: nothing changes it.
  const std::optional<std::string>* find(Kind kind, std::string_view parent, std::string_view id) const;
  // Lays the task's changes over what the store holds of it.
  void overlay(std::uint64_t job, std::uint64_t number, std::optional<TaskRow>& row) const;

  // What stores write: erased_jobs first, then the rest in any order.
  struct DocumentChange {
    Kind kind;
    std::string parent, id;
    std::optional<std::string> text;  // none: erased
  };
  struct TaskChange {
    std::uint64_t job = 0, number = 0;
    bool is_added = false, is_erased = false;
    std::optional<TaskState> state;  // with `info`
    std::string id, info;
    std::optional<std::string> spec;
  };
  const std::vector<DocumentChange>& documents() const { return documents_; }
  const std::vector<TaskChange>& tasks() const { return tasks_; }
  const std::vector<std::uint64_t>& erased_jobs() const { return erased_jobs_; }

 private:
  struct TaskKey {
    std::uint64_t job, number;
    bool operator==(const TaskKey&) const = default;
  };
  struct TaskKeyHash {
    std::size_t operator()(const TaskKey& key) const { return (key.job * 0x9E3779B97F4A7C15ull) ^ key.number; }
  };
  DocumentChange& document(Kind kind, std::string parent, std::string id);
  TaskChange& task(std::uint64_t job, std::uint64_t number);

  std::vector<DocumentChange> documents_;
  std::unordered_map<std::string, std::size_t> document_index_;  // by kind, lower-case parent and id
  std::vector<TaskChange> tasks_;
  std::unordered_map<TaskKey, std::size_t, TaskKeyHash> task_index_;
  std::vector<std::uint64_t> erased_jobs_;
};

struct StoreOptions {
  // The SQLite VFS that has the database and its reserve, for a simulated disk. Empty: the system's files; only then is the folder made,
  // locked against other processes and kept to its owner.
  std::string vfs;
};

class Store {
 public:
  virtual ~Store() = default;

  // The database in `folder`, made when missing. Errors: conflict (another process has it open: says which), unsupported (written by a newer
  // version), corrupt, denied, unavailable.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder, const StoreOptions& options = {});

  // All of it, durably, or nothing. Errors: exhausted (disk full: nothing happened); unavailable (I/O): what is on disk is then unknown, and the
  // caller must end the process, as a failed fsync cannot be repeated.
  virtual Status commit(const Changes& changes) = 0;

  virtual Result<std::optional<Document>> get(Kind kind, std::string_view parent, std::string_view id) const = 0;
  // In the order of their ids (lower-case), behind `after` (empty: from the start), at most `limit`. Without `parent`: of all parents,
  // ordered by parent, then id; `after` is then "parent\nid".
  virtual Result<std::vector<Document>> list(Kind kind, std::optional<std::string_view> parent, std::string_view after,
                                             std::size_t limit) const = 0;

  virtual Result<std::optional<TaskRow>> task(std::uint64_t job, std::string_view id) const = 0;
  // By number, behind `after`, at most `limit`; of `state` only where one is given.
  virtual Result<std::vector<TaskRow>> tasks(std::uint64_t job, std::uint64_t after, std::size_t limit,
                                             std::optional<TaskState> state) const = 0;
  // Every task that is not completed, of every job, by (job, number); for the start.
  virtual Status each_open_task(const std::function<Status(TaskRow)>& visit) const = 0;
  // Ids of a job's completed tasks with their info, by number; for dependencies after the start.
  virtual Status each_completed_task(std::uint64_t job, const std::function<Status(const TaskRow&)>& visit) const = 0;
  virtual std::filesystem::path folder() const = 0;

  // A few MiB are kept for when the disk is full: the first commit that finds it so uses them up, for what runs to be able to end.
  // False from then on, until make_reserve() could set the same aside again: who asks takes no new work.
  virtual bool has_reserve() const { return true; }
  virtual void make_reserve() {}
};

}  // namespace scoria::store
