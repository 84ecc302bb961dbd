#include "base/natural_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace scoria {
namespace {

TEST(NaturalOrder, TakesDigitsByTheirValue) {
  const std::vector<std::string> in_order = {"",           "1",          "01",      "2",  "10",
                                             "model_2_10", "model_10_2", "model_a", "x9", "x10y"};
  std::vector<std::string> mixed = in_order;
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(mixed.begin(), mixed.end(), random);
    std::sort(mixed.begin(), mixed.end(), [](const auto& a, const auto& b) {
      return is_naturally_before(std::string_view(a), std::string_view(b));
    });
    std::vector<std::string> expected = in_order;
    std::swap(expected[1], expected[2]);  // of one value the text with more zeros goes first
    EXPECT_EQ(mixed, expected);
  }
}

TEST(NaturalOrder, IsStrict) {
  for (const char* text : {"", "7", "a7b"})
    EXPECT_FALSE(is_naturally_before(std::string_view(text), std::string_view(text)));
  EXPECT_TRUE(is_naturally_before(std::vector<std::string>{"1", "2"}, std::vector<std::string>{"1", "10"}));
  EXPECT_FALSE(is_naturally_before(std::vector<std::string>{"1", "10"}, std::vector<std::string>{"1", "2"}));
}

}  // namespace
}  // namespace scoria
