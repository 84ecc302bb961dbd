#include "model/kernel_machine/pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace scoria::model::kernel_machine {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

TEST(Pairs, OfClassesWithAsManyVotesTheFirstIsChosen) {
  const std::vector<double> each_one{1, -1, 1};  // 0 beats 1, 2 beats 0, 1 beats 2
  EXPECT_EQ(voted_class(3, each_one.data(), 1), 0u);
  const std::vector<double> last{-1, -1, -1};
  EXPECT_EQ(voted_class(3, last.data(), 1), 2u);
}

// libsvm asks whether a value is above 0, scikit-learn's decision values whether it is below.
TEST(Pairs, AValueOfZeroIsForTheSecondInVotesAndForTheFirstByClass) {
  const std::vector<double> zero{0.0};
  EXPECT_EQ(voted_class(2, zero.data(), 1), 1u);
  const std::vector<double> zeros{0.0, 0.0, 0.0};
  EXPECT_EQ(voted_class(3, zeros.data(), 1), 2u);
  std::vector<double> out(3);
  one_against_rest(3, zeros.data(), 1, out.data(), 1);
  EXPECT_THAT(out, ElementsAre(2, 1, 0));
}

TEST(Pairs, ValuesOfARowMayStandApart) {
  const std::vector<double> apart{-1, 9, 9, 1, 9, 9, 1, 9, 9};
  EXPECT_EQ(voted_class(3, apart.data(), 3), 1u);
}

TEST(Pairs, ConfidencesStayWithinAThirdOfAVote) {
  const std::vector<double> large{1e300, -1e300, 1e300};
  std::vector<double> out(3);
  one_against_rest(3, large.data(), 1, out.data(), 1);
  EXPECT_THAT(out, ElementsAre(1, DoubleNear(1, 0.34), 1));
}

TEST(Pairs, ProbabilitiesAddUpToOneAndFollowThePairs) {
  const std::vector<double> values{2, 1, -3};
  const std::vector<double> a{-1, -1, -1};
  const std::vector<double> b{0, 0, 0};
  std::vector<double> out(3);
  class_probabilities(3, values.data(), 1, a, b, TwoClasses::coupled, out);
  EXPECT_NEAR(out[0] + out[1] + out[2], 1, 1e-15);
  EXPECT_GT(out[0], out[2]);
  EXPECT_GT(out[2], out[1]);
}

TEST(Pairs, TwoClassesCanHaveTheirPairsOwnProbability) {
  const double value = 1.5;
  const std::vector<double> a{-2};
  const std::vector<double> b{0.25};
  std::vector<double> out(2);
  class_probabilities(2, &value, 1, a, b, TwoClasses::directly, out);
  EXPECT_DOUBLE_EQ(out[0], 1 / (1 + std::exp(-2.75)));
  EXPECT_DOUBLE_EQ(out[1], 1 - out[0]);
}

TEST(Pairs, NoProbabilityOfAPairIsZeroOrOne) {
  const double value = 1e300;
  const std::vector<double> a{-1e9};
  const std::vector<double> b{0};
  std::vector<double> out(2);
  class_probabilities(2, &value, 1, a, b, TwoClasses::directly, out);
  EXPECT_EQ(out[0], 1 - 1e-7);
  EXPECT_NEAR(out[1], 1e-7, 1e-16);
}

}  // namespace
}  // namespace scoria::model::kernel_machine
