// Memory for one reader: what it holds is counted, and may not pass a limit.
// Threads: as arrow::MemoryPool, any. Ownership: pools are kept for good and used again, because Arrow's own threads may finish a
// read, and so give memory back, after the reader that asked for it is gone.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/status.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace scoria::arrowio {

class LimitedPool final : public arrow::MemoryPool {
 public:
  // A pool that no reader has and that holds nothing; a new one where there is none.
  static LimitedPool* acquire(std::uint64_t limit_bytes);
  // The reader is gone; its memory may follow.
  void release() { is_taken_ = false; }

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  // Errors: OutOfMemory, when it would pass the limit.
  arrow::Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override;
  arrow::Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                           std::uint8_t** pointer) override;
  void Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) override;

  std::int64_t bytes_allocated() const override { return held_; }
  std::int64_t max_memory() const override { return most_; }
  std::int64_t total_bytes_allocated() const override { return total_; }
  std::int64_t num_allocations() const override { return count_; }
  std::string backend_name() const override { return "scoria"; }

 private:
  arrow::Status take(std::int64_t size);

  std::atomic<bool> is_taken_ = true;
  std::atomic<std::int64_t> limit_ = 0;
  std::atomic<std::int64_t> held_ = 0;
  std::atomic<std::int64_t> most_ = 0;
  std::atomic<std::int64_t> total_ = 0;
  std::atomic<std::int64_t> count_ = 0;
};

}  // namespace scoria::arrowio
