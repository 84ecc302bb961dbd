// Small trees as bit masks: every split that a row passes strikes out leaves, and the first leaf left is the row's.
//
// Leaves are numbered left to right (a split's left subtree, its right one, its missing one). A row that is not left of a
// split's cut strikes out the left subtree's leaves; one whose value is missing the right subtree's as well. All splits of a
// tree are tested without a branch on 64 rows at once, the masks staying in registers.
// Source: Lucchese et al., QuickScorer (SIGIR 2015) and Lettich et al., V-QuickScorer (2019), turned tree by tree.
//
// Threads: immutable after build().
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/tree/ensemble.h"
#include "model/tree/kernel_job.h"
#include "model/tree/rank_space.h"

namespace scoria::model::tree {

// One test of one tree: strike `mask`'s zero bits where the row's rank exceeds the threshold.
template <int kWords>
struct MaskTest {
  std::uint32_t threshold;  // a stored Rank, twice
  std::uint32_t offset;     // of the rank's 64 lanes within the group
  std::uint32_t mask[kWords];
};

// A categorical split's child of each row, looked up before the tests of its tree.
struct MaskLookup {
  std::uint32_t ranks_offset;  // of the feature's 64 lanes
  std::uint32_t child_offset;  // of the 64 lanes that receive the child
  const std::uint8_t* routes;  // borrowed from the ensemble
};

template <int kWords>
struct MaskLayout {
  static constexpr std::size_t kLeaves = 32 * kWords;

  // Leaves are given the highest bits first where the kernel counts leading zeros (AVX-512), else the lowest.
  bool highest_first = false;
  std::vector<MaskTest<kWords>> tests;
  std::vector<std::uint32_t> tests_begin;  // by tree, one more than trees
  std::vector<MaskLookup> lookups;
  std::vector<std::uint32_t> lookups_begin;
  std::vector<double> leaves;     // kLeaves by tree
  std::size_t scratch_slots = 0;  // child lanes that the largest tree needs, behind the group's ranks

  // With `missing` the splits on numbers test for missing values too, and their missing subtrees' leaves count.
  // nullopt where a tree has too many leaves.
  static std::optional<MaskLayout> build(const Ensemble& ensemble, const RankSpace& space, bool missing,
                                         bool highest_first);
};

template <int kWords>
void run_masks(const MaskLayout<kWords>& layout, const KernelJob& job, Simd simd);  // mask_kernel.cc

}  // namespace scoria::model::tree
