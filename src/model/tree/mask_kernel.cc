// run_masks() of mask_layout.h: a Highway body for AVX2, and one in AVX-512 instructions, whose mask registers and table
// permutes Highway 1.0 has no names for (measured: bench/tree_kernels prints both).
#include <bit>

#include "model/tree/mask_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/tree/mask_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scoria::model::tree::HWY_NAMESPACE {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

// Children of the tree's categorical splits, one row at a time.
template <int kWords>
HWY_INLINE void look_up_children(const MaskLayout<kWords>& layout, std::uint32_t tree, Rank* ranks) {
  for (std::uint32_t i = layout.lookups_begin[tree]; i < layout.lookups_begin[tree + 1]; ++i) {
    const MaskLookup& lookup = layout.lookups[i];
    const Rank* levels = ranks + lookup.ranks_offset;
    Rank* children = ranks + lookup.child_offset;
    for (std::size_t lane = 0; lane < kGroup; ++lane) {
      children[lane] = stored_rank(lookup.routes[plain_rank(levels[lane])]);
    }
  }
}

HWY_INLINE void add_leaves(const double* values, const KernelJob& job, std::uint32_t tree, double* group_sums) {
  if (job.votes) {
    for (std::size_t lane = 0; lane < kGroup; ++lane) {
      group_sums[static_cast<std::size_t>(values[lane]) * job.stride + lane] += 1.0;
    }
    return;
  }
  double* sums = group_sums + (tree - job.begin) % job.outputs * job.stride;
  for (std::size_t lane = 0; lane < kGroup; ++lane) sums[lane] += values[lane];
}

#endif

#if HWY_TARGET == HWY_AVX2

namespace hn = hwy::HWY_NAMESPACE;

// Rows are taken 32 / kWords at a time, so that the masks of all of them fit the sixteen registers.
template <int kWords>
void run_group(const MaskLayout<kWords>& layout, const KernelJob& job, Rank* ranks, double* group_sums) {
  const hn::FixedTag<std::int16_t, 16> d16;
  const hn::FixedTag<std::uint32_t, 8> d32;
  constexpr std::size_t kStep = 64 / kWords;
  constexpr std::size_t kVectors = kStep / 8;
  HWY_ALIGN double values[kGroup];
  HWY_ALIGN std::uint32_t words[kWords][kStep];
  for (std::uint32_t tree = job.begin; tree < job.end; ++tree) {
    look_up_children(layout, tree, ranks);
    const double* leaves = layout.leaves.data() + tree * MaskLayout<kWords>::kLeaves;
    const MaskTest<kWords>* const tests_end = layout.tests.data() + layout.tests_begin[tree + 1];
    for (std::size_t row = 0; row < kGroup; row += kStep) {
      hn::VFromD<decltype(d32)> left[kWords][kVectors];
      for (auto& word : left) {
        for (auto& vector : word) vector = hn::Set(d32, 0xFFFF'FFFFu);
      }
      for (const MaskTest<kWords>* test = layout.tests.data() + layout.tests_begin[tree]; test != tests_end; ++test) {
        const auto threshold = hn::BitCast(d16, hn::Set(d32, test->threshold));
        const Rank* lanes = ranks + test->offset + row;
        for (std::size_t v = 0; v < kVectors; v += 2) {
          const auto passed = hn::VecFromMask(d16, hn::Gt(hn::LoadU(d16, lanes + v * 8), threshold));
          // Each 16-bit answer twice makes a 32-bit one; rows come out in the order undone below.
          const auto lower = hn::BitCast(d32, hn::InterleaveLower(d16, passed, passed));
          const auto upper = hn::BitCast(d32, hn::InterleaveUpper(d16, passed, passed));
          for (int word = 0; word < kWords; ++word) {
            const auto mask = hn::Set(d32, test->mask[word]);
            left[word][v] = hn::AndNot(hn::AndNot(mask, lower), left[word][v]);
            left[word][v + 1] = hn::AndNot(hn::AndNot(mask, upper), left[word][v + 1]);
          }
        }
      }
      for (int word = 0; word < kWords; ++word) {
        for (std::size_t v = 0; v < kVectors; ++v) hn::Store(left[word][v], d32, words[word] + v * 8);
      }
      for (std::size_t i = 0; i < kStep; ++i) {
        // Within 16 rows, the lower vector holds rows 0-3 and 8-11, the upper one 4-7 and 12-15.
        const std::size_t at = i / 16 * 16 + (i & 4) * 2 + (i & 8) / 2 + (i & 3);
        const auto leaf = kWords == 1 || words[0][at] != 0 ? std::countr_zero(words[0][at])
                                                           : 32 + std::countr_zero(words[kWords - 1][at]);
        values[row + i] = leaves[leaf];
      }
    }
    add_leaves(values, job, tree, group_sums);
  }
}

#elif HWY_TARGET == HWY_AVX3

// Counting leading zeros is AVX-512CD, which Highway's target leaves out and every processor with the rest of it has.
#define SCORIA_AVX512CD __attribute__((target("avx512cd")))

// The 64 rows' leaf numbers of one tree, 16 to a vector.
struct LeafNumbers {
  __m512i rows[4];
};

template <int kWords>
SCORIA_AVX512CD HWY_INLINE LeafNumbers find_leaves(const MaskLayout<kWords>& layout, const Rank* ranks, std::uint32_t tree) {
  __m512i left[kWords][4];
  for (auto& word : left) {
    for (auto& vector : word) vector = _mm512_set1_epi32(-1);
  }
  const MaskTest<kWords>* const tests_end = layout.tests.data() + layout.tests_begin[tree + 1];
  for (const MaskTest<kWords>* test = layout.tests.data() + layout.tests_begin[tree]; test != tests_end; ++test) {
    const __m512i threshold = _mm512_set1_epi32(static_cast<int>(test->threshold));
    const Rank* lanes = ranks + test->offset;
    const __mmask32 low = _mm512_cmpgt_epi16_mask(_mm512_loadu_si512(lanes), threshold);
    const __mmask32 high = _mm512_cmpgt_epi16_mask(_mm512_loadu_si512(lanes + 32), threshold);
    const __mmask16 passed[4] = {static_cast<__mmask16>(low), static_cast<__mmask16>(low >> 16),
                                 static_cast<__mmask16>(high), static_cast<__mmask16>(high >> 16)};
    for (int word = 0; word < kWords; ++word) {
      const __m512i mask = _mm512_set1_epi32(static_cast<int>(test->mask[word]));
      for (int v = 0; v < 4; ++v) left[word][v] = _mm512_mask_and_epi32(left[word][v], passed[v], left[word][v], mask);
    }
  }
  LeafNumbers numbers;
  for (int v = 0; v < 4; ++v) {
    __m512i leaf = _mm512_lzcnt_epi32(left[0][v]);
    if constexpr (kWords == 2) {
      const __mmask16 beyond = _mm512_cmpeq_epi32_mask(leaf, _mm512_set1_epi32(32));
      leaf = _mm512_mask_add_epi32(leaf, beyond, leaf, _mm512_lzcnt_epi32(left[1][v]));
    }
    numbers.rows[v] = leaf;
  }
  return numbers;
}

// Eight leaf values from a table of 32 in registers: two permutes and a choice by the fifth bit.
struct LeafTable {
  __m512d parts[4];

  explicit HWY_INLINE LeafTable(const double* leaves) {
    for (int i = 0; i < 4; ++i) parts[i] = _mm512_loadu_pd(leaves + 8 * i);
  }
  HWY_INLINE __m512d at(__m256i leaf) const {
    const __m512i index = _mm512_cvtepi32_epi64(leaf);
    const __mmask8 upper = _mm512_test_epi64_mask(index, _mm512_set1_epi64(16));
    const __m512d low = _mm512_permutex2var_pd(parts[0], index, parts[1]);
    return _mm512_mask_blend_pd(upper, low, _mm512_permutex2var_pd(parts[2], index, parts[3]));
  }
};

template <int kWords>
SCORIA_AVX512CD HWY_INLINE void leaf_values(const MaskLayout<kWords>& layout, const LeafNumbers& numbers, std::uint32_t tree,
                            __m512d* values) {
  const double* leaves = layout.leaves.data() + tree * MaskLayout<kWords>::kLeaves;
  if constexpr (kWords == 1) {
    const LeafTable table(leaves);
    for (int v = 0; v < 4; ++v) {
      values[2 * v] = table.at(_mm512_castsi512_si256(numbers.rows[v]));
      values[2 * v + 1] = table.at(_mm512_extracti64x4_epi64(numbers.rows[v], 1));
    }
  } else {
    for (int v = 0; v < 4; ++v) {
      values[2 * v] = _mm512_i32gather_pd(_mm512_castsi512_si256(numbers.rows[v]), leaves, 8);
      values[2 * v + 1] = _mm512_i32gather_pd(_mm512_extracti64x4_epi64(numbers.rows[v], 1), leaves, 8);
    }
  }
}

template <int kWords>
SCORIA_AVX512CD void run_group(const MaskLayout<kWords>& layout, const KernelJob& job, Rank* ranks, double* group_sums) {
  __m512d values[8];
  if (job.outputs == 1 && !job.votes) {  // the usual case: the 64 sums stay in registers
    __m512d sums[8];
    for (int i = 0; i < 8; ++i) sums[i] = _mm512_loadu_pd(group_sums + 8 * i);
    for (std::uint32_t tree = job.begin; tree < job.end; ++tree) {
      look_up_children(layout, tree, ranks);
      leaf_values(layout, find_leaves(layout, ranks, tree), tree, values);
      for (int i = 0; i < 8; ++i) sums[i] = _mm512_add_pd(sums[i], values[i]);
    }
    for (int i = 0; i < 8; ++i) _mm512_storeu_pd(group_sums + 8 * i, sums[i]);
    return;
  }
  HWY_ALIGN double stored[kGroup];
  for (std::uint32_t tree = job.begin; tree < job.end; ++tree) {
    look_up_children(layout, tree, ranks);
    leaf_values(layout, find_leaves(layout, ranks, tree), tree, values);
    for (int i = 0; i < 8; ++i) _mm512_storeu_pd(stored + 8 * i, values[i]);
    add_leaves(stored, job, tree, group_sums);
  }
}

#endif

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
template <int kWords>
void run(const MaskLayout<kWords>& layout, const KernelJob& job) {
  for (std::size_t group = 0; group < job.groups; ++group) {
    run_group(layout, job, job.ranks + group * job.pitch, job.sums + group * kGroup);
  }
}
void run_1(const MaskLayout<1>& layout, const KernelJob& job) { run(layout, job); }
void run_2(const MaskLayout<2>& layout, const KernelJob& job) { run(layout, job); }
#endif

}  // namespace scoria::model::tree::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scoria::model::tree {

template <>
void run_masks<1>(const MaskLayout<1>& layout, const KernelJob& job, Simd simd) {
  return simd == Simd::avx512 ? N_AVX3::run_1(layout, job) : N_AVX2::run_1(layout, job);
}

template <>
void run_masks<2>(const MaskLayout<2>& layout, const KernelJob& job, Simd simd) {
  return simd == Simd::avx512 ? N_AVX3::run_2(layout, job) : N_AVX2::run_2(layout, job);
}

}  // namespace scoria::model::tree
#endif
