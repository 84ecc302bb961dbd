#include "sim/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace scoria::sim {
namespace {

// Expected numbers: published outputs of the authors' programs (Rosetta Code's of splitmix64; the tests of Rust's rand_xoshiro).
TEST(Random, StepsAsTheReferenceProgramsDo) {
  std::uint64_t seed = 1234567;
  EXPECT_EQ(splitmix64(seed), 6457827717110365317u);
  EXPECT_EQ(splitmix64(seed), 3203168211198807973u);
  std::array<std::uint64_t, 4> state = {1, 2, 3, 4};
  EXPECT_EQ(xoshiro256(state), 11520u);
  EXPECT_EQ(xoshiro256(state), 0u);
  EXPECT_EQ(xoshiro256(state), 1509978240u);
  EXPECT_EQ(xoshiro256(state), 1215971899390074240u);
}

TEST(Random, StaysWithinItsBoundsAndReachesThem) {
  Random random(1);
  std::vector<int> seen(3);
  for (int i = 0; i < 200; ++i) ++seen[random.below(3)];
  EXPECT_GT(*std::min_element(seen.begin(), seen.end()), 40);
  std::int64_t least = 9, most = -9;
  for (int i = 0; i < 200; ++i) {
    const std::int64_t number = random.between(-2, 2);
    least = std::min(least, number);
    most = std::max(most, number);
  }
  EXPECT_EQ(least, -2);
  EXPECT_EQ(most, 2);
  EXPECT_EQ(random.between(INT64_MIN, INT64_MAX) == random.between(INT64_MIN, INT64_MAX), false);
}

TEST(Random, NeverTakesAChanceOfZeroAndAlwaysOneOfOne) {
  Random random(2);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1));
  }
}

TEST(Random, ForksStreamsByNameAlone) {
  Random one(7), other(7);
  other.next();
  EXPECT_EQ(one.fork("disk").next(), other.fork("disk").next());
  EXPECT_NE(one.fork("disk").next(), one.fork("network").next());
  EXPECT_NE(one.fork("disk").next(), Random(8).fork("disk").next());
  EXPECT_NE(one.fork("disk").fork("a").next(), one.fork("network").fork("a").next());
}

TEST(Random, ShufflesWithoutLosingAny) {
  Random random(3);
  std::vector<int> numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<int> sorted = numbers;
  random.shuffle(numbers);
  EXPECT_NE(numbers, sorted);
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(numbers, sorted);
}

}  // namespace
}  // namespace scoria::sim
