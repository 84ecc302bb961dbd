// Deep trees in eight-byte nodes, and the two ways down them.
//
// Many rows are partitioned: a node's rows are dealt out to its children as quicksort deals numbers out, so that a row waits for no
// other and nothing branches on what it holds; once few rows are left they walk on in lock step. A few rows walk in lock step from
// the root: there a leaf is its own child (deep_walk.h).
//
// Threads: immutable after build().
#pragma once

#include <cstdint>
#include <vector>

#include "model/tree/ensemble.h"
#include "model/tree/kernel_job.h"
#include "model/tree/rank_space.h"
#include "model/tree/simd.h"

namespace scoria::model::tree {

struct DeepNode {
  static constexpr std::uint32_t kCategorical =
      0x8000;  // flag on slot; threshold is then the split's number in its tree

  Rank threshold;             // stored form
  std::uint16_t slot;         // of the feature; the zero slot for a leaf
  std::uint32_t first_child;  // within the tree: left, right, missing; itself for a leaf
};
static_assert(sizeof(DeepNode) == 8);

struct DeepLayout {
  // A tree's root, then depth first: a node's children side by side, what lies below the left one, then below the right one.
  std::vector<DeepNode> nodes;
  std::vector<double> leaves;  // by node
  std::vector<std::uint32_t> roots;
  bool has_missing_children = false;
  // Categorical splits: the child of a level, `stride` bytes a split, from routes_begin of its tree.
  bool has_categories = false;
  std::uint32_t stride = 0;
  std::vector<std::uint32_t> routes_begin;
  std::vector<std::uint8_t> routes;

  // Whether every number fits the small node.
  static bool fits(const Ensemble& ensemble, const RankSpace& space);
  // Precondition: fits().
  static DeepLayout build(const Ensemble& ensemble, const RankSpace& space);
};

// By the way that suits the job: both give the same bits.
void run_deep(const DeepLayout& layout, const KernelJob& job, Simd simd);  // deep_kernel.cc

// As many rows as 16 bits number.
inline constexpr std::size_t kMostPartitionRows = 65'536;
// Precondition: the ranks are columns (kernel_job.h) of at most so many rows.
void run_partition(const DeepLayout& layout, const KernelJob& job, Simd simd);  // partition_kernel.cc

}  // namespace scoria::model::tree
