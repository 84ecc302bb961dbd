// A set of ids by their hashes: says that an id was never added, or that it may have been, and the store knows.
// Eight to sixteen bytes each, so that a job's million finished tasks stay cheap. Threads: plain values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace scoria::batch {

class KnownIds {
 public:
  // Lower-case ids.
  void add(std::string_view id) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    size_ += insert(hash(id)) ? 1 : 0;
  }
  bool may_hold(std::string_view id) const {
    if (slots_.empty()) return false;
    const std::uint64_t wanted = hash(id);
    for (std::size_t at = wanted & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == wanted) return true;
      if (slots_[at] == 0) return false;
    }
  }

 private:
  static std::uint64_t hash(std::string_view id) {
    std::uint64_t value = 14695981039346656037ull;  // FNV-1a, then mixed (MurmurHash3's finalizer)
    for (const char c : id) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdull;
    value ^= value >> 33;
    return value == 0 ? 1 : value;  // 0 is an empty slot
  }
  bool insert(std::uint64_t value) {
    std::size_t at = value & (slots_.size() - 1);
    while (slots_[at] != 0 && slots_[at] != value) at = (at + 1) & (slots_.size() - 1);
    const bool is_new = slots_[at] == 0;
    slots_[at] = value;
    return is_new;
  }
  void grow() {
    std::vector<std::uint64_t> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    for (const std::uint64_t value : old) {
      if (value != 0) insert(value);
    }
  }

  std::vector<std::uint64_t> slots_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace scoria::batch
