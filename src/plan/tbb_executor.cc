#include "plan/tbb_executor.h"

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
  arena_->arena.execute([&] { tbb::parallel_for(std::size_t{0}, count, body); });
}

}  // namespace scoria::plan
