#include "cli/numbers.h"

#include <gtest/gtest.h>

namespace scoria::cli {
namespace {

TEST(Numbers, CommasStandBetweenThousands) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(5376800), "5,376,800");
}

TEST(Numbers, CountsAreShortened) {
  EXPECT_EQ(short_count(789), "789");
  EXPECT_EQ(short_count(45'600), "46 k");
  EXPECT_EQ(short_count(12'345'678), "12.3 M");
}

}  // namespace
}  // namespace scoria::cli
