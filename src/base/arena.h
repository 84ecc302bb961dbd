// Memory for the many small parts of one document: handed out upwards, freed all at once.
// Threads: one user at a time. Owns: its blocks; what is put into them must not need a destructor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace scoria {

class Arena {
 public:
  // `expected_bytes` is a guess of the total, so that a small document stays small.
  explicit Arena(std::size_t expected_bytes) {
    next_block_ = std::clamp<std::size_t>(expected_bytes / kAlignment * kAlignment, 1024, kLargestBlock);
  }

  // Uninitialised.
  void* allocate(std::size_t size, std::size_t alignment) {
    const std::size_t padding = left_ % alignment;  // blocks end aligned, so what is left tells where we are
    if (size + padding > left_) return allocate_in_new_block(size);
    std::byte* result = free_ + padding;
    free_ += size + padding;
    left_ -= size + padding;
    return result;
  }

  template <typename T>
  T* make() {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    return new (allocate(sizeof(T), alignof(T))) T();
  }

  template <typename T>
  std::span<T> make_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    T* first = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    std::uninitialized_default_construct_n(first, count);
    return {first, count};
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    auto* bytes = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
  }

 private:
  static constexpr std::size_t kAlignment = 8;
  static constexpr std::size_t kLargestBlock = 1 << 20;

  void* allocate_in_new_block(std::size_t size) {
    if (size > next_block_ / 4) {  // on its own, so that the rest of the open block stays in use
      blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
      return blocks_.back().get();
    }
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(next_block_));
    free_ = blocks_.back().get() + size;
    left_ = next_block_ - size;
    next_block_ = std::min(next_block_ * 2, kLargestBlock);
    return blocks_.back().get();  // `operator new` aligns it for every fundamental type
  }

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* free_ = nullptr;
  std::size_t left_ = 0;
  std::size_t next_block_;
};

}  // namespace scoria
