#include "base/iso8601.h"

#include <gtest/gtest.h>

namespace scoria {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Iso8601, TimesSurviveARoundTrip) {
  for (const char* text :
       {"2018-12-27T18:02:19.1234560Z", "1970-01-01T00:00:00.0000000Z", "2024-02-29T23:59:59.9999990Z"}) {
    EXPECT_EQ(format_time(parse_time(text).value()), text);
  }
}

TEST(Iso8601, ReadsOffsetsAndShortForms) {
  const WallTime noon = parse_time("2026-11-29T12:00:00Z").value();
  EXPECT_EQ(parse_time("2026-11-29T13:00:00+01:00").value(), noon);
  EXPECT_EQ(parse_time("2026-11-29T12:00Z").value(), noon);
  EXPECT_EQ(parse_time("Sun, 29 Nov 2026 12:00:00 GMT").value(), noon);
  EXPECT_EQ(format_http_time(noon), "Sun, 29 Nov 2026 12:00:00 GMT");
}

TEST(Iso8601, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "now", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-29T12:00:00Zx", "2026-11-29T25:00:00Z"}) {
    EXPECT_FALSE(parse_time(text).ok()) << text;
  }
}

TEST(Iso8601, DurationsSurviveARoundTrip) {
  for (const char* text : {"PT5M", "P7D", "PT0S", "PT1H30M", "P1DT0.5S", "PT15M1.25S", "P10675199DT2H48M5.4775807S"}) {
    if (std::string(text) == "P1DT0.5S") {
      EXPECT_EQ(parse_duration(text).value(), days(1) + std::chrono::milliseconds(500));
    }
    EXPECT_EQ(format_duration(parse_duration(text).value()), text);
  }
  EXPECT_EQ(parse_duration("P10675199DT2H48M5.4775807S").value(), kForever);
  EXPECT_EQ(parse_duration("PT90M").value(), hours(1) + minutes(30));
  EXPECT_EQ(parse_duration("P1W").value(), days(7));
  EXPECT_EQ(parse_duration("PT999999999999999999S").value(), kForever);
}

TEST(Iso8601, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "P", "PT", "5M", "PT5", "P5M", "PT5D", "P1Y", "-PT5M", "PT5M3H", "PT1.5M"}) {
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  }
}

}  // namespace
}  // namespace scoria
