#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/iso8601.h"
#include "sched/recurrence.h"

namespace scoria::sched {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The next `count` firings after a time, in UTC, to the minute.
std::vector<std::string> firings(std::string_view text, std::string_view zone, std::string_view after, int count) {
  const auto cron = Cron::parse(text, zone);
  if (!cron.ok()) return {cron.error().message};
  std::vector<std::string> times;
  WallTime at = parse_time(after).value();
  for (int i = 0; i < count; ++i) {
    const auto next = cron.value().next(at);
    if (!next) {
      times.emplace_back("none");
      return times;
    }
    at = *next;
    times.push_back(format_time(at).substr(0, 16));
  }
  return times;
}

std::string first(std::string_view text, std::string_view after, std::string_view zone = "") {
  return firings(text, zone, after, 1)[0];
}

TEST(Cron, FiresStrictlyAfterTheTimeGiven) {
  EXPECT_EQ(first("0 6 * * *", "2026-11-02T05:59:59Z"), "2026-11-02T06:00");
  EXPECT_EQ(first("0 6 * * *", "2026-11-02T06:00:00Z"), "2026-11-03T06:00");
  EXPECT_EQ(first("* * * * *", "2026-11-02T06:00:00.5Z"), "2026-11-02T06:01");
}

TEST(Cron, ReadsListsRangesAndSteps) {
  EXPECT_THAT(
      firings("5,10-12 0 1 1 *", "", "2026-01-01T00:00:00Z", 5),
      ElementsAre("2026-01-01T00:05", "2026-01-01T00:10", "2026-01-01T00:11", "2026-01-01T00:12", "2027-01-01T00:05"));
  EXPECT_THAT(firings("*/20 3 * * *", "", "2026-01-01T00:00:00Z", 4),
              ElementsAre("2026-01-01T03:00", "2026-01-01T03:20", "2026-01-01T03:40", "2026-01-02T03:00"));
  EXPECT_THAT(firings("10-30/10 3 * * *", "", "2026-01-01T00:00:00Z", 3),
              ElementsAre("2026-01-01T03:10", "2026-01-01T03:20", "2026-01-01T03:30"));
  EXPECT_THAT(firings("50/5 3 * * *", "", "2026-01-01T00:00:00Z", 3),
              ElementsAre("2026-01-01T03:50", "2026-01-01T03:55", "2026-01-02T03:50"));
}

TEST(Cron, ReadsNamesInAnyCase) {
  EXPECT_THAT(firings("0 6 * * MON-fri", "", "2026-11-05T12:00:00Z", 3),  // a Thursday
              ElementsAre("2026-11-06T06:00", "2026-11-09T06:00", "2026-11-10T06:00"));
  EXPECT_EQ(first("0 0 1 Mar,sep *", "2026-04-01T00:00:00Z"), "2026-09-01T00:00");
}

TEST(Cron, TakesSundayAsZeroSevenAndTheEndOfARange) {
  for (const char* text : {"0 0 * * 0", "0 0 * * 7", "0 0 * * sun"}) {
    EXPECT_EQ(first(text, "2026-11-02T00:00:00Z"), "2026-11-08T00:00") << text;
  }
  for (const char* text : {"0 0 * * sat-sun", "0 0 * * 6-7", "0 0 * * 6,0"}) {
    EXPECT_THAT(firings(text, "", "2026-11-02T00:00:00Z", 3),
                ElementsAre("2026-11-07T00:00", "2026-11-08T00:00", "2026-11-14T00:00"))
        << text;
  }
}

TEST(Cron, FiresWhereEitherDayFieldMatchesWhenBothAreRestricted) {
  EXPECT_THAT(firings("0 0 13 * fri", "", "2026-11-01T00:00:00Z", 4),
              ElementsAre("2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00", "2026-11-27T00:00"));
  EXPECT_THAT(firings("0 0 10 * fri", "", "2026-11-01T00:00:00Z", 3),
              ElementsAre("2026-11-06T00:00", "2026-11-10T00:00", "2026-11-13T00:00"));
}

TEST(Cron, FiresWhereBothMatchWhenOneBeginsWithAStar) {
  // The odd days that are Mondays.
  EXPECT_THAT(firings("0 0 */2 * mon", "", "2026-11-01T00:00:00Z", 3),
              ElementsAre("2026-11-09T00:00", "2026-11-23T00:00", "2026-12-07T00:00"));
}

TEST(Cron, KnowsTheNamedTexts) {
  EXPECT_EQ(first("@hourly", "2026-11-02T06:00:00Z"), "2026-11-02T07:00");
  EXPECT_EQ(first("@daily", "2026-11-02T06:00:00Z"), "2026-11-03T00:00");
  EXPECT_EQ(first("@midnight", "2026-11-02T06:00:00Z"), "2026-11-03T00:00");
  EXPECT_EQ(first(" @Weekly ", "2026-11-02T06:00:00Z"), "2026-11-08T00:00");
  EXPECT_EQ(first("@monthly", "2026-11-02T06:00:00Z"), "2026-12-01T00:00");
  EXPECT_EQ(first("@yearly", "2026-11-02T06:00:00Z"), "2027-01-01T00:00");
  EXPECT_EQ(first("@annually", "2026-11-02T06:00:00Z"), "2027-01-01T00:00");
}

TEST(Cron, WaitsForTheTwentyNinthOfFebruary) {
  EXPECT_THAT(firings("0 12 29 2 *", "", "2026-11-02T06:00:00Z", 2),
              ElementsAre("2028-02-29T12:00", "2032-02-29T12:00"));
  EXPECT_EQ(first("0 12 29 2 *", "2096-03-01T00:00:00Z"),
            "none");  // 2100 has none, and 2104 is too far
  EXPECT_EQ(first("0 0 31 * *", "2026-11-01T00:00:00Z"), "2026-12-31T00:00");
}

// ---- clock changes: Europe/Zurich 2026-03-29 02:00 -> 03:00 and 2026-10-25 03:00 -> 02:00

TEST(CronInZurich, KeepsTheLocalHourThroughTheYear) {
  EXPECT_EQ(first("0 6 * * *", "2026-01-15T00:00:00Z", "Europe/Zurich"), "2026-01-15T05:00");
  EXPECT_EQ(first("0 6 * * *", "2026-07-15T00:00:00Z", "Europe/Zurich"), "2026-07-15T04:00");
}

TEST(CronInZurich, FiresAtTheChangeForATimeThatItSkips) {
  EXPECT_THAT(firings("30 2 * * *", "Europe/Zurich", "2026-03-28T00:00:00Z", 3),
              ElementsAre("2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"));
  EXPECT_THAT(firings("*/15 2,3 * * *", "Europe/Zurich", "2026-03-29T00:00:00Z",
                      3),  // once for all four skipped
              ElementsAre("2026-03-29T01:00", "2026-03-29T01:15", "2026-03-29T01:30"));
}

TEST(CronInZurich, FiresOnceTheFirstTimeForATimeThatTheChangeRepeats) {
  EXPECT_THAT(firings("30 2 * * *", "Europe/Zurich", "2026-10-24T12:00:00Z", 2),
              ElementsAre("2026-10-25T00:30", "2026-10-26T01:30"));
  EXPECT_EQ(first("30 2 * * *", "2026-10-25T00:30:00Z", "Europe/Zurich"), "2026-10-26T01:30");
  EXPECT_EQ(first("0 3 * * *", "2026-10-25T00:00:00Z", "Europe/Zurich"), "2026-10-25T02:00");
}

TEST(CronInZurich, FiresEveryHourThatPassesWhereTheHourIsOpen) {
  EXPECT_THAT(firings("0 * * * *", "Europe/Zurich", "2026-10-24T23:30:00Z", 4),
              ElementsAre("2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00", "2026-10-25T03:00"));
  EXPECT_THAT(firings("*/30 * * * *", "Europe/Zurich", "2026-03-29T00:00:00Z", 3),
              ElementsAre("2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30"));
}

// ---- America/New_York 2026-03-08 02:00 -> 03:00 (07:00 UTC) and 2026-11-01 02:00 -> 01:00 (06:00 UTC)

TEST(CronInNewYork, FiresAtTheChangeForATimeThatItSkips) {
  EXPECT_THAT(firings("15 2 * * *", "America/New_York", "2026-03-07T00:00:00Z", 3),
              ElementsAre("2026-03-07T07:15", "2026-03-08T07:00", "2026-03-09T06:15"));
}

TEST(CronInNewYork, FiresOnceTheFirstTimeForATimeThatTheChangeRepeats) {
  EXPECT_THAT(firings("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2),
              ElementsAre("2026-11-01T05:30", "2026-11-02T06:30"));
}

TEST(Cron, KnowsChangesAroundMidnight) {
  // Havana goes from 01:00 back to 00:00: half past midnight comes twice, and noon's day holds both.
  EXPECT_THAT(firings("30 0 * * *", "America/Havana", "2026-11-01T04:00:00Z", 2),
              ElementsAre("2026-11-01T04:30", "2026-11-02T05:30"));
  // Samoa left out 2011-12-30.
  EXPECT_THAT(firings("0 6 * * *", "Pacific/Apia", "2011-12-29T17:00:00Z", 2),
              ElementsAre("2011-12-30T10:00", "2011-12-30T16:00"));
}

struct WrongCronText {
  const char* text;
  const char* message;
};

class WrongCron : public ::testing::TestWithParam<WrongCronText> {};

TEST_P(WrongCron, IsAnErrorThatNamesTheField) {
  const auto cron = Cron::parse(GetParam().text, "");
  ASSERT_FALSE(cron.ok()) << GetParam().text;
  EXPECT_EQ(cron.error().code, Code::invalid);
  EXPECT_THAT(cron.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, WrongCron,
    ::testing::Values(
        WrongCronText{"", "has 0 fields: expected 5"}, WrongCronText{"* * * *", "has 4 fields"},
        WrongCronText{"0 0 * * * *", "has 6 fields"},
        WrongCronText{"60 * * * *", "'minute' is '60': '60' is not 0 to 59"}, WrongCronText{"* 24 * * *", "'hour'"},
        WrongCronText{"* * 0 * *", "'day of month' is '0': '0' is not 1 to 31"},
        WrongCronText{"* * * 13 *", "'month' is '13': '13' is not 1 to 12 or jan to dec"},
        WrongCronText{"* * * * 8", "'day of week' is '8': '8' is not 0 to 7 or sun to sat"},
        WrongCronText{"* * * foo *", "'foo' is not 1 to 12"}, WrongCronText{"* * * * jan", "'jan' is not 0 to 7"},
        WrongCronText{"5-1 * * * *", "the range '5-1' runs backwards"},
        WrongCronText{"*/0 * * * *", "the step after '/'"}, WrongCronText{"*/ * * * *", "the step after '/'"},
        WrongCronText{"*/60 * * * *", "must be 1 to 59"}, WrongCronText{"1,,2 * * * *", "missing beside a comma"},
        WrongCronText{"1, * * * *", "missing beside a comma"}, WrongCronText{"-1 * * * *", "'' is not 0 to 59"},
        WrongCronText{"1- * * * *", "'' is not 0 to 59"}, WrongCronText{"1-2-3 * * * *", "'2-3' is not"},
        WrongCronText{"** * * * *", "'**' is not"}, WrongCronText{"99999999999 * * * *", "is not 0 to 59"},
        WrongCronText{"@reboot", "'@reboot' is no known name"},
        WrongCronText{"0 0 30 2 *", "'day of month' is '30': no such day in the months '2'"},
        WrongCronText{"0 0 31 4,6,9,11 *", "it would never fire"}));

TEST(Cron, RefusesUnknownZones) {
  for (const char* zone : {"Mars/Olympus", "../../etc/passwd", "europe/zurich", "CEST", " "}) {
    const auto cron = Cron::parse("0 6 * * *", zone);
    ASSERT_FALSE(cron.ok()) << zone;
    EXPECT_EQ(cron.error().code, Code::invalid);
    EXPECT_THAT(cron.error().message, HasSubstr("is no time zone: expected a name of the IANA database")) << zone;
  }
}

TEST(Cron, LimitsTheText) {
  EXPECT_THAT(Cron::parse("0 " + std::string(2000, '1'), "").error().message, HasSubstr("at most 1024"));
}

}  // namespace
}  // namespace scoria::sched
