// run_block() of kernel_block.h. A vector's lanes are rows: each row's numbers are added in libsvm's order, one at a time and without
// fused operations, so that distances, products and sums have its bits.
#include "model/kernel_machine/kernel_block.h"

#include <cmath>

#include "model/kernel_machine/exponential.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/kernel_machine/kernel_block.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scoria::model::kernel_machine::HWY_NAMESPACE {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

namespace hn = hwy::HWY_NAMESPACE;

// Support vectors that meet the block together: as many as have their distances in registers.
#if HWY_TARGET == HWY_AVX3
constexpr std::size_t kLanes = 8;
constexpr std::size_t kTogether = 4;
#else
constexpr std::size_t kLanes = 4;
constexpr std::size_t kTogether = 2;
#endif
constexpr std::size_t kVectors = kBlockRows / kLanes;
using Lanes = hn::FixedTag<double, kLanes>;
using Bits = hn::FixedTag<std::int64_t, kLanes>;
using Vector = hn::VFromD<Lanes>;

// Two to the 16th parts, by a lane's last four bits.
HWY_INLINE Vector look_up(const double* table, hn::VFromD<Bits> at) {
#if HWY_TARGET == HWY_AVX3
  return Vector{_mm512_permutex2var_pd(_mm512_load_pd(table), at.raw, _mm512_load_pd(table + 8))};
#else
  return hn::GatherIndex(Lanes(), table, hn::And(at, hn::Set(Bits(), 15)));
#endif
}

// As exponential.h has it for one number.
HWY_INLINE Vector exp_below_zero(Vector x) {
  const Lanes d;
  const auto shift = hn::Set(d, kShift);
  const auto shifted = hn::Add(hn::Mul(x, hn::Set(d, kInverseStep)), shift);
  const auto count = hn::Sub(shifted, shift);
  const auto index = hn::BitCast(Bits(), shifted);
  const auto near = hn::Sub(x, hn::Mul(count, hn::Set(d, kStep)));
  const auto r = hn::Sub(near, hn::Mul(count, hn::Set(d, kStepRest)));
  auto p = hn::Set(d, kTerms[0]);
  for (int i = 1; i < 6; ++i) p = hn::Add(hn::Mul(p, r), hn::Set(d, kTerms[i]));
  p = hn::Add(hn::Mul(hn::Mul(r, r), p), r);
  const auto power = look_up(kPowers, index);
  const auto value = hn::Add(power, hn::Add(hn::Mul(power, p), look_up(kPowers + 16, index)));
  const auto exponent = hn::ShiftLeft<52>(hn::Add(hn::ShiftRight<4>(index), hn::Set(Bits(), 1023)));
  const auto scaled = hn::Mul(value, hn::BitCast(d, exponent));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, kLeastExponent)), scaled);
}

HWY_INLINE Vector tanh_by_exp(Vector x) {
  const Lanes d;
  const auto one = hn::Set(d, 1.0);
  const auto t = exp_below_zero(hn::Mul(hn::Abs(x), hn::Set(d, -2.0)));
  return hn::CopySign(hn::Div(hn::Sub(one, t), hn::Add(one, t)), x);
}

template <typename Function>
HWY_INLINE Vector each(Vector x, Function function) {
  HWY_ALIGN double lanes[kLanes];
  hn::Store(x, Lanes(), lanes);
  for (double& lane : lanes) lane = function(lane);
  return hn::Load(Lanes(), lanes);
}

HWY_INLINE Vector power_of(Vector base, int degree) {
  auto power = hn::Set(Lanes(), 1.0);
  for (auto square = base; degree > 0; degree /= 2) {
    if (degree % 2 == 1) power = hn::Mul(power, square);
    square = hn::Mul(square, square);
  }
  return power;
}

// The kernel's value from a squared distance or a product.
template <KernelKind kKind, Functions kFunctions>
HWY_INLINE Vector finish(Vector sum, const Kernel& kernel) {
  const Lanes d;
  constexpr bool kLibrary = kFunctions == Functions::library;
  if constexpr (kKind == KernelKind::linear) return sum;
  if constexpr (kKind == KernelKind::rbf) {
    const auto x = hn::Mul(hn::Set(d, -kernel.gamma), sum);
    if constexpr (kLibrary) return each(x, [](double lane) { return std::exp(lane); });
    return exp_below_zero(x);
  }
  const auto x = hn::Add(hn::Mul(hn::Set(d, kernel.gamma), sum), hn::Set(d, kernel.coef0));
  if constexpr (kKind == KernelKind::poly) return power_of(x, kernel.degree);
  if constexpr (kLibrary) return each(x, [](double lane) { return std::tanh(lane); });
  return tanh_by_exp(x);
}

// The kernel's values of kCount support vectors from `first` on, for all rows of the block.
template <KernelKind kKind, Functions kFunctions, std::size_t kCount>
HWY_INLINE void kernel_values(const Machine& machine, const double* x, std::size_t first,
                              Vector (&values)[kCount][kVectors]) {
  const Lanes d;
  const std::size_t dimensions = machine.dimensions;
  const double* vectors = machine.vectors.data() + first * dimensions;
  for (auto& of_vector : values) {
    for (auto& value : of_vector) value = hn::Zero(d);
  }
  for (std::size_t j = 0; j < dimensions; ++j, x += kBlockRows) {
    for (std::size_t v = 0; v < kCount; ++v) {
      const auto number = hn::Set(d, vectors[v * dimensions + j]);
      for (std::size_t i = 0; i < kVectors; ++i) {
        const auto cell = hn::LoadU(d, x + i * kLanes);
        if constexpr (kKind == KernelKind::rbf) {
          const auto difference = hn::Sub(cell, number);
          values[v][i] = hn::Add(values[v][i], hn::Mul(difference, difference));
        } else {
          values[v][i] = hn::Add(values[v][i], hn::Mul(cell, number));
        }
      }
    }
  }
  for (auto& of_vector : values) {
    for (auto& value : of_vector) value = finish<kKind, kFunctions>(value, machine.kernel);
  }
}

class OneSum {
 public:
  explicit HWY_INLINE OneSum(const Machine& machine) : coefficients_(machine.coefficients.data()) {
    for (auto& sum : sums_) sum = hn::Zero(Lanes());
  }
  HWY_INLINE void add(std::size_t v, const Vector (&values)[kVectors]) {
    const auto coefficient = hn::Set(Lanes(), coefficients_[v]);
    for (std::size_t i = 0; i < kVectors; ++i) sums_[i] = hn::Add(sums_[i], hn::Mul(coefficient, values[i]));
  }
  HWY_INLINE void store(const Machine& machine, double* out) {
    const auto rho = hn::Set(Lanes(), machine.rho[0]);
    for (std::size_t i = 0; i < kVectors; ++i) hn::StoreU(hn::Sub(sums_[i], rho), Lanes(), out + i * kLanes);
  }

 private:
  const double* coefficients_;
  Vector sums_[kVectors];
};

class PairSums {
 public:
  HWY_INLINE PairSums(const Machine& machine, const Block& block)
      : machine_(machine), rows_(machine.classes - 1), count_(machine.count()), pairs_(block.pairs), sums_(block.sums) {
    for (std::size_t i = 0; i < machine.sums() * kBlockRows; ++i) sums_[i] = 0;
    end_ = machine.class_counts[0];
  }
  // Precondition: v runs through the vectors in their order.
  HWY_INLINE void add(std::size_t v, const Vector (&values)[kVectors]) {
    while (v >= end_) {
      end_ += machine_.class_counts[++own_];
      pairs_ += rows_;
    }
    const double* coefficient = machine_.coefficients.data() + v;
    for (std::size_t row = 0; row < rows_; ++row, coefficient += count_) {
      const auto weight = hn::Set(Lanes(), *coefficient);
      double* sums = sums_ + pairs_[row] * kBlockRows;
      for (std::size_t i = 0; i < kVectors; ++i) {
        const auto sum = hn::LoadU(Lanes(), sums + i * kLanes);
        hn::StoreU(hn::Add(sum, hn::Mul(weight, values[i])), Lanes(), sums + i * kLanes);
      }
    }
  }
  HWY_INLINE void store(const Machine& machine, double* out) {
    for (std::size_t p = 0; p < machine.rho.size(); ++p) {
      for (std::size_t i = 0; i < kBlockRows; ++i) out[p * kBlockRows + i] -= machine.rho[p];
    }
  }

 private:
  const Machine& machine_;
  std::size_t rows_;
  std::size_t count_;
  const std::uint32_t* pairs_;
  double* sums_;
  std::size_t own_ = 0;
  std::size_t end_ = 0;
};

template <KernelKind kKind, Functions kFunctions, typename Sums>
HWY_INLINE void run_with(const Machine& machine, const Block& block, Sums sums) {
  const std::size_t count = machine.count();
  std::size_t v = 0;
  for (; v + kTogether <= count; v += kTogether) {
    Vector values[kTogether][kVectors];
    kernel_values<kKind, kFunctions>(machine, block.x, v, values);
    for (std::size_t i = 0; i < kTogether; ++i) sums.add(v + i, values[i]);
  }
  for (; v < count; ++v) {
    Vector values[1][kVectors];
    kernel_values<kKind, kFunctions>(machine, block.x, v, values);
    sums.add(v, values[0]);
  }
  sums.store(machine, block.sums);
}

template <KernelKind kKind, Functions kFunctions>
HWY_INLINE void run_as(const Machine& machine, const Block& block) {
  if (machine.sums() == 1) return run_with<kKind, kFunctions>(machine, block, OneSum(machine));
  run_with<kKind, kFunctions>(machine, block, PairSums(machine, block));
}

void run(const Machine& machine, const Block& block, Functions functions) {
  const bool library = functions == Functions::library;
  switch (machine.kernel.kind) {
    case KernelKind::linear: return run_as<KernelKind::linear, Functions::library>(machine, block);
    case KernelKind::poly: return run_as<KernelKind::poly, Functions::library>(machine, block);
    case KernelKind::rbf:
      return library ? run_as<KernelKind::rbf, Functions::library>(machine, block)
                     : run_as<KernelKind::rbf, Functions::ours>(machine, block);
    case KernelKind::sigmoid:
      return library ? run_as<KernelKind::sigmoid, Functions::library>(machine, block)
                     : run_as<KernelKind::sigmoid, Functions::ours>(machine, block);
  }
}

#endif
}  // namespace scoria::model::kernel_machine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scoria::model::kernel_machine {

void run_block(const Machine& machine, const Block& block, Functions functions, tree::Simd simd) {
  return simd == tree::Simd::avx512 ? N_AVX3::run(machine, block, functions) : N_AVX2::run(machine, block, functions);
}

}  // namespace scoria::model::kernel_machine
#endif
