// run_masks() of mask_layout.h: a Highway body for AVX2, and one in AVX-512 instructions, whose three-operand logic and
// two-table permutes Highway 1.0 has no names for.
//
// Both find the leaves of a group's rows in an order of their own, which interleaving 16-bit into 32-bit lanes makes. Sums
// are kept in that order over all trees and put into the rows' order once, at the end.
#include <bit>
#include <vector>

#include "model/tree/mask_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/tree/mask_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scoria::model::tree::HWY_NAMESPACE {
#if HWY_TARGET == HWY_AVX2

namespace hn = hwy::HWY_NAMESPACE;

// The row of the group that the kernel's i-th value belongs to: of 16 rows, the lower halves of both 128-bit blocks come
// first, then the upper ones.
constexpr std::size_t row_at(std::size_t i) { return i / 16 * 16 + (i & 4) * 2 + (i & 8) / 2 + (i & 3); }

// values[i] = the value of the leaf that row row_at(i) reaches.
template <int kWords>
HWY_INLINE void find_values(const MaskLayout<kWords>& layout, const Rank* ranks, std::uint32_t tree, double* values) {
  const hn::FixedTag<std::uint16_t, 16> d16;
  const hn::FixedTag<std::int16_t, 16> di16;
  const hn::FixedTag<std::uint32_t, 8> d32;
  constexpr std::size_t kVectors = kGroup / 16;
  HWY_ALIGN std::uint16_t left[kWords][kGroup];
  for (int word = 0; word < kWords; ++word) {
    hn::VFromD<decltype(d16)> masks[kVectors];
    for (auto& mask : masks) mask = hn::Set(d16, 0xFFFF);
    const std::size_t at = tree * std::size_t{kWords} + static_cast<std::size_t>(word);
    const MaskTest* const end = layout.tests.data() + layout.tests_begin[at + 1];
    for (const MaskTest* test = layout.tests.data() + layout.tests_begin[at]; test != end; ++test) {
      const auto threshold = hn::BitCast(di16, hn::Set(d32, test->threshold));
      const auto strike = hn::BitCast(d16, hn::Set(d32, test->strike));
      const Rank* lanes = ranks + test->offset;
      for (std::size_t v = 0; v < kVectors; ++v) {
        const auto passed = hn::BitCast(d16, hn::VecFromMask(di16, hn::Gt(hn::LoadU(di16, lanes + v * 16), threshold)));
        masks[v] = hn::AndNot(hn::And(passed, strike), masks[v]);
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) hn::Store(masks[v], d16, left[word] + v * 16);
  }
  const double* leaves = layout.leaves.data() + tree * MaskLayout<kWords>::kLeaves;
  if constexpr (kWords == 1) {
    for (std::size_t i = 0; i < kGroup; ++i) values[i] = leaves[std::countr_zero(std::uint32_t{left[0][row_at(i)]})];
  } else {
    // Two 16-bit words side by side make one that a single count of zeros searches.
    HWY_ALIGN std::uint32_t pairs[kWords / 2][kGroup];
    for (std::size_t pair = 0; pair < kWords / 2; ++pair) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        const auto low = hn::Load(d16, left[2 * pair] + v * 16);
        const auto high = hn::Load(d16, left[2 * pair + 1] + v * 16);
        hn::Store(hn::BitCast(d32, hn::InterleaveLower(d16, low, high)), d32, pairs[pair] + v * 16);
        hn::Store(hn::BitCast(d32, hn::InterleaveUpper(d16, low, high)), d32, pairs[pair] + v * 16 + 8);
      }
    }
    for (std::size_t i = 0; i < kGroup; ++i) {
      const bool in_first = kWords == 2 || pairs[0][i] != 0;
      values[i] = leaves[in_first ? std::countr_zero(pairs[0][i]) : 32 + std::countr_zero(pairs[kWords / 2 - 1][i])];
    }
  }
}

#elif HWY_TARGET == HWY_AVX3

// Counting leading zeros is AVX-512CD, which Highway's target leaves out and every processor with the rest of it has. The
// target is named whole: clang's attribute replaces what the namespace sets, where gcc's adds to it.
#define SCORIA_AVX512CD __attribute__((target(HWY_TARGET_STR ",avx512cd")))

// Of 32 rows, values come in four vectors of eight: vector (half, part), lane d holds row 8 (d / 2) + 4 half + 2 part + d % 2.
constexpr std::size_t row_at(std::size_t i) {
  const std::size_t lane = i % 8;
  const std::size_t part = i / 8 % 2;
  const std::size_t half = i / 16 % 2;
  return i / 32 * 32 + lane / 2 * 8 + half * 4 + part * 2 + lane % 2;
}

// A table of 16 or 32 doubles as their 32-bit halves, looked up 16 at a time.
template <int kWords>
struct LeafTable {
  __m512i low[2];
  __m512i high[2];

  explicit HWY_INLINE LeafTable(const std::uint32_t* halves, std::size_t leaves) {
    for (int i = 0; i < (kWords == 1 ? 1 : 2); ++i) {
      low[i] = _mm512_loadu_si512(halves + 16 * i);
      high[i] = _mm512_loadu_si512(halves + leaves + 16 * i);
    }
  }
  static HWY_INLINE __m512i at(const __m512i* parts, __m512i leaf) {
    if constexpr (kWords == 1) return _mm512_permutexvar_epi32(leaf, parts[0]);
    return _mm512_permutex2var_epi32(parts[0], leaf, parts[1]);
  }
};

// values[4 v ...]: the leaf values of rows 32 v to 32 v + 31, in the order of row_at().
template <int kWords>
SCORIA_AVX512CD HWY_INLINE void find_values(const MaskLayout<kWords>& layout, const Rank* ranks, std::uint32_t tree,
                                            __m512d* values) {
  constexpr int kVectors = kGroup / 32;
  constexpr int kAndNotBoth = 0x70;  // a & ~(b & c), as the table of a three-operand function
  __m512i masks[kWords][kVectors];
  for (int word = 0; word < kWords; ++word) {
    for (__m512i& mask : masks[word]) mask = _mm512_set1_epi32(-1);
    const std::size_t at = tree * std::size_t{kWords} + static_cast<std::size_t>(word);
    const MaskTest* const end = layout.tests.data() + layout.tests_begin[at + 1];
    for (const MaskTest* test = layout.tests.data() + layout.tests_begin[at]; test != end; ++test) {
      const __m512i threshold = _mm512_set1_epi32(static_cast<int>(test->threshold));
      const __m512i strike = _mm512_set1_epi32(static_cast<int>(test->strike));
      const Rank* lanes = ranks + test->offset;
      for (int v = 0; v < kVectors; ++v) {
        // The sign of the saturated difference says whether the rank exceeds the threshold; spread over all 16 bits.
        const __m512i sign = _mm512_srai_epi16(_mm512_subs_epi16(threshold, _mm512_loadu_si512(lanes + 32 * v)), 15);
        masks[word][v] = _mm512_ternarylogic_epi32(masks[word][v], sign, strike, kAndNotBoth);
      }
    }
  }
  const auto* halves =
      reinterpret_cast<const std::uint32_t*>(layout.leaves.data() + tree * MaskLayout<kWords>::kLeaves);
  const LeafTable<kWords> table(halves, MaskLayout<kWords>::kLeaves);
  for (int v = 0; v < kVectors; ++v) {
    for (int half = 0; half < 2; ++half) {
      // Leaf 0 is the highest bit, so the word of the first leaves is the upper half.
      const auto join = [half](__m512i upper, __m512i lower) HWY_ATTR {
        return half == 0 ? _mm512_unpacklo_epi16(lower, upper) : _mm512_unpackhi_epi16(lower, upper);
      };
      const __m512i first = join(masks[0][v], kWords == 1 ? _mm512_setzero_si512() : masks[kWords == 1 ? 0 : 1][v]);
      const __m512i leaf = _mm512_lzcnt_epi32(first);
      __m512i low = LeafTable<kWords>::at(table.low, leaf);
      __m512i high = LeafTable<kWords>::at(table.high, leaf);
      if constexpr (kWords == 4) {
        const LeafTable<kWords> upper_table(halves + 32, MaskLayout<kWords>::kLeaves);
        const __mmask16 beyond = _mm512_cmpeq_epi32_mask(first, _mm512_setzero_si512());
        const __m512i upper_leaf = _mm512_lzcnt_epi32(join(masks[2][v], masks[3][v]));
        low = _mm512_mask_mov_epi32(low, beyond, LeafTable<kWords>::at(upper_table.low, upper_leaf));
        high = _mm512_mask_mov_epi32(high, beyond, LeafTable<kWords>::at(upper_table.high, upper_leaf));
      }
      values[4 * v + 2 * half] = _mm512_castsi512_pd(_mm512_unpacklo_epi32(low, high));
      values[4 * v + 2 * half + 1] = _mm512_castsi512_pd(_mm512_unpackhi_epi32(low, high));
    }
  }
}

#endif

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

#if HWY_TARGET == HWY_AVX2
#define SCORIA_AVX512CD
#endif

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

// A group's leaf values, added to sums that are kept in the kernel's order.
#if HWY_TARGET == HWY_AVX3
struct Sums {
  __m512d vectors[kGroup / 8];

  HWY_INLINE explicit Sums(const double* from) {
    for (std::size_t i = 0; i < kGroup / 8; ++i) vectors[i] = _mm512_loadu_pd(from + 8 * i);
  }
  HWY_INLINE void store(double* to) const {
    for (std::size_t i = 0; i < kGroup / 8; ++i) _mm512_storeu_pd(to + 8 * i, vectors[i]);
  }
  template <int kWords>
  SCORIA_AVX512CD HWY_INLINE void add(const MaskLayout<kWords>& layout, const Rank* ranks, std::uint32_t tree) {
    __m512d values[kGroup / 8];
    find_values(layout, ranks, tree, values);
    for (std::size_t i = 0; i < kGroup / 8; ++i) vectors[i] = _mm512_add_pd(vectors[i], values[i]);
  }
};
#else
struct Sums {
  HWY_ALIGN double values[kGroup];

  HWY_INLINE explicit Sums(const double* from) {
    for (std::size_t i = 0; i < kGroup; ++i) values[i] = from[i];
  }
  HWY_INLINE void store(double* to) const {
    for (std::size_t i = 0; i < kGroup; ++i) to[i] = values[i];
  }
  template <int kWords>
  HWY_INLINE void add(const MaskLayout<kWords>& layout, const Rank* ranks, std::uint32_t tree) {
    HWY_ALIGN double found[kGroup];
    find_values(layout, ranks, tree, found);
    for (std::size_t i = 0; i < kGroup; ++i) values[i] += found[i];
  }
};
#endif

template <int kWords>
SCORIA_AVX512CD void run_group(const MaskLayout<kWords>& layout, const KernelJob& job, Rank* ranks,
                               double* group_sums) {
  HWY_ALIGN double ordered[kGroup];
  if (job.votes || job.vectors != nullptr) {
    for (std::uint32_t tree = job.begin; tree < job.end; ++tree) {
      look_up_children(layout, tree, ranks);
      for (double& value : ordered) value = 0;
      Sums leaf(ordered);
      leaf.add(layout, ranks, tree);  // 0 + value: the value itself
      leaf.store(ordered);
      if (job.votes) {
        for (std::size_t i = 0; i < kGroup; ++i) {
          group_sums[static_cast<std::size_t>(ordered[i]) * job.stride + row_at(i)] += 1.0;
        }
        continue;
      }
      const std::size_t width = job.width;
      for (std::size_t i = 0; i < kGroup; ++i) {
        const double* vector = job.vectors + static_cast<std::size_t>(ordered[i]) * width;
        double* sums = group_sums + row_at(i) * width;
        for (std::size_t k = 0; k < width; ++k) sums[k] += vector[k];
      }
    }
    return;
  }
  for (std::uint32_t output = 0; output < job.outputs; ++output) {
    double* sums = group_sums + output * job.stride;
    for (std::size_t i = 0; i < kGroup; ++i) ordered[i] = sums[row_at(i)];
    Sums total(ordered);
    for (std::uint32_t tree = job.begin + output; tree < job.end; tree += job.outputs) {
      look_up_children(layout, tree, ranks);
      total.add(layout, ranks, tree);
    }
    total.store(ordered);
    for (std::size_t i = 0; i < kGroup; ++i) sums[row_at(i)] = ordered[i];
  }
}

template <int kWords>
void run(const MaskLayout<kWords>& layout, const KernelJob& job) {
  for (std::size_t group = 0; group < job.groups; ++group) {
    run_group(layout, job, job.ranks + group * job.pitch, job.group_sums(group));
  }
}
void run_1(const MaskLayout<1>& layout, const KernelJob& job) { run(layout, job); }
void run_2(const MaskLayout<2>& layout, const KernelJob& job) { run(layout, job); }
void run_4(const MaskLayout<4>& layout, const KernelJob& job) { run(layout, job); }

#undef SCORIA_AVX512CD
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

template <>
void run_masks<4>(const MaskLayout<4>& layout, const KernelJob& job, Simd simd) {
  return simd == Simd::avx512 ? N_AVX3::run_4(layout, job) : N_AVX2::run_4(layout, job);
}

}  // namespace scoria::model::tree
#endif
