#include "model/tree/float32_cut.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace scoria::model::tree {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The processor's own rounding is what both sides are held against.
void expect_same_side(double x, double threshold) {
  const bool rounded = static_cast<double>(static_cast<float>(x)) <= threshold;
  ASSERT_EQ(x <= float32_cut(threshold), rounded) << "x " << x << ", threshold " << threshold;
}

TEST(Float32Cut, SendsEveryNumberWhereItsRoundingGoes) {
  std::mt19937_64 random(1);
  constexpr double kSpecial[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 1e-45,
                                 -1e-45,
                                 1e-46,
                                 -1e-46,
                                 3.4028234663852886e38,
                                 -3.4028234663852886e38,
                                 3.4028235677973366e38,
                                 -3.4028235677973366e38,
                                 1e39,
                                 -1e39,
                                 kInfinity,
                                 -kInfinity,
                                 1e-40,
                                 16777217.0};
  for (int i = 0; i < 200'000; ++i) {
    double threshold = std::bit_cast<double>(random());
    if (i % 3 == 0) threshold = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (i % 50 == 0) threshold = kSpecial[random() % std::size(kSpecial)];
    if (std::isnan(threshold)) continue;
    const double cut = float32_cut(threshold);
    const auto near = static_cast<float>(threshold);
    const double next = std::nextafter(near, std::numeric_limits<float>::infinity());
    const double before = std::nextafter(near, -std::numeric_limits<float>::infinity());
    for (const double x : {threshold, cut, std::nextafter(cut, kInfinity), std::nextafter(cut, -kInfinity),
                           static_cast<double>(near), next, before, kInfinity, -kInfinity, 0.0}) {
      expect_same_side(x, threshold);
    }
    for (const double x : kSpecial) expect_same_side(x, threshold);
  }
}

TEST(Float32Cut, ATieGoesToTheEvenNeighbour) {
  // 16777217 lies between the float32 16777216, whose last bit is 0, and 16777218.
  EXPECT_EQ(float32_cut(16777216.0), 16777217.0);
  EXPECT_LT(float32_cut(16777218.0), 16777219.0);
}

}  // namespace
}  // namespace scoria::model::tree
