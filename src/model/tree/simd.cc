#include "model/tree/simd.h"

#include <hwy/highway.h>

namespace scoria::model::tree {

Result<Simd> resolve_simd(SimdTarget target) {
  // Asked once: in a virtual machine the processor's answer costs microseconds.
  static const auto supported = hwy::SupportedTargets();
  static const bool has_avx512 = (supported & HWY_AVX3) != 0 && __builtin_cpu_supports("avx512cd") != 0;
  static const bool has_avx2 = (supported & HWY_AVX2) != 0;
  switch (target) {
    case SimdTarget::plain: return Simd::none;
    case SimdTarget::avx2:
      if (!has_avx2) return Error{Code::unsupported, "this processor has no AVX2"};
      return Simd::avx2;
    case SimdTarget::avx512:
      if (!has_avx512) return Error{Code::unsupported, "this processor has no AVX-512 (F, BW, CD, DQ, VL)"};
      return Simd::avx512;
    case SimdTarget::automatic: break;
  }
  return has_avx512 ? Simd::avx512 : has_avx2 ? Simd::avx2 : Simd::none;
}

}  // namespace scoria::model::tree
