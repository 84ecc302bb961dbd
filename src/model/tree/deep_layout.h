// Deep trees in eight-byte nodes, walked by eight rows in lock step: their loads hide each other's latency, nothing branches.
//
// A leaf is its own child, so rows that have landed wait for the others; a tree ends when no row moves.
// Source: the exploration of "lock-step" layouts in RAPIDS FIL and in Asadi et al., Runtime Optimizations for Tree-Based
// Machine Learning Models (TKDE 2014).
//
// Threads: immutable after build().
#pragma once

#include <cstdint>
#include <vector>

#include "model/tree/ensemble.h"
#include "model/tree/kernel_job.h"
#include "model/tree/rank_space.h"

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
  std::vector<DeepNode> nodes;  // as in Ensemble::layout()
  std::vector<double> leaves;   // by node
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

void run_deep(const DeepLayout& layout, const KernelJob& job, Simd simd);       // deep_kernel.cc
void run_partition(const DeepLayout& layout, const KernelJob& job, Simd simd);  // partition_kernel.cc

}  // namespace scoria::model::tree
