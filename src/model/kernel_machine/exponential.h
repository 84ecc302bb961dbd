// exp() and tanh() as the kernels of support vectors need them: written once for one number and once for a vector of them
// (kernel_block.cc), the same operations in the same order, so that both give the same bits. No fused operations, for that reason.
// Source of the method: Tang, ACM TOMS 15 (1989).
// Threads: free functions.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace scoria::model::kernel_machine {

// 2^(i/16) for i in [0, 16), then what each of these rounds off. Computed with 60 digits.
alignas(64) inline constexpr double kPowers[32] = {
    0x1.0000000000000p+0,
    0x1.0b5586cf9890fp+0,
    0x1.172b83c7d517bp+0,
    0x1.2387a6e756238p+0,
    0x1.306fe0a31b715p+0,
    0x1.3dea64c123422p+0,
    0x1.4bfdad5362a27p+0,
    0x1.5ab07dd485429p+0,
    0x1.6a09e667f3bcdp+0,
    0x1.7a11473eb0187p+0,
    0x1.8ace5422aa0dbp+0,
    0x1.9c49182a3f090p+0,
    0x1.ae89f995ad3adp+0,
    0x1.c199bdd85529cp+0,
    0x1.d5818dcfba487p+0,
    0x1.ea4afa2a490dap+0,
    0x0.0p+0,
    0x1.8a62e4adc610bp-54,
    -0x1.19041b9d78a76p-55,
    0x1.9b07eb6c70573p-54,
    0x1.6f46ad23182e4p-55,
    0x1.ada0911f09ebcp-55,
    0x1.d4397afec42e2p-56,
    0x1.6324c054647adp-54,
    -0x1.bdd3413b26456p-54,
    -0x1.41577ee04992fp-55,
    0x1.6e9f156864b27p-54,
    0x1.c7c46b071f2bep-56,
    0x1.7a1cd345dcc81p-54,
    0x1.11065895048ddp-55,
    0x1.2ed02d75b3707p-55,
    -0x1.e9c23179c2893p-54,
};

constexpr double kInverseStep = 0x1.71547652b82fep+4;  // 16 / ln 2
constexpr double kStep = 0x1.62e42fefa0000p-5;         // ln 2 / 16 to 38 bits: up to 2^14 times it is exact
constexpr double kStepRest = 0x1.cf79abc9e3b3ap-44;
constexpr double kShift = 0x1.8p+52;     // adding it leaves the nearest whole number in the last bits
constexpr double kLeastExponent = -708;  // below, the result would have fewer bits: it is 0
// Of (exp(r) - 1 - r) / r^2, the highest power first: |r| is at most ln 2 / 32.
constexpr double kTerms[] = {1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2};

// exp(x) for x <= 0, within 0.54 units in the last place; 0 below kLeastExponent. x = (16 n + i) ln 2 / 16 + r with a small r, so that
// what is added to 2^(i/16) is too small for its own rounding to show.
inline double exp_below_zero(double x) {
  const double shifted = x * kInverseStep + kShift;
  const double count = shifted - kShift;
  const auto index = std::bit_cast<std::int64_t>(shifted);
  const double r = (x - count * kStep) - count * kStepRest;
  double p = kTerms[0];
  for (int i = 1; i < 6; ++i) p = p * r + kTerms[i];
  p = (r * r) * p + r;
  const double power = kPowers[index & 15];
  const double value = power + (power * p + kPowers[16 + (index & 15)]);
  const auto exponent = static_cast<std::uint64_t>((index >> 4) + 1023) << 52;
  const double scaled = value * std::bit_cast<double>(exponent);
  return x < kLeastExponent ? 0 : scaled;
}

// tanh(x) within 3e-16.
inline double tanh_by_exp(double x) {
  const double t = exp_below_zero(std::fabs(x) * -2.0);
  return std::copysign((1 - t) / (1 + t), x);
}

}  // namespace scoria::model::kernel_machine
