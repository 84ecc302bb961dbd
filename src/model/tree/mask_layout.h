// Small trees as bit masks: every split that a row passes strikes out leaves, and the first leaf left is the row's.
//
// Leaves are numbered left to right (a split's left subtree, its right one, its missing one). A row that is not left of a
// split's cut strikes out the left subtree's leaves; one whose value is missing the right subtree's as well. All splits of a
// tree are tested without a branch on 128 rows at once. Ranks and masks are both 16 bits wide, so that a comparison's
// answer is the operand of the next instruction: a tree of up to 64 leaves has one to four mask words, and most splits
// strike leaves of only one of them.
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
#include "model/tree/simd.h"

namespace scoria::model::tree {

// One test of one mask word: the leaves in `strike` go where the row's rank exceeds the threshold.
struct MaskTest {
  std::uint32_t threshold;  // a stored Rank, twice
  std::uint32_t strike;     // 16 bits, twice
  std::uint32_t offset;     // of the rank's lanes within the group
};

// A categorical split's child of each row, looked up before the tests of its tree.
struct MaskLookup {
  std::uint32_t ranks_offset;  // of the feature's lanes
  std::uint32_t child_offset;  // of the lanes that receive the child
  const std::uint8_t* routes;  // borrowed from the ensemble
};

// kWords mask words of 16 leaves each: 1, 2 or 4.
template <int kWords>
struct MaskLayout {
  static constexpr std::size_t kLeaves = 16 * kWords;

  std::vector<MaskTest> tests;
  std::vector<std::uint32_t> tests_begin;  // by tree and word, one more than there are
  std::vector<MaskLookup> lookups;
  std::vector<std::uint32_t> lookups_begin;  // by tree, one more than there are
  // kLeaves a tree. For AVX-512 their 32-bit halves apart, all low ones first, as its table look-ups want them.
  std::vector<double> leaves;
  std::size_t scratch_slots = 0;  // child lanes that the largest tree needs, behind the group's ranks

  // With `missing` the splits on numbers test for missing values too, and their missing subtrees' leaves count.
  // nullopt where a tree has too many leaves.
  static std::optional<MaskLayout> build(const Ensemble& ensemble, const RankSpace& space, bool missing, Simd simd);
};

template <int kWords>
void run_masks(const MaskLayout<kWords>& layout, const KernelJob& job, Simd simd);  // mask_kernel.cc

}  // namespace scoria::model::tree
