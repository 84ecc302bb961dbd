// The binary searches of rank_space.h, compiled once per vector target.
#include "model/tree/rank_space.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/tree/rank_search.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scoria::model::tree::HWY_NAMESPACE {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

namespace hn = hwy::HWY_NAMESPACE;

// Each lane holds the number of cuts known to be passed; `step` cuts are tried at a time, the same for all lanes.
template <bool kLess>
void search_lanes(std::span<const double> cuts, const double* values, Rank* out) {
  const hn::ScalableTag<double> d;
  const hn::RebindToSigned<decltype(d)> di;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  constexpr std::size_t kVectors = kLanes == 8 ? 8 : 4;  // independent searches hide the latency of the gathers
  for (std::size_t lane = 0; lane < kGroup; lane += kLanes * kVectors) {
    hn::VFromD<decltype(d)> x[kVectors];
    hn::VFromD<decltype(di)> passed[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      x[v] = hn::LoadU(d, values + lane + v * kLanes);
      passed[v] = hn::Zero(di);
    }
    // "not left of the cut" is written as "not (x < cut)", so that NaN passes every cut and goes right.
    const auto advance = [&](const double* base, std::int64_t step) HWY_ATTR {
      const auto steps = hn::Set(di, step);
      for (std::size_t v = 0; v < kVectors; ++v) {
        const auto cut = hn::GatherIndex(d, base, passed[v]);
        const auto left = kLess ? hn::Lt(x[v], cut) : hn::Le(x[v], cut);
        passed[v] = hn::Add(passed[v], hn::IfThenZeroElse(hn::RebindMask(di, left), steps));
      }
    };
    std::size_t remaining = cuts.size();
    while (remaining > 1) {
      const std::size_t half = remaining / 2;
      advance(cuts.data() + half - 1, static_cast<std::int64_t>(half));
      remaining -= half;
    }
    advance(cuts.data(), 1);
    HWY_ALIGN std::int64_t ranks[kLanes * kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) hn::Store(passed[v], di, ranks + v * kLanes);
    for (std::size_t i = 0; i < kLanes * kVectors; ++i)
      out[lane + i] = stored_rank(static_cast<std::uint32_t>(ranks[i]));
  }
}

void search(std::span<const double> cuts, Comparison comparison, const double* values, Rank* out) {
  if (comparison == Comparison::less) {
    search_lanes<true>(cuts, values, out);
  } else {
    search_lanes<false>(cuts, values, out);
  }
}

#endif
}  // namespace scoria::model::tree::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scoria::model::tree {

RankSearch rank_search(Simd simd) {
  SCORIA_CHECK(simd != Simd::none);  // the plain walk compares numbers and needs no ranks
  return simd == Simd::avx512 ? N_AVX3::search : N_AVX2::search;
}

}  // namespace scoria::model::tree
#endif
