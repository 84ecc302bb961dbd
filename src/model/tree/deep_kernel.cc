// run_deep() of deep_layout.h.
#include <array>
#include <bit>
#include <cstring>

#include "model/tree/deep_layout.h"

namespace scoria::model::tree {
namespace {

static_assert(std::endian::native == std::endian::little, "a node is read as one number");
static_assert(kGroup == 128, "a slot's first lane is found by a shift");

// Rows that walk a tree together: as many as have their positions in registers.
constexpr std::size_t kRows = 8;

template <bool kMissing, bool kCategories>
class Walk {
 public:
  Walk(const DeepLayout& layout, std::uint32_t tree)
      : nodes_(layout.nodes.data() + layout.roots[tree]),
        routes_(kCategories ? layout.routes.data() + layout.routes_begin[tree] : nullptr),
        stride_(layout.stride) {}

  // The child that a row moves to; a leaf is its own.
  std::uint32_t next(std::uint32_t at, const Rank* ranks) const {
    std::uint64_t node;
    std::memcpy(&node, nodes_ + at, sizeof(node));
    const auto threshold = static_cast<Rank>(node);
    const std::size_t slot = node >> 16 & 0x7FFF;
    const auto child = static_cast<std::uint32_t>(node >> 32);
    const Rank rank = ranks[slot * kGroup];
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

  // The leaves that kRows rows reach.
  void run(const Rank* ranks, std::array<std::uint32_t, kRows>& at) const {
    at.fill(0);
    for (;;) {
      std::uint32_t moved = 0;
      for (std::size_t row = 0; row < kRows; ++row) {
        const std::uint32_t to = next(at[row], ranks + row);
        moved |= to ^ at[row];
        at[row] = to;
      }
      if (moved == 0) return;
    }
  }

 private:
  const DeepNode* nodes_;
  const std::uint8_t* routes_;
  std::uint32_t stride_;
};

// Asks for piece `part` of `parts` of a tree's nodes and leaves. A deep tree is read in no order that a processor guesses, so
// without this each of its lines is waited for, once per block of rows.
inline void prefetch(const DeepLayout& layout, std::uint32_t tree, std::size_t part, std::size_t parts) {
  constexpr std::size_t kLine = 64;
  const std::size_t root = layout.roots[tree];
  const std::size_t bytes = (layout.roots[tree + 1] - root) * sizeof(DeepNode);
  static_assert(sizeof(DeepNode) == sizeof(double));
  const auto* nodes = reinterpret_cast<const char*>(layout.nodes.data() + root);
  const auto* leaves = reinterpret_cast<const char*>(layout.leaves.data() + root);
  const std::size_t end = bytes * (part + 1) / parts;
  for (std::size_t at = bytes * part / parts; at < end; at += kLine) {
    __builtin_prefetch(nodes + at);
    __builtin_prefetch(leaves + at);
  }
}

// Adds the vectors that the leaves of kRows rows name.
inline void add_vectors(const KernelJob& job, const double* leaves, const std::array<std::uint32_t, kRows>& reached,
                        std::size_t first) {
  const std::size_t width = job.width;
  for (std::size_t row = 0; row < kRows; ++row) {
    const double* vector = job.vectors + static_cast<std::size_t>(leaves[reached[row]]) * width;
    double* sums = job.sums + (first + row) * width;
    for (std::size_t k = 0; k < width; ++k) sums[k] += vector[k];
  }
}

template <bool kMissing, bool kCategories>
void run_as(const DeepLayout& layout, const KernelJob& job) {
  std::array<std::uint32_t, kRows> reached;
  for (std::uint32_t tree = job.begin; tree < job.end; ++tree) {
    const Walk<kMissing, kCategories> walk(layout, tree);
    const double* leaves = layout.leaves.data() + layout.roots[tree];
    double* output = job.sums + (tree - job.begin) % job.outputs * job.stride;
    for (std::size_t group = 0; group < job.groups; ++group) {
      if (tree + 1 < job.end) prefetch(layout, tree + 1, group, job.groups);
      const Rank* ranks = job.ranks + group * job.pitch;
      for (std::size_t lane = 0; lane < kGroup; lane += kRows) {
        walk.run(ranks + lane, reached);
        const std::size_t first = group * kGroup + lane;
        if (job.vectors != nullptr) {
          add_vectors(job, leaves, reached, first);
          continue;
        }
        for (std::size_t row = 0; row < kRows; ++row) {
          const double leaf = leaves[reached[row]];
          if (job.votes) {
            job.sums[static_cast<std::size_t>(leaf) * job.stride + first + row] += 1.0;
          } else {
            output[first + row] += leaf;
          }
        }
      }
    }
  }
}

}  // namespace

void run_deep(const DeepLayout& layout, const KernelJob& job) {
  if (layout.has_missing_children) {
    return layout.has_categories ? run_as<true, true>(layout, job) : run_as<true, false>(layout, job);
  }
  return layout.has_categories ? run_as<false, true>(layout, job) : run_as<false, false>(layout, job);
}

}  // namespace scoria::model::tree
