#include "sched/recurrence.h"

#include <gtest/gtest.h>

#include "base/iso8601.h"

namespace scoria::sched {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

WallTime at(const char* text) { return parse_time(text).value(); }

std::string next(const Recurrence& recurrence, const char* last, const char* from) {
  const auto time = next_opportunity(recurrence, last ? std::optional<WallTime>(at(last)) : std::nullopt, at(from));
  return time ? format_time(*time).substr(0, 16) : "none";
}

// From 06:00, every hour.
Recurrence hourly() { return {.created = at("2026-11-02T06:00:00Z"), .interval = hours(1)}; }

TEST(Recurrence, ComesAtOnceAndThenEveryInterval) {
  EXPECT_EQ(next(hourly(), nullptr, "2026-11-02T06:00:00Z"), "2026-11-02T06:00");
  EXPECT_EQ(next(hourly(), nullptr, "2026-11-02T06:00:01Z"), "2026-11-02T06:00");
  EXPECT_EQ(next(hourly(), "2026-11-02T06:00:00Z", "2026-11-02T06:00:01Z"), "2026-11-02T07:00");
  EXPECT_EQ(next(hourly(), "2026-11-02T07:00:00Z", "2026-11-02T07:30:00Z"), "2026-11-02T08:00");
}

TEST(Recurrence, KeepsItsGridWhenAnOpportunityIsTakenLate) {
  EXPECT_EQ(next(hourly(), "2026-11-02T07:20:00Z", "2026-11-02T07:20:00Z"), "2026-11-02T08:00");
}

TEST(Recurrence, WithoutAWindowTheNewestMissedOneStaysOpen) {
  EXPECT_EQ(next(hourly(), "2026-11-02T07:00:00Z", "2026-11-02T11:40:00Z"), "2026-11-02T11:00");
  EXPECT_EQ(next(hourly(), "2026-11-02T11:00:00Z", "2026-11-02T11:40:00Z"), "2026-11-02T12:00");
}

TEST(Recurrence, AnOpportunityLapsesWithItsWindow) {
  Recurrence recurrence = hourly();
  recurrence.start_window = minutes(10);
  EXPECT_EQ(next(recurrence, "2026-11-02T07:00:00Z", "2026-11-02T11:10:00Z"), "2026-11-02T11:00");
  EXPECT_EQ(next(recurrence, "2026-11-02T07:00:00Z", "2026-11-02T11:10:01Z"), "2026-11-02T12:00");
  EXPECT_EQ(next(recurrence, nullptr, "2026-11-02T06:10:01Z"), "2026-11-02T07:00");
}

TEST(Recurrence, WithoutAnIntervalItComesOnce) {
  Recurrence once{.created = at("2026-11-02T06:00:00Z")};
  EXPECT_EQ(next(once, nullptr, "2026-11-02T06:00:00Z"), "2026-11-02T06:00");
  EXPECT_EQ(next(once, nullptr, "2026-12-02T06:00:00Z"), "2026-11-02T06:00");
  EXPECT_EQ(next(once, "2026-11-02T06:00:00Z", "2026-11-02T06:00:01Z"), "none");
  once.start_window = minutes(5);
  EXPECT_EQ(next(once, nullptr, "2026-11-02T06:05:00Z"), "2026-11-02T06:00");
  EXPECT_EQ(next(once, nullptr, "2026-11-02T06:05:01Z"), "none");
}

TEST(Recurrence, CountsFromDoNotRunUntil) {
  Recurrence recurrence = hourly();
  recurrence.not_before = at("2026-11-03T02:30:00Z");
  EXPECT_EQ(next(recurrence, nullptr, "2026-11-02T06:00:00Z"), "2026-11-03T02:30");
  EXPECT_EQ(next(recurrence, "2026-11-03T02:30:00Z", "2026-11-03T02:31:00Z"), "2026-11-03T03:30");
  // One that ran by hand before the first opportunity takes none away.
  EXPECT_EQ(next(recurrence, "2026-11-02T08:00:00Z", "2026-11-02T08:00:00Z"), "2026-11-03T02:30");
}

TEST(Recurrence, AWeeklyOneKeepsItsHourAndDay) {
  Recurrence weekly{
      .created = at("2026-11-01T00:00:00Z"), .not_before = at("2026-11-02T05:00:00Z"), .interval = hours(7 * 24)};
  EXPECT_EQ(next(weekly, "2026-11-02T05:00:00Z", "2026-11-02T05:00:00Z"), "2026-11-09T05:00");
  EXPECT_EQ(next(weekly, "2026-11-02T05:00:00Z", "2026-11-20T00:00:00Z"), "2026-11-16T05:00");
}

TEST(Recurrence, EndsWithDoNotRunAfter) {
  Recurrence recurrence = hourly();
  recurrence.not_after = at("2026-11-02T08:00:00Z");
  EXPECT_EQ(next(recurrence, "2026-11-02T07:00:00Z", "2026-11-02T07:00:01Z"), "2026-11-02T08:00");
  EXPECT_EQ(next(recurrence, "2026-11-02T08:00:00Z", "2026-11-02T08:00:00Z"), "none");
  EXPECT_EQ(next(recurrence, nullptr, "2026-11-02T08:00:01Z"),
            "none");  // open, but the end has passed
}

TEST(Recurrence, HoldsWithIntervalsThatNeverEnd) {
  Recurrence recurrence = hourly();
  recurrence.interval = kForever;
  EXPECT_EQ(next(recurrence, nullptr, "2026-11-02T06:00:00Z"), "2026-11-02T06:00");
  EXPECT_EQ(next(recurrence, "2026-11-02T06:00:00Z", "2026-11-02T06:00:00Z"), "none");
  recurrence.interval = Duration(0);
  EXPECT_EQ(next(recurrence, "2026-11-02T06:00:00Z", "2026-11-02T06:00:00Z"), "none");
}

}  // namespace
}  // namespace scoria::sched
