// Eight rows that walk down a deep tree in lock step: their loads hide each other's latency, nothing branches. A leaf is its own
// child, so rows that have landed wait for the others; the walk ends when no row moves.
// Source: the exploration of "lock-step" layouts in RAPIDS FIL and in Asadi et al., Runtime Optimizations for Tree-Based
// Machine Learning Models (TKDE 2014).
// For the kernels of deep_layout.h alone.
// Threads: immutable. Borrows: the layout.
#pragma once

#include <array>
#include <bit>
#include <cstring>

#include "model/tree/deep_layout.h"

namespace scoria::model::tree {

static_assert(std::endian::native == std::endian::little, "a node is read as one number");

// kMissing: some row may lead to a missing child.
template <bool kMissing, bool kCategories>
class DeepWalk {
 public:
  // As many rows as have their positions in registers.
  static constexpr std::size_t kRows = 8;
  using Positions = std::array<std::uint32_t, kRows>;  // of nodes, within the tree
  using Rows = std::array<const Rank*, kRows>;         // each row's rank in the first slot

  // The ranks of a row's slots lie `slot_pitch` apart.
  DeepWalk(const DeepLayout& layout, std::uint32_t tree, std::size_t slot_pitch)
      : nodes_(layout.nodes.data() + layout.roots[tree]),
        routes_(kCategories ? layout.routes.data() + layout.routes_begin[tree] : nullptr),
        stride_(layout.stride),
        slot_pitch_(slot_pitch) {}

  // Moves every row to the leaf that it reaches.
  void run(const Rows& rows, Positions& at) const {
    for (;;) {
      std::uint32_t moved = 0;
      for (std::size_t row = 0; row < kRows; ++row) {
        const std::uint32_t to = next(at[row], rows[row]);
        moved |= to ^ at[row];
        at[row] = to;
      }
      if (moved == 0) return;
    }
  }

 private:
  std::uint32_t next(std::uint32_t at, const Rank* ranks) const {
    std::uint64_t node;
    std::memcpy(&node, nodes_ + at, sizeof(node));
    const auto threshold = static_cast<Rank>(node);
    const std::size_t slot = node >> 16 & 0x7FFF;
    const auto child = static_cast<std::uint32_t>(node >> 32);
    const Rank rank = ranks[slot * slot_pitch_];
    std::uint32_t step = rank > threshold ? 1 : 0;
    if constexpr (kMissing) step += rank > stored_rank(kMissingRank - 1) ? 1 : 0;
    if constexpr (kCategories) {
      const bool is_categorical = (node & 0x8000'0000u) != 0;
      const std::size_t entry = is_categorical ? std::size_t{plain_rank(threshold)} * stride_ + plain_rank(rank) : 0;
      const std::uint32_t route = routes_[entry];
      step = is_categorical ? route : step;
    }
    return child + step;
  }

  const DeepNode* nodes_;
  const std::uint8_t* routes_;
  std::uint32_t stride_;
  std::size_t slot_pitch_;
};

}  // namespace scoria::model::tree
