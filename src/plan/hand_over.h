// Reading ahead and writing behind: tables pass between two threads through a queue of a few, so that reading, computing and writing go
// on at once, in order, in bounded memory.
// Threads: each object belongs to one caller and runs its function on one thread of its own. Owns: that thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"
#include "table/table.h"

namespace scoria::plan {

// Calls `read` until it gives nothing or an error, at most `depth` tables ahead of what was asked for.
class ReadAhead {
 public:
  using Read = std::function<Result<std::optional<table::Table>>()>;

  ReadAhead(Read read, std::size_t depth);
  // Waits for a `read` that is going on; reads nothing more.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // What `read` gave, in its order; after nothing or an error, nothing. Rethrows what `read` threw.
  Result<std::optional<table::Table>> next();

 private:
  void work();

  const Read read_;
  const std::size_t depth_;
  std::mutex ready_mutex_;
  std::condition_variable changed_;                        // with ready_mutex_
  std::deque<Result<std::optional<table::Table>>> ready_;  // guarded by ready_mutex_
  bool is_over_ = false;                                   // nothing more comes; guarded by ready_mutex_
  bool is_unwanted_ = false;                               // guarded by ready_mutex_
  std::exception_ptr thrown_;                              // guarded by ready_mutex_
  std::thread thread_;                                     // last: starts when the rest is there
};

// Calls `write` for each table in the order of add().
class WriteBehind {
 public:
  using Write = std::function<Status(const table::Table&)>;

  WriteBehind(Write write, std::size_t depth);
  // Writes nothing more, unless finish() was called.
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  // Waits while `depth` tables wait. Errors: of an earlier table's `write`.
  Status add(table::Table table);
  // Returns when all is written. Rethrows what `write` threw.
  Status finish();

 private:
  void work();
  void join();

  const Write write_;
  const std::size_t depth_;
  std::mutex waiting_mutex_;
  std::condition_variable changed_;   // with waiting_mutex_
  std::deque<table::Table> waiting_;  // guarded by waiting_mutex_
  bool is_finishing_ = false;         // guarded by waiting_mutex_
  Status status_ = Ok{};              // guarded by waiting_mutex_
  std::exception_ptr thrown_;         // guarded by waiting_mutex_
  std::thread thread_;                // last: starts when the rest is there
};

}  // namespace scoria::plan
