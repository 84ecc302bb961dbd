#include "expr/date.h"

#include <gtest/gtest.h>

#include <cmath>

namespace scoria::expr {
namespace {

// R: as.numeric(as.Date("...")).
TEST(Date, DaysAreRs) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"1970-01-01", 0},     {"1969-12-31", -1},      {"2000-02-29", 11016},  {"1900-03-01", -25508},
      {"2024/12/31", 20088}, {"0001-01-01", -719162}, {"9999-12-31", 2932896}};
  for (const auto& [text, days] : cases) {
    ASSERT_TRUE(parse_moment(text)) << text;
    EXPECT_EQ(parse_moment(text)->days, days) << text;
    EXPECT_FALSE(parse_moment(text)->has_time);
  }
}

TEST(Date, TimesAreSecondsOfTheDay) {
  for (const char* text : {"2024-02-29 10:11:12", "2024-02-29T10:11:12Z", "  2024-02-29 10:11:12.0 "}) {
    const auto moment = parse_moment(text);
    ASSERT_TRUE(moment && moment->has_time) << text;
    EXPECT_EQ(moment->seconds, 36672) << text;
  }
}

TEST(Date, WhatIsNoDateIsNone) {
  for (const char* text :
       {"", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-01-32", "2024-1", "20240229", "2024-02-29x",
        "2024-02-29T", "2024-02-29 25:00", "2024-02-29 10:60", "2024-02/29", "NA", "today"})
    EXPECT_FALSE(parse_moment(text)) << text;
  EXPECT_FALSE(moment_of_days(std::nan("")));
  EXPECT_FALSE(moment_of_days(1e12));
  EXPECT_FALSE(moment_of_days(-1e300));
}

TEST(Date, FormatsAreReadAsStrptimeDoes) {
  EXPECT_EQ(parse_moment("29.02.24", "%d.%m.%y")->days, 19782);
  EXPECT_EQ(parse_moment("Feb 29, 2024 and more", "%b %d, %Y")->days, 19782);
  EXPECT_EQ(parse_moment("february 29 1968", "%B %d %Y")->days, -672);
  EXPECT_EQ(parse_moment("2024-060", "%Y-%j")->days, 19782);
  EXPECT_FALSE(parse_moment("30.02.24", "%d.%m.%y"));
  EXPECT_FALSE(parse_moment("29-02-24", "%d.%m.%y"));
}

// From the year 1000 on: earlier ones are written short, as R does.
TEST(Date, EveryDayComesBackFromItsText) {
  for (std::int64_t days = -354285; days <= 2932896; days += 97) {
    const Moment moment{days};
    const std::string text = format_moment(moment, "%Y-%m-%d");
    ASSERT_TRUE(parse_moment(text)) << text;
    EXPECT_EQ(parse_moment(text)->days, days) << text;
  }
}

}  // namespace
}  // namespace scoria::expr
