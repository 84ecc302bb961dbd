#include "model/kernel_machine/kernel_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "model/kernel_machine/exponential.h"
#include "model/kernel_machine/kernel_block.h"
#include "model/kernel_machine/random_machine_for_tests.h"

namespace scoria::model::kernel_machine {
namespace {

using testing::HasSubstr;

constexpr KernelKind kKinds[] = {KernelKind::linear, KernelKind::poly, KernelKind::rbf, KernelKind::sigmoid};

std::vector<std::uint64_t> bits(const std::vector<double>& values) {
  std::vector<std::uint64_t> out;
  for (const double x : values) out.push_back(std::bit_cast<std::uint64_t>(x));
  return out;
}

std::vector<double> values_of(const Machine& machine, const FeatureMatrix& rows, tree::Simd simd) {
  std::vector<double> out(machine.sums() * rows.rows);
  decision_values(machine, rows.columns, 0, rows.rows, simd, out.data(), rows.rows);
  return out;
}

std::vector<double> exact_values_of(const Machine& machine, const FeatureMatrix& rows) {
  std::vector<double> out(machine.sums() * rows.rows);
  std::vector<double> of_row(machine.sums());
  for (std::size_t row = 0; row < rows.rows; ++row) {
    exact_values(machine, rows.columns, row, of_row.data());
    for (std::size_t p = 0; p < of_row.size(); ++p) out[p * rows.rows + row] = of_row[p];
  }
  return out;
}

// What shapes meet: rests of blocks and of vectors that go together, no vectors, classes without any.
void for_all_shapes(const std::function<void(const StoredMachine&, const FeatureMatrix&)>& each) {
  std::mt19937_64 random(4);
  for (const KernelKind kind : kKinds) {
    for (const std::size_t classes : {0, 2, 3, 6}) {
      for (const std::size_t vectors : {0, 1, 5, 67}) {
        for (const std::size_t dimensions : {1, 4, 21, 48}) {
          StoredMachine machine = random_machine({kind, classes, vectors, dimensions}, random);
          if (vectors == 67) machine.kernel.adding = Adding::in_parts;
          ASSERT_TRUE(check(machine.view()).ok()) << check(machine.view()).error().message;
          for (const std::size_t rows : {1, 3, 4, 16, 17, 50}) each(machine, random_rows(machine, rows, random));
        }
      }
    }
  }
}

TEST(KernelMachine, EveryKindOfInstructionsGivesTheSameBits) {
  for_all_shapes([](const StoredMachine& stored, const FeatureMatrix& rows) {
    const Machine machine = stored.view();
    const std::vector<double> plain = values_of(machine, rows, tree::Simd::none);
    for (const SimdTarget target : {SimdTarget::avx2, SimdTarget::avx512}) {
      const auto simd = tree::resolve_simd(target);
      if (!simd.ok()) continue;
      ASSERT_EQ(bits(values_of(machine, rows, simd.value())), bits(plain))
          << "kernel " << static_cast<int>(machine.kernel.kind) << ", " << machine.classes << " classes, "
          << machine.count() << " vectors, " << rows.rows << " rows";
    }
  });
}

TEST(KernelMachine, LinearAndPolynomialKernelsHaveLibsvmsBits) {
  for_all_shapes([](const StoredMachine& stored, const FeatureMatrix& rows) {
    const Machine machine = stored.view();
    if (machine.kernel.kind != KernelKind::linear && machine.kernel.kind != KernelKind::poly) return;
    ASSERT_EQ(bits(values_of(machine, rows, tree::Simd::none)), bits(exact_values_of(machine, rows)));
  });
}

TEST(KernelMachine, OtherKernelsStayWithinTheirBound) {
  std::size_t differing = 0;
  for_all_shapes([&](const StoredMachine& stored, const FeatureMatrix& rows) {
    const Machine machine = stored.view();
    const std::vector<double> ours = values_of(machine, rows, tree::Simd::none);
    const std::vector<double> exact = exact_values_of(machine, rows);
    double weight = 0;
    for (const double x : machine.coefficients) weight += std::fabs(x);
    for (const double x : machine.rho) weight += std::fabs(x);
    const double bound = static_cast<double>(machine.count() + 8) * 2.3e-16 * weight;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      ASSERT_LE(std::fabs(ours[i] - exact[i]), bound);
      differing += ours[i] == exact[i] ? 0 : 1;
    }
  });
  EXPECT_GT(differing, 0u) << "the two ways are one: this test tests nothing";
}

// A row that is the one support vector: its value is what rounding leaves, and libsvm's own is 0.
TEST(KernelMachine, ValuesNearZeroHaveLibsvmsBits) {
  std::mt19937_64 random(5);
  std::size_t near = 0;
  for (int i = 0; i < 2000; ++i) {
    StoredMachine stored = random_machine({KernelKind::rbf, 0, 3, 2}, random);
    const FeatureMatrix rows = random_rows(stored, 5, random);
    double exact = 0;
    exact_values(stored.view(), rows.columns, 4, &exact);
    stored.rho[0] += exact;  // now the row's value is 0, or a few units in the last place of what was added
    exact_values(stored.view(), rows.columns, 4, &exact);
    near += std::fabs(exact) < near_zero(stored.view())[0] ? 1 : 0;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(values_of(stored.view(), rows, tree::Simd::none)[4]),
              std::bit_cast<std::uint64_t>(exact));
  }
  EXPECT_EQ(near, 2000u);
}

TEST(KernelMachine, NumbersThatOverflowAreTheSameEverywhere) {
  std::mt19937_64 random(6);
  for (const KernelKind kind : kKinds) {
    StoredMachine stored = random_machine({kind, 3, 9, 2}, random);
    FeatureMatrix rows = random_rows(stored, 20, random);
    for (std::size_t row = 0; row < 20; ++row) {
      rows.converted[0][row] = row % 2 == 0 ? 1e308 : -1e200;
      rows.converted[1][row] = row % 3 == 0 ? -1e308 : 0.0;
    }
    const std::vector<double> exact = exact_values_of(stored.view(), rows);
    for (const SimdTarget target : {SimdTarget::plain, SimdTarget::avx2, SimdTarget::avx512}) {
      const auto simd = tree::resolve_simd(target);
      if (!simd.ok()) continue;
      const std::vector<double> ours = values_of(stored.view(), rows, simd.value());
      for (std::size_t i = 0; i < ours.size(); ++i) {
        const bool same =
            std::isnan(exact[i]) ? std::isnan(ours[i]) : std::fabs(ours[i] - exact[i]) <= 1e-12 || ours[i] == exact[i];
        ASSERT_TRUE(same) << ours[i] << " is not " << exact[i];
      }
    }
  }
}

TEST(KernelMachine, BlocksOfRowsAreSideBySide) {
  std::mt19937_64 random(7);
  const StoredMachine stored = random_machine({KernelKind::rbf, 4, 20, 3}, random);
  const FeatureMatrix rows = random_rows(stored, 2500, random);
  InlineExecutor executor;
  const auto all = decide(stored.view(), rows, SimdTarget::automatic, executor);
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all.value().size(), 6u);
  const std::vector<double> plain = values_of(stored.view(), rows, tree::Simd::none);
  for (std::size_t p = 0; p < 6; ++p) {
    const auto begin = plain.begin() + static_cast<std::ptrdiff_t>(p * 2500);
    EXPECT_EQ(bits(all.value()[p]), bits({begin, begin + 2500})) << "sum " << p;
  }
}

TEST(KernelMachine, PairsAreCountedInLibsvmsOrder) {
  std::size_t expected = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = i + 1; j < 5; ++j, ++expected) {
      EXPECT_EQ(pair_of(5, i, j - 1), expected) << "a vector of class " << i;
      EXPECT_EQ(pair_of(5, j, i), expected) << "a vector of class " << j;
    }
  }
}

TEST(KernelMachine, WhatDoesNotFitIsCorrupt) {
  struct Change {
    std::function<void(StoredMachine&)> make;
    const char* says;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  const Change changes[] = {
      {[](StoredMachine& m) { m.classes = 1; }, "1 class"},
      {[](StoredMachine& m) { m.classes = 1u << 20; }, "1048576 classes"},
      {[](StoredMachine& m) { m.coefficients.pop_back(); }, "a part of its support vectors"},
      {[](StoredMachine& m) { m.vectors.pop_back(); }, "numbers of support vectors"},
      {[](StoredMachine& m) { m.dimensions = std::size_t{1} << 62; }, "than memory could hold"},
      {[](StoredMachine& m) { m.rho.pop_back(); }, "2 intercepts, must have 3"},
      {[](StoredMachine& m) { m.class_counts.pop_back(); }, "for 2 classes, must have 3"},
      {[](StoredMachine& m) { ++m.class_counts[1]; }, "12 support vectors, and classes with 13"},
      {[](StoredMachine& m) { m.class_counts[0] = 4'294'967'295u; }, "12 support vectors, and classes with"},
      {[](StoredMachine& m) {
         m.prob_a = {1, 2};
       },
       "a part of its pairs"},
      {[](StoredMachine& m) {
         m.prob_a = {1, 2, 3};
       },
       "one half"},
      {[&](StoredMachine& m) {
         m.prob_a = m.prob_b = {1, 2, infinity};
       },
       "probabilities that are not finite"},
      {[](StoredMachine& m) { m.kernel.gamma = -1; }, "gamma"},
      {[](StoredMachine& m) { m.kernel.gamma = std::nan(""); }, "gamma"},
      {[&](StoredMachine& m) { m.kernel.coef0 = infinity; }, "coef0"},
      {[](StoredMachine& m) { m.kernel.degree = -2; }, "degree -2"},
      {[](StoredMachine& m) { m.vectors[3] = std::nan(""); }, "support vectors that are not finite"},
      {[&](StoredMachine& m) { m.coefficients[3] = -infinity; }, "coefficients that are not finite"},
      {[&](StoredMachine& m) { m.rho[0] = infinity; }, "intercepts that are not finite"},
  };
  for (const Change& change : changes) {
    std::mt19937_64 random(8);
    StoredMachine machine = random_machine({KernelKind::rbf, 3, 12, 2}, random);
    ASSERT_TRUE(check(machine.view()).ok());
    change.make(machine);
    const Status checked = check(machine.view());
    ASSERT_FALSE(checked.ok()) << change.says;
    EXPECT_EQ(checked.error().code, Code::corrupt);
    EXPECT_THAT(checked.error().message, HasSubstr(change.says));
  }
}

// Against numbers with 11 more bits.
TEST(Exponential, IsWithinItsBoundOfTheTrueValue) {
  std::mt19937_64 random(9);
  std::uniform_real_distribution<double> exponent(-30, 9.4);
  double worst = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double x = -std::exp2(exponent(random));
    const double ours = exp_below_zero(x);
    const long double truth = std::exp(static_cast<long double>(x));
    const double unit = std::nextafter(static_cast<double>(truth), 2.0) - static_cast<double>(truth);
    worst = std::max(worst, static_cast<double>(std::fabs(ours - truth)) / unit);
  }
  EXPECT_LT(worst, 0.55);
  EXPECT_EQ(exp_below_zero(0), 1);
  EXPECT_EQ(exp_below_zero(-0.0), 1);
  EXPECT_EQ(exp_below_zero(-800), 0);
  EXPECT_EQ(exp_below_zero(-std::numeric_limits<double>::infinity()), 0);
  EXPECT_TRUE(std::isnan(exp_below_zero(std::nan(""))));
}

TEST(Exponential, TangentIsWithinItsBoundOfTheTrueValue) {
  std::mt19937_64 random(10);
  std::uniform_real_distribution<double> exponent(-30, 6);
  for (int i = 0; i < 100'000; ++i) {
    const double x = (i % 2 == 0 ? 1 : -1) * std::exp2(exponent(random));
    ASSERT_NEAR(tanh_by_exp(x), static_cast<double>(std::tanh(static_cast<long double>(x))), 3e-16) << x;
  }
  EXPECT_EQ(tanh_by_exp(1e300), 1);
  EXPECT_EQ(tanh_by_exp(-std::numeric_limits<double>::infinity()), -1);
}

}  // namespace
}  // namespace scoria::model::kernel_machine
