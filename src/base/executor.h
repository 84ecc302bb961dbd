// Where parallel work runs is the caller's choice: the scoring library links no thread library.
// Threads: parallel_for may be called from several threads at once.
#pragma once

#include <cstddef>
#include <functional>

namespace scoria {

class Executor {
 public:
  virtual ~Executor() = default;

  // How many pieces can make progress at once; 1 means that splitting work gains nothing.
  virtual std::size_t concurrency() const = 0;

  // Calls body(i) for each i in [0, count), in any order, and returns when all have returned.
  // An exception of a body is rethrown here after the others stopped.
  virtual void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) = 0;
};

// Runs everything in the calling thread.
class InlineExecutor final : public Executor {
 public:
  std::size_t concurrency() const override { return 1; }
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override {
    for (std::size_t i = 0; i < count; ++i) body(i);
  }
};

}  // namespace scoria
