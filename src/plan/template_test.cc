#include "plan/template.h"

#include <gtest/gtest.h>

namespace scoria::plan {
namespace {

Template parsed(std::string_view text) { return Template::parse(text).value(); }

TEST(Template, FillsExpressionsWithRsText) {
  const expr::Constants constants{{"step", expr::Scalar{9}}, {"quantile", expr::Scalar{2.5}}};
  EXPECT_EQ(parsed("m/gbm_t{min(step, 7)}_q{quantile}.rds").fill(constants).value(), "m/gbm_t7_q2.5.rds");
}

TEST(Template, DoubledBracesAreBraces) { EXPECT_EQ(parsed("a{{b}}c").fill({}).value(), "a{b}c"); }

TEST(Template, RefusesABraceWithoutItsPartner) {
  for (const char* text : {"a{b", "a}b", "{"}) {
    const auto result = Template::parse(text);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_NE(result.error().message.find("brace"), std::string::npos) << result.error().message;
  }
}

TEST(Template, AnUnknownNameIsNamed) {
  const auto filled = parsed("{quantle}").fill({{"quantile", expr::Scalar{5}}});
  ASSERT_FALSE(filled.ok());
  EXPECT_NE(filled.error().message.find("quantle"), std::string::npos) << filled.error().message;
}

TEST(Template, AMissingValueIsRefused) {
  EXPECT_FALSE(parsed("{x}").fill({{"x", expr::Scalar::na(table::Type::integer)}}).ok());
}

TEST(Template, MatchesTheNamesItWouldFill) {
  EXPECT_EQ(parsed("data/{p}.csv").match("data/product1.csv", "p"), "product1");
  EXPECT_EQ(parsed("data/{p}.csv").match("data/.csv", "p"), std::nullopt);
  EXPECT_EQ(parsed("data/{p}.csv").match("data/product1.csv.gz", "p"), std::nullopt);
  EXPECT_EQ(parsed("{p}/{p}.csv").match("ab/ab.csv", "p"), "ab");
  EXPECT_EQ(parsed("{p}/{p}.csv").match("ab/ac.csv", "p"), std::nullopt);
}

}  // namespace
}  // namespace scoria::plan
