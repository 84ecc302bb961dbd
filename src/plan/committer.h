// Puts finished files under their names on a thread of its own: the disk's time is not the processors'.
// Threads: add() may be called from several threads; `done` runs on the committer's thread.
// Owns: the files that wait.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "arrowio/stored_bytes.h"
#include "base/result.h"

namespace scoria::plan {

class Committer {
 public:
  Committer();
  // Waits for all files that were added.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Commits `files` in their order, stopping at the first error, then calls done with how it went. Waits while many files
  // wait already, so that a slow disk holds the work up and not the memory.
  void add(std::vector<arrowio::OutputFile> files, std::function<void(Status)> done);
  // Returns when everything that was added is done; rethrows what a `done` threw.
  void finish();

 private:
  struct Batch {
    std::vector<arrowio::OutputFile> files;
    std::function<void(Status)> done;
  };
  void work();
  void join();

  std::mutex waiting_mutex_;
  std::condition_variable changed_;  // with waiting_mutex_
  std::deque<Batch> waiting_;        // guarded by waiting_mutex_
  bool is_finishing_ = false;        // guarded by waiting_mutex_
  std::exception_ptr thrown_;        // by a done; read once the thread has ended
  std::thread thread_;               // last: starts when the rest is there
};

}  // namespace scoria::plan
