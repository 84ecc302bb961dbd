// Runs parallel work on oneTBB's threads, which nest: partitions, models and rows may each ask for parallelism.
// Threads: may be shared. Owns: nothing but the arena that bounds the number of threads.
#pragma once

#include <memory>

#include "base/executor.h"

namespace scoria::plan {

class TbbExecutor final : public Executor {
 public:
  // `threads` 0: as many as this machine (or its cgroup) has cores.
  explicit TbbExecutor(std::size_t threads);
  ~TbbExecutor() override;

  std::size_t concurrency() const override;
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override;

 private:
  struct Arena;
  std::unique_ptr<Arena> arena_;
};

}  // namespace scoria::plan
