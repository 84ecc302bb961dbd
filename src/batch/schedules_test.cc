#include "batch/schedules.h"

#include "batch/pools_for_tests.h"
#include "batch/schedule_firing.h"

namespace scoria::batch {
namespace {

using std::chrono::minutes;

class SchedulesTest : public PoolsTest {
 protected:
  SchedulesTest() {
    settings.webhooks = {"http://receiver/"};
    start();
    EXPECT_TRUE(add({{"id", "p"}}).ok());
  }
  Status add_one(Json timetable, Json specification = Json::object()) {
    specification["poolInfo"] = {{"poolId", "p"}};
    const auto added =
        add_schedule(*state, {{"id", "s"}, {"schedule", std::move(timetable)}, {"jobSpecification", specification}});
    commit();
    return added.ok() ? Status(Ok{}) : Status(added.error());
  }
  Schedule& schedule() { return *state->schedules.at("s"); }
  std::uint64_t made() { return schedule().jobs_made; }
  void end_job_number(int number) {
    const auto ended = terminate_job(*state, "s:job-" + std::to_string(number), "done", {});
    ASSERT_TRUE(ended.ok()) << ended.error().message;
    commit();
    advance(Duration(0));
  }
  Json info() { return schedule_document(schedule())["executionInfo"]; }
};

TEST_F(SchedulesTest, TheFirstJobIsMadeAtOnce) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}}).ok());
  EXPECT_EQ(made(), 1u);
  EXPECT_TRUE(find_job(*state, "s:job-1").ok());
  EXPECT_EQ(info()["recentJob"]["id"], "s:job-1");
  EXPECT_EQ(info()["nextRunTime"], "2026-11-29T12:01:00.0000000Z");
  EXPECT_EQ(schedule_document(schedule())["state"], "active");
  EXPECT_EQ(schedule_document(schedule())["url"], "/jobschedules/s");
}

TEST_F(SchedulesTest, ARecurrenceBelowAMinuteIsRefused) {
  EXPECT_EQ(code_of(add_one({{"recurrenceInterval", "PT59S"}})), "InvalidPropertyValue");
  EXPECT_FALSE(state->schedules.contains("s"));
}

TEST_F(SchedulesTest, AJobIsMadeAtEveryRecurrence) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}}).ok());
  end_job_number(1);
  advance(std::chrono::seconds(59));
  EXPECT_EQ(made(), 1u);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(made(), 2u);
  end_job_number(2);
  advance(minutes(1));
  EXPECT_EQ(made(), 3u);
}

TEST_F(SchedulesTest, OneJobRunsAtATimeAndTheNextIsMadeWhenItEnds) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}}).ok());
  advance(minutes(1));
  advance(minutes(1));
  advance(minutes(1));
  EXPECT_EQ(made(), 1u);
  end_job_number(1);
  EXPECT_EQ(made(), 2u);
  end_job_number(2);
  EXPECT_EQ(made(), 2u);  // those between are one
  advance(minutes(1));
  EXPECT_EQ(made(), 3u);
}

TEST_F(SchedulesTest, AnOpportunityLapsesWithItsWindow) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT10M"}, {"startWindow", "PT2M"}}).ok());
  advance(minutes(10));
  advance(minutes(3));
  end_job_number(1);
  EXPECT_EQ(made(), 1u);
  ASSERT_FALSE(notices.empty());
  EXPECT_EQ(notices.back()["event"], "schedule.missed");
}

TEST_F(SchedulesTest, WithoutARecurrenceThereIsOneJobAndTheScheduleEndsWithIt) {
  ASSERT_TRUE(add_one(Json::object()).ok());
  EXPECT_EQ(made(), 1u);
  EXPECT_EQ(schedule_document(schedule())["state"], "active");
  end_job_number(1);
  EXPECT_EQ(schedule_document(schedule())["state"], "completed");
  EXPECT_TRUE(info().contains("endTime"));
  advance(minutes(100));
  EXPECT_EQ(made(), 1u);
}

TEST_F(SchedulesTest, NothingRunsBeforeDoNotRunUntil) {
  ASSERT_TRUE(add_one({{"doNotRunUntil", "2026-11-29T12:30:00Z"}, {"recurrenceInterval", "PT1H"}}).ok());
  EXPECT_EQ(made(), 0u);
  EXPECT_EQ(info()["nextRunTime"], "2026-11-29T12:30:00.0000000Z");
  advance(minutes(29));
  EXPECT_EQ(made(), 0u);
  advance(minutes(1));
  EXPECT_EQ(made(), 1u);
}

TEST_F(SchedulesTest, AScheduleEndsAfterDoNotRunAfterWhenNoJobIsActive) {
  ASSERT_TRUE(add_one({{"doNotRunAfter", "2026-11-29T12:01:30Z"}, {"recurrenceInterval", "PT1M"}}).ok());
  end_job_number(1);
  advance(minutes(1));
  ASSERT_EQ(made(), 2u);
  advance(minutes(1));
  EXPECT_EQ(schedule_document(schedule())["state"], "active");
  end_job_number(2);
  EXPECT_EQ(schedule_document(schedule())["state"], "completed");
}

TEST_F(SchedulesTest, AClockThatJumpsBackFiresNothingTwice) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}, {"overlap", "allow"}}).ok());
  advance(minutes(1));
  advance(minutes(1));
  ASSERT_EQ(made(), 3u);
  jump_wall(-minutes(2));
  for (int i = 0; i < 120; ++i) advance(std::chrono::seconds(1));
  EXPECT_EQ(made(), 3u);
  advance(minutes(1));
  EXPECT_EQ(made(), 4u);
}

TEST_F(SchedulesTest, ARestartFiresNothingTwice) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}, {"overlap", "allow"}}).ok());
  advance(minutes(1));
  ASSERT_EQ(made(), 2u);
  const Json before = schedule_document(schedule());
  start();
  advance(Duration(0));
  EXPECT_EQ(made(), 2u);
  EXPECT_EQ(schedule_document(schedule()), before);
  advance(minutes(1));
  EXPECT_EQ(made(), 3u);
}

TEST_F(SchedulesTest, WhatWasMissedIsMadeUpForOnce) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1H"}}).ok());
  end_job_number(1);
  advance(std::chrono::hours(5) + minutes(30));  // nobody looked
  EXPECT_EQ(made(), 2u);
  ASSERT_EQ(notices.size(), 2u);  // the end of the job, too
  EXPECT_EQ(notices[1]["event"], "schedule.missed");
  EXPECT_EQ(notices[1]["count"], 4);
}

TEST_F(SchedulesTest, WhatWasMissedIsLeftOutWhereNothingIsToBeCaughtUp) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1H"}, {"catchUp", "none"}}).ok());
  end_job_number(1);
  advance(std::chrono::hours(5) + minutes(30));
  EXPECT_EQ(made(), 1u);
  EXPECT_EQ(info()["nextRunTime"], "2026-11-29T18:00:00.0000000Z");
  advance(minutes(30));
  EXPECT_EQ(made(), 2u);
}

TEST_F(SchedulesTest, WhatWasMissedIsMadeUpForOneByOneWhereAllIsToBeCaughtUp) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1H"}, {"catchUp", "all"}}).ok());
  end_job_number(1);
  advance(std::chrono::hours(3) + minutes(30));
  EXPECT_EQ(made(), 2u);
  end_job_number(2);
  end_job_number(3);
  EXPECT_EQ(made(), 4u);
  end_job_number(4);
  EXPECT_EQ(made(), 4u);
}

TEST_F(SchedulesTest, AFiringIsSkippedWhereJobsMustNotOverlap) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}, {"overlap", "skip"}}).ok());
  advance(minutes(1));
  end_job_number(1);
  EXPECT_EQ(made(), 1u);
  advance(minutes(1));
  EXPECT_EQ(made(), 2u);
}

TEST_F(SchedulesTest, CronFiresInItsZone) {
  ASSERT_TRUE(add_one({{"cron", "30 14 * * *"}, {"timeZone", "Europe/Zurich"}}).ok());
  EXPECT_EQ(made(), 0u);
  EXPECT_EQ(info()["nextRunTime"], "2026-11-29T13:30:00.0000000Z");
  advance(minutes(90));
  EXPECT_EQ(made(), 1u);
  EXPECT_EQ(info()["nextRunTime"], "2026-11-30T13:30:00.0000000Z");
}

TEST_F(SchedulesTest, CronTextsThatAreNoneAreRefused) {
  EXPECT_EQ(code_of(add_one({{"cron", "61 * * * *"}})), "InvalidPropertyValue");
  EXPECT_EQ(code_of(add_one({{"cron", "0 6 * * *"}, {"timeZone", "Mars/Olympus"}})), "InvalidPropertyValue");
  EXPECT_EQ(code_of(add_one({{"cron", "0 6 * * *"}, {"recurrenceInterval", "PT1H"}})), "InvalidPropertyValue");
  EXPECT_EQ(code_of(add_one({{"recurrenceInterval", "PT1H"}, {"overlap", "maybe"}})), "InvalidPropertyValue");
}

TEST_F(SchedulesTest, TheNextFiringsAreToldInOrder) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT10M"}}).ok());
  const auto next = next_firings(*state, "s", 3);
  ASSERT_TRUE(next.ok());
  const WallTime noon = now.wall;
  EXPECT_EQ(next.value(), (std::vector<WallTime>{noon + minutes(10), noon + minutes(20), noon + minutes(30)}));
  EXPECT_EQ(code_of(next_firings(*state, "nope", 3)), "JobScheduleNotFound");
}

TEST_F(SchedulesTest, AJobNowLeavesTheTimetableAlone) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1H"}}).ok());
  end_job_number(1);
  const auto run = run_schedule_now(*state, "s");
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run.value(), "s:job-2");
  EXPECT_EQ(info()["nextRunTime"], "2026-11-29T13:00:00.0000000Z");
}

TEST_F(SchedulesTest, ADisabledScheduleMakesNothingAndMakesNothingUp) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}}).ok());
  end_job_number(1);
  ASSERT_TRUE(disable_schedule(*state, "s", {}).ok());
  EXPECT_EQ(schedule_document(schedule())["state"], "disabled");
  EXPECT_EQ(schedule_document(schedule())["previousState"], "active");
  advance(minutes(5));
  EXPECT_EQ(made(), 1u);
  ASSERT_TRUE(enable_schedule(*state, "s", {}).ok());
  commit();
  EXPECT_EQ(made(), 1u);
  advance(minutes(1));
  EXPECT_EQ(made(), 2u);
}

TEST_F(SchedulesTest, TerminatingEndsItsJobAndThenItself) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}}).ok());
  ASSERT_TRUE(terminate_schedule(*state, "s", {}).ok());
  commit();
  advance(Duration(0));
  EXPECT_EQ(schedule_document(schedule())["state"], "completed");
  const Job& job = *find_job(*state, "s:job-1").value();
  EXPECT_EQ(job.state, JobState::completed);
  EXPECT_EQ(job.terminate_reason, "TerminateJobSchedule");
  EXPECT_EQ(code_of(terminate_schedule(*state, "s", {})), "JobScheduleCompleted");
  EXPECT_EQ(code_of(run_schedule_now(*state, "s")), "JobScheduleCompleted");
}

TEST_F(SchedulesTest, DeletingTakesAllItsJobsAlong) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}}).ok());
  end_job_number(1);
  advance(minutes(1));
  ASSERT_TRUE(delete_schedule(*state, "s", {}).ok());
  EXPECT_EQ(schedule_document(schedule())["state"], "deleting");
  commit();
  for (int i = 0; i < 5; ++i) advance(std::chrono::seconds(1));
  EXPECT_FALSE(state->schedules.contains("s"));
  EXPECT_EQ(code_of(find_job(*state, "s:job-1")), "JobNotFound");
  EXPECT_EQ(code_of(find_job(*state, "s:job-2")), "JobNotFound");
  EXPECT_FALSE(store.get(store::Kind::schedule, "", "s").value());
}

TEST_F(SchedulesTest, JobsAndSchedulesShareTheirIds) {
  ASSERT_TRUE(add_job(*state, {{"id", "S"}, {"poolInfo", {{"poolId", "p"}}}}).ok());
  commit();
  EXPECT_EQ(code_of(add_one(Json::object())), "JobWithSameIdExists");
  ASSERT_TRUE(delete_job(*state, "S", {}).ok());
  commit();
  advance(std::chrono::seconds(1));
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}}).ok());
  EXPECT_EQ(code_of(add_one({{"recurrenceInterval", "PT1M"}})), "JobScheduleExists");
}

TEST_F(SchedulesTest, APatchChangesOnlyFutureJobs) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1M"}}, {{"priority", 1}}).ok());
  ASSERT_TRUE(
      patch_schedule(*state, "s", {{"jobSpecification", {{"priority", 7}, {"poolInfo", {{"poolId", "p"}}}}}}, {}).ok());
  EXPECT_EQ(find_job(*state, "s:job-1").value()->priority, 1);
  end_job_number(1);
  advance(minutes(1));
  EXPECT_EQ(find_job(*state, "s:job-2").value()->priority, 7);
  EXPECT_EQ(code_of(patch_schedule(*state, "s", {{"schedule", {{"recurrenceInterval", "PT1S"}}}}, {})),
            "InvalidPropertyValue");
  EXPECT_EQ(code_of(patch_schedule(*state, "s", Json::object(), {.if_match = "nope"})), "ConditionNotMet");
}

TEST_F(SchedulesTest, AnUpdateWithAnotherTimetableCountsFromNow) {
  ASSERT_TRUE(add_one({{"recurrenceInterval", "PT1H"}}).ok());
  end_job_number(1);
  advance(minutes(30));
  ASSERT_TRUE(
      update_schedule(
          *state, "s",
          {{"schedule", {{"recurrenceInterval", "PT7M"}}}, {"jobSpecification", {{"poolInfo", {{"poolId", "p"}}}}}}, {})
          .ok());
  commit();
  EXPECT_EQ(made(), 1u);
  EXPECT_EQ(info()["nextRunTime"], "2026-11-29T12:35:00.0000000Z");
}

}  // namespace
}  // namespace scoria::batch
