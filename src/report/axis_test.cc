#include "report/axis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace scoria::report {
namespace {

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> texts;
  for (const Tick& tick : axis.ticks) texts.push_back(tick.label);
  return texts;
}

using Texts = std::vector<std::string>;

TEST(ValueAxis, StartsAtZeroWhereTheDataAreNotFarFromIt) {
  EXPECT_EQ(labels(value_axis(8, 97, 5)), (Texts{"0", "20", "40", "60", "80", "100"}));
  EXPECT_EQ(labels(value_axis(92, 97, 5)), (Texts{"92", "93", "94", "95", "96", "97"}));
}

TEST(ValueAxis, WritesThousandsAndMillionsShort) {
  EXPECT_EQ(labels(value_axis(0, 150'000, 3)), (Texts{"0", "50k", "100k", "150k"}));
  EXPECT_EQ(labels(value_axis(0, 1'500'000, 3)), (Texts{"0", "0.5M", "1.0M", "1.5M"}));
  EXPECT_EQ(labels(value_axis(0, 3000, 3)), (Texts{"0", "1,000", "2,000", "3,000"}));
}

TEST(ValueAxis, WritesTheVeryLargeAndSmallWithAnExponent) {
  EXPECT_EQ(labels(value_axis(0, 4e-5, 4)), (Texts{"0", "1e-05", "2e-05", "3e-05", "4e-05"}));
  EXPECT_EQ(labels(value_axis(0, 3e20, 3)), (Texts{"0", "1e+20", "2e+20", "3e+20"}));
}

TEST(ValueAxis, PutsAConstantInTheMiddle) {
  const Axis axis = value_axis(8, 8, 5);
  EXPECT_LT(axis.low, 8);
  EXPECT_GT(axis.high, 8);
}

TEST(ValueAxis, HasFewFiniteTicksWithinItsEndsForAnyData) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> exponent(-320, 308.2);
  const auto number = [&] {
    const double sign = random() % 3 == 0 ? 0 : random() % 2 == 0 ? 1 : -1;
    return sign * std::pow(10, exponent(random));
  };
  for (int i = 0; i < 5000; ++i) {
    const double a = number();
    const double b = number();
    const double low = std::min(a, b);
    const double high = std::max(a, b);
    for (const Axis& axis : {value_axis(low, high, 5), time_axis(TimeKind::number, low, high, 7),
                             time_axis(TimeKind::date, low, high, 7)}) {
      ASSERT_TRUE(std::isfinite(axis.low) && std::isfinite(axis.high)) << low << " " << high;
      ASSERT_LT(axis.low, axis.high) << low << " " << high;
      ASSERT_LE(axis.ticks.size(), 50u) << low << " " << high;
      const double place = axis.place(low, 10, 20);
      ASSERT_TRUE(place >= 10 && place <= 20) << low << " " << high;
    }
  }
}

TEST(TimeAxis, TicksWeeksAtRoundNumbersInside) {
  EXPECT_EQ(labels(time_axis(TimeKind::number, 82, 120, 7)), (Texts{"90", "100", "110", "120"}));
}

TEST(TimeAxis, TicksDatesAtDaysMonthsAndYears) {
  EXPECT_EQ(labels(time_axis(TimeKind::date, 20454, 20457, 4)),
            (Texts{"2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"}));
  EXPECT_EQ(labels(time_axis(TimeKind::date, 20454, 20654, 3)), (Texts{"2026-01", "2026-04", "2026-07"}));
  EXPECT_EQ(labels(time_axis(TimeKind::date, 20454 - 1500, 20454, 6)), (Texts{"2022", "2023", "2024", "2025", "2026"}));
}

}  // namespace
}  // namespace scoria::report
