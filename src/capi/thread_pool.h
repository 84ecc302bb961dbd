// Runs parallel work on threads of its own, started when there is first something to share; made for hosts that fork.
// Threads: parallel_for may be called from several threads at once, and from within a body. The calling thread works too, so a
//   call ends even where no thread could be started.
// Fork: a child finds its parent's threads gone. It notices by its process id, leaves what they shared untouched (a lock in it may be held
//   for ever) and starts its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "base/executor.h"

namespace scoria::capi {

class ThreadPool final : public Executor {
 public:
  // At most `threads` work on one call, the calling one among them.
  explicit ThreadPool(std::size_t threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  // Precondition: no parallel_for() is running. Waits for its threads to end.
  ~ThreadPool() override;

  std::size_t concurrency() const override { return threads_; }
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override;

 private:
  class Crew;
  Crew& crew();

  std::size_t threads_;
  std::atomic<Crew*> crew_{nullptr};  // owned by the process that started it
};

}  // namespace scoria::capi
