// run_gathers() of gather_layout.h, one Highway body for all vector targets.
#include "model/tree/gather_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/tree/gather_kernel.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scoria::model::tree::HWY_NAMESPACE {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

namespace hn = hwy::HWY_NAMESPACE;
using D32 = hn::ScalableTag<std::int32_t>;
static_assert(kGroup == 128, "a slot's first lane is found by a shift");
using V32 = hn::VFromD<D32>;

// 16-bit elements at even byte offsets, widened with their sign: the four bytes read start at the element.
HWY_INLINE V32 gather_ranks(D32 d, const Rank* ranks, V32 element) {
  const auto bytes = hn::ShiftLeft<1>(element);
  const V32 words = hn::GatherOffset(d, reinterpret_cast<const std::int32_t*>(ranks), bytes);
  return hn::ShiftRight<16>(hn::ShiftLeft<16>(words));
}

// The leaves, within the tree, that the rows of one group reach.
template <bool kMissing, bool kCategories>
HWY_INLINE void walk_group(const GatherLayout& layout, std::uint32_t tree, const Rank* ranks, std::int32_t* leaves) {
  const D32 d;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  constexpr std::size_t kVectors = kGroup / kLanes < 4 ? kGroup / kLanes : 4;
  const auto* nodes = reinterpret_cast<const std::int32_t*>(layout.nodes.data() + layout.roots[tree]);
  for (std::size_t lane = 0; lane < kGroup; lane += kLanes * kVectors) {
    V32 at[kVectors];
    V32 lanes[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      at[v] = hn::Zero(d);
      lanes[v] = hn::Iota(d, static_cast<std::int32_t>(lane + v * kLanes));
    }
    for (;;) {
      V32 moved = hn::Zero(d);
      for (std::size_t v = 0; v < kVectors; ++v) {
        const V32 offset = hn::ShiftLeft<3>(at[v]);
        const V32 test = hn::GatherOffset(d, nodes, offset);  // threshold in the low half, slot in the high one
        const V32 child = hn::GatherOffset(d, nodes + 1, offset);
        const V32 threshold = hn::ShiftRight<16>(hn::ShiftLeft<16>(test));
        V32 slot = hn::And(hn::ShiftRight<16>(test), hn::Set(d, 0x7FFF));
        const V32 rank = gather_ranks(d, ranks, hn::Add(hn::ShiftLeft<7>(slot), lanes[v]));
        // A true comparison is all ones, so subtracting it adds one.
        V32 next = hn::Sub(child, hn::VecFromMask(d, hn::Gt(rank, threshold)));
        if constexpr (kMissing) {
          next = hn::Sub(next, hn::VecFromMask(d, hn::Gt(rank, hn::Set(d, stored_rank(kMissingRank - 1)))));
        }
        if constexpr (kCategories) {
          const auto categorical = hn::Lt(test, hn::Zero(d));
          if (!hn::AllFalse(d, categorical)) {
            const V32 unsign = hn::Set(d, 0x8000);
            const V32 split = hn::And(hn::Xor(threshold, unsign), hn::Set(d, 0xFFFF));
            const V32 level = hn::And(hn::Xor(rank, unsign), hn::Set(d, 0xFFFF));
            const V32 row = hn::Mul(split, hn::Set(d, static_cast<std::int32_t>(layout.stride)));
            const auto* routes =
                reinterpret_cast<const std::int32_t*>(layout.routes.data() + layout.routes_begin[tree]);
            const V32 in_table = hn::IfThenElseZero(categorical, hn::Add(row, level));
            const V32 route = hn::And(hn::GatherOffset(d, routes, in_table), hn::Set(d, 0xFF));
            next = hn::IfThenElse(categorical, hn::Add(child, route), next);
          }
        }
        moved = hn::Or(moved, hn::Xor(next, at[v]));
        at[v] = next;
      }
      if (hn::AllTrue(d, hn::Eq(moved, hn::Zero(d)))) break;
    }
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(at[v], d, leaves + lane + v * kLanes);
  }
}

// Asks for piece `part` of `parts` of a tree's nodes and leaves. A deep tree is read in no order that a processor guesses, so
// without this each of its lines is waited for, once per block of rows.
HWY_INLINE void prefetch(const GatherLayout& layout, std::uint32_t tree, std::size_t part, std::size_t parts) {
  constexpr std::size_t kLine = 64;
  const std::size_t root = layout.roots[tree];
  const std::size_t bytes = (layout.roots[tree + 1] - root) * sizeof(GatherNode);
  static_assert(sizeof(GatherNode) == sizeof(double));
  const auto* nodes = reinterpret_cast<const char*>(layout.nodes.data() + root);
  const auto* leaves = reinterpret_cast<const char*>(layout.leaves.data() + root);
  const std::size_t end = bytes * (part + 1) / parts;
  for (std::size_t at = bytes * part / parts; at < end; at += kLine) {
    hwy::Prefetch(nodes + at);
    hwy::Prefetch(leaves + at);
  }
}

template <bool kMissing, bool kCategories>
void run_as(const GatherLayout& layout, const KernelJob& job) {
  std::int32_t reached[kGroup];
  for (std::uint32_t tree = job.begin; tree < job.end; ++tree) {
    const double* leaves = layout.leaves.data() + layout.roots[tree];
    double* output = job.sums + (tree - job.begin) % job.outputs * job.stride;
    for (std::size_t group = 0; group < job.groups; ++group) {
      if (tree + 1 < job.end) prefetch(layout, tree + 1, group, job.groups);
      walk_group<kMissing, kCategories>(layout, tree, job.ranks + group * job.pitch, reached);
      if (job.votes) {
        for (std::size_t lane = 0; lane < kGroup; ++lane) {
          job.sums[static_cast<std::size_t>(leaves[reached[lane]]) * job.stride + group * kGroup + lane] += 1.0;
        }
        continue;
      }
      double* sums = output + group * kGroup;
      for (std::size_t lane = 0; lane < kGroup; ++lane) sums[lane] += leaves[reached[lane]];
    }
  }
}

void run(const GatherLayout& layout, const KernelJob& job) {
  if (layout.has_missing_children) {
    return layout.has_categories ? run_as<true, true>(layout, job) : run_as<true, false>(layout, job);
  }
  return layout.has_categories ? run_as<false, true>(layout, job) : run_as<false, false>(layout, job);
}

#endif
}  // namespace scoria::model::tree::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scoria::model::tree {

void run_gathers(const GatherLayout& layout, const KernelJob& job, Simd simd) {
  return simd == Simd::avx512 ? N_AVX3::run(layout, job) : N_AVX2::run(layout, job);
}

}  // namespace scoria::model::tree
#endif
