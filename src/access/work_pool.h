// A few threads for what takes long on purpose (passwords) or writes to a disk, with a bounded queue, at a lower priority than those that serve.
// Threads: add() from any. It ends as by stop().
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace scoria::access {

class WorkPool {
 public:
  WorkPool(int threads, std::size_t most_waiting);
  ~WorkPool();
  // False: too many wait already, or it was stopped; the job was not taken.
  bool add(std::function<void()> job);
  // Jobs that run are waited for; those that have not begun are destroyed. From one thread, and not from a job.
  void stop();

 private:
  void work(const std::stop_token& stop);

  std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable_any came_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  bool is_stopped_ = false;                 // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace scoria::access
