#include "serve/answer.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "base/na.h"

namespace scoria::serve {
namespace {

std::string reals(std::vector<double> values, NoNumber rule) {
  std::string out;
  const Status written = append_column(out, *table::Column::real(std::move(values)), rule);
  return written.ok() ? out : "refused";
}

TEST(Answer, WritesDoublesThatReadBackAsTheSameBits) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const std::string text = reals({value}, NoNumber::strict);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)), std::bit_cast<std::uint64_t>(value))
        << text;
  }
  EXPECT_EQ(reals({25.63073333333333, 0.1, -0.0, 100000}, NoNumber::strict), "25.63073333333333,0.1,-0,100000");
}

TEST(Answer, SaysWhatJsonHasNoNumberForByEachRule) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> values{na_real(), std::numeric_limits<double>::quiet_NaN(), infinity, -infinity};
  EXPECT_EQ(reals(values, NoNumber::text), R"("NA","NaN","Inf","-Inf")");
  EXPECT_EQ(reals(values, NoNumber::literal), "null,NaN,Infinity,-Infinity");
  EXPECT_EQ(reals({values[0], values[1]}, NoNumber::strict), "null,null");
  EXPECT_EQ(reals({infinity}, NoNumber::strict), "refused");
  EXPECT_EQ(reals({-infinity}, NoNumber::strict), "refused");
}

TEST(Answer, KnowsItsRulesByName) {
  EXPECT_EQ(no_number_named("literal").value(), NoNumber::literal);
  EXPECT_NE(no_number_named("lax").error().message.find("strict, text or literal"), std::string::npos);
}

TEST(Answer, WritesTextsThatAreJson) {
  std::string out;
  append_text(out, std::string("a\"\\\n\0\x1f\u00e4", 8));
  EXPECT_EQ(out, std::string("\"a\\\"\\\\\\u000a\\u0000\\u001f\u00e4\""));
}

TEST(Answer, WritesSeveralColumnsAsRecords) {
  table::Table table;
  table.add("prob:no", table::Column::real({0.25, 1}));
  table.add("prob:yes \"", table::Column::real({0.75, na_real()}));
  std::string out;
  ASSERT_TRUE(append_rows(out, table, NoNumber::strict).ok());
  EXPECT_EQ(out, R"([{"no":0.25,"yes \"":0.75},{"no":1,"yes \"":null}])");
}

}  // namespace
}  // namespace scoria::serve
