#include "arrowio/module/limited_pool.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <vector>

namespace scoria::arrowio {

LimitedPool* LimitedPool::acquire(std::uint64_t limit_bytes) {
  static std::mutex all_mutex;
  static auto* const all = new std::vector<LimitedPool*>();  // guarded by all_mutex; outlives Arrow's threads
  const auto limit =
      static_cast<std::int64_t>(std::min<std::uint64_t>(limit_bytes, std::numeric_limits<std::int64_t>::max() / 2));
  const std::lock_guard lock(all_mutex);
  for (LimitedPool* pool : *all) {
    if (pool->is_taken_ || pool->held_ != 0) continue;
    pool->is_taken_ = true;
    pool->limit_ = limit;
    return pool;
  }
  all->push_back(new LimitedPool());
  all->back()->limit_ = limit;
  return all->back();
}

arrow::Status LimitedPool::take(std::int64_t size) {
  const std::int64_t now = held_.fetch_add(size) + size;
  if (now > limit_) {
    held_ -= size;
    return arrow::Status::OutOfMemory("reading it needs more than the ", limit_.load(),
                                      " bytes that are allowed (--memory-limit)");
  }
  std::int64_t most = most_;
  while (now > most && !most_.compare_exchange_weak(most, now)) {
  }
  total_ += size;
  ++count_;
  return arrow::Status::OK();
}

arrow::Status LimitedPool::Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) {
  ARROW_RETURN_NOT_OK(take(size));
  arrow::Status status = arrow::system_memory_pool()->Allocate(size, alignment, out);
  if (!status.ok()) held_ -= size;
  return status;
}

arrow::Status LimitedPool::Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                                      std::uint8_t** pointer) {
  ARROW_RETURN_NOT_OK(take(new_size));
  arrow::Status status = arrow::system_memory_pool()->Reallocate(old_size, new_size, alignment, pointer);
  held_ -= status.ok() ? old_size : new_size;
  return status;
}

void LimitedPool::Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) {
  arrow::system_memory_pool()->Free(buffer, size, alignment);
  held_ -= size;
}

}  // namespace scoria::arrowio
