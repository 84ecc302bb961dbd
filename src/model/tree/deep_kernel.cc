// run_deep() of deep_layout.h, and the lock-step walk from the root for few rows.
#include "model/tree/deep_walk.h"

namespace scoria::model::tree {
namespace {

constexpr std::size_t kRows = DeepWalk<false, false>::kRows;
static_assert(kGroup % kRows == 0);

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
inline void add_vectors(const KernelJob& job, const double* leaves, const DeepWalk<false, false>::Positions& reached,
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
  using Walk = DeepWalk<kMissing, kCategories>;
  typename Walk::Positions reached;
  typename Walk::Rows rows;
  for (std::uint32_t tree = job.begin; tree < job.end; ++tree) {
    const Walk walk(layout, tree, job.slot_pitch);
    const double* leaves = layout.leaves.data() + layout.roots[tree];
    double* output = job.sums + (tree - job.begin) % job.outputs * job.stride;
    for (std::size_t group = 0; group < job.groups; ++group) {
      if (tree + 1 < job.end) prefetch(layout, tree + 1, group, job.groups);
      const Rank* ranks = job.ranks + group * job.pitch;
      for (std::size_t lane = 0; lane < kGroup; lane += kRows) {
        for (std::size_t row = 0; row < kRows; ++row) rows[row] = ranks + lane + row;
        reached.fill(0);
        walk.run(rows, reached);
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

void run_deep(const DeepLayout& layout, const KernelJob& job, Simd simd) {
  // Of one group most nodes would be reached by no row or few.
  const bool is_in_columns = job.pitch == kGroup;
  if (is_in_columns && job.groups > 1) return run_partition(layout, job, simd);
  if (layout.has_missing_children) {
    return layout.has_categories ? run_as<true, true>(layout, job) : run_as<true, false>(layout, job);
  }
  return layout.has_categories ? run_as<false, true>(layout, job) : run_as<false, false>(layout, job);
}

}  // namespace scoria::model::tree
