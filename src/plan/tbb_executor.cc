#include "plan/tbb_executor.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

namespace scoria::plan {

struct TbbExecutor::Arena {
  explicit Arena(int threads) : arena(threads) {}
  tbb::task_arena arena;
};

TbbExecutor::TbbExecutor(std::size_t threads)
    : arena_(std::make_unique<Arena>(threads == 0 ? tbb::task_arena::automatic : static_cast<int>(threads))) {}
TbbExecutor::~TbbExecutor() = default;

std::size_t TbbExecutor::concurrency() const { return static_cast<std::size_t>(arena_->arena.max_concurrency()); }

void TbbExecutor::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
  // Isolated: while it waits for its own pieces, a thread must not start an unrelated one, such as another partition, whose
  // memory would come on top.
  arena_->arena.execute([&] {
    tbb::this_task_arena::isolate([&] {
      tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count, 1),
                        [&](const tbb::blocked_range<std::size_t>& range) {
                          for (std::size_t i = range.begin(); i != range.end(); ++i) body(i);
                        });
    });
  });
}

}  // namespace scoria::plan
