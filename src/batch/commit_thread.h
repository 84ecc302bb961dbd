// The thread that makes groups of changes durable, one at a time, and then lets the world hear of them.
// Threads: hand_over(), is_full() from the owner; its callbacks run on its own thread. Borrows: the store.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "batch/machine.h"
#include "store/store.h"

namespace scoria::batch {

class CommitThread {
 public:
  // After a group's commit, before its answers: what follows from it. And when the next group may come.
  struct Callbacks {
    std::function<void(Effects effects)> act;
    std::function<void()> idle;
  };
  struct Counts {
    std::uint64_t commits = 0;
    double seconds = 0;
  };

  CommitThread(store::Store& store, Callbacks callbacks);
  // What was handed over is written first, for as long as the disk is not full.
  ~CommitThread();

  bool is_idle() const;
  // Precondition: is_idle(). `group` is swapped for an empty one of before; its changes stay readable in written() until idle again.
  void hand_over(Group& group);
  const store::Changes& written() const { return group_.changes; }
  // No new work: the disk is full, or was and has not room again.
  bool is_full() const;
  // Full to the last byte: what was handed over is tried again and again, and nobody knows until when.
  bool is_stuck() const;
  Counts counts() const;

 private:
  void run(const std::stop_token& stop);
  void write(const std::stop_token& stop);

  store::Store& store_;
  Callbacks callbacks_;
  Group group_;  // the thread's while has_group_, else the owner's
  mutable std::mutex state_mutex_;
  std::condition_variable_any changed_;
  bool has_group_ = false;  // guarded by state_mutex_
  bool is_stuck_ = false;   // guarded by state_mutex_
  Counts counts_;           // guarded by state_mutex_
  std::jthread thread_;     // last: it uses all of the above
};

}  // namespace scoria::batch
