#include "report/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/axis.h"
#include "report/flag_chart.h"
#include "table/csv.h"

namespace scoria::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const FlagSpec kSpec{{"d", "s"}, "t", "v", "f"};

constexpr const char* kRows =
    "t,d,s,v,f\n"
    "2026-11-02 06:00:05,1,10,5,1\n2026-11-02 06:00:00,1,10,4,0\n2026-11-02 06:00:10,1,10,6,1\n"
    "2026-11-02 06:00:00,1,2,1,1\n2026-11-02 06:00:05,1,2,1,NA\n2026-11-02 06:00:00,2,<b>,1,0\n";

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(FlaggedSeries, CountsEachSeriesInOrderOfKeyAndTime) {
  const auto all = flagged_series(kSpec, table::read_csv(kRows).value());
  ASSERT_TRUE(all.ok()) << all.error().message;
  ASSERT_EQ(all.value().size(), 3u);
  const FlaggedSeries& two = all.value()[0];
  EXPECT_THAT(two.key, ElementsAre("1", "2"));
  EXPECT_EQ(two.rows, 1u);
  EXPECT_EQ(two.not_scored, 1u);
  EXPECT_EQ(two.share(), 1);
  const FlaggedSeries& ten = all.value()[1];
  EXPECT_THAT(ten.key, ElementsAre("1", "10"));
  EXPECT_EQ(ten.flagged, 2u);
  EXPECT_EQ(ten.longest_run, 2u);
  EXPECT_EQ(ten.first, "2026-11-02 06:00:05");
  EXPECT_EQ(ten.last, "2026-11-02 06:00:10");
}

TEST(FlagReport, MarksSeriesAboveTheShareAndEscapesWhatTheTableHolds) {
  const std::string page = render_flags({.title = "t", .spec = kSpec, .rows = table::read_csv(kRows).value()});
  EXPECT_EQ(count_of(page, "<figure class=\"series alarm\">"), 2u);
  EXPECT_EQ(count_of(page, "<figure class=\"series\">"), 1u);
  EXPECT_EQ(count_of(page, "<circle class=\"flagged\" cx"), 1 + 3u) << "the legend's and three points";
  EXPECT_THAT(page, HasSubstr("More than 50% of their rows are flagged: d 1, s 2; d 1, s 10."));
  EXPECT_THAT(page, Not(HasSubstr("<b></td>")));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;"));
}

TEST(FlagReport, DrawsTheLargestSharesWhereThereAreTooManySeries) {
  FlagReportInput input{.title = "t", .spec = kSpec, .rows = table::read_csv(kRows).value()};
  input.most_charts = 1;
  const std::string page = render_flags(input);
  EXPECT_EQ(count_of(page, "<figure"), 1u);
  EXPECT_THAT(page, HasSubstr("The 1 series with the largest shares, of 3."));
}

TEST(FlagReport, SaysWhatIsWrongWithTheTable) {
  FlagReportInput input{.title = "t", .spec = kSpec, .rows = table::read_csv("t,d,s,v\n1,1,1,1\n").value()};
  EXPECT_THAT(render_flags(input), HasSubstr("cannot be drawn"));
  EXPECT_THAT(render_flags(input), HasSubstr("&#39;f&#39;"));
}

TEST(FlagChart, StaysSmallWhateverTheNumberOfPoints) {
  FlagChart chart{.title = "x", .time = "t", .value = "v"};
  for (int i = 0; i < 200'000; ++i) chart.points.push_back({i / 1e3, i % 7 + 0.5, i % 2 == 0});
  const std::string svg = flag_chart(chart, {560, 210});
  EXPECT_LT(svg.size(), 600'000u);
  EXPECT_THAT(svg, HasSubstr("class=\"flagged\""));
}

TEST(FlagChart, HasAGapWhereValuesAreMissing) {
  FlagChart chart{.title = "x", .time = "t", .value = "v"};
  for (int i = 0; i < 6; ++i) chart.points.push_back({double(i), i == 3 ? std::nan("") : 1.0 + i, false});
  const std::string svg = flag_chart(chart, {560, 210});
  const std::string path = svg.substr(svg.find("history thin"));
  EXPECT_EQ(count_of(path.substr(0, path.find("/>")), "M"), 2u);
}

TEST(ClockAxis, ShowsMinutesAndTheDateAtMidnight) {
  const double day = 20000;  // 2024-10-04
  const Axis half_hour = clock_axis(day + 0.25, day + 0.25 + 30.0 / 1440, 7);
  ASSERT_EQ(half_hour.ticks.size(), 7u);
  EXPECT_EQ(half_hour.ticks[1].label, "06:05");
  const Axis night = clock_axis(day + 0.9, day + 1.1, 6);
  bool has_date = false;
  for (const Tick& tick : night.ticks) has_date = has_date || tick.label == "2024-10-05";
  EXPECT_TRUE(has_date);
  EXPECT_EQ(clock_axis(day, day + 400, 5).ticks.front().label.size(), 7u) << "months, as time_axis has them";
}

}  // namespace
}  // namespace scoria::report
