#include "batch/jobs.h"

#include "batch/cluster_for_tests.h"

namespace scoria::batch {
namespace {

using Strings = std::set<std::string>;

struct Jobs : testing::Test {
  Jobs() { cluster.add_pool({.slots = 2}); }
  Status terminate(const std::string& reason = "UserTerminate") {
    Status done = terminate_job(cluster.state(), "j", reason, {});
    cluster.commit();
    return done;
  }
  Status disable(const std::string& tasks) {
    Status done = disable_job(cluster.state(), "j", tasks, {});
    cluster.commit();
    return done;
  }
  ClusterForTests cluster;
};

TEST_F(Jobs, AnIdIsTakenWhateverItsCase) {
  cluster.add_job();
  EXPECT_EQ(code(batch::add_job(cluster.state(), {{"id", "J"}, {"poolInfo", {{"poolId", "p"}}}})), "JobExists");
}

TEST_F(Jobs, NeedTheirPool) {
  EXPECT_EQ(code(batch::add_job(cluster.state(), {{"id", "j"}, {"poolInfo", {{"poolId", "q"}}}})), "PoolNotFound");
  EXPECT_EQ(cluster.job_state(), "gone");
}

TEST_F(Jobs, ShowTheirDefaults) {
  cluster.add_job();
  const Json job = cluster.job();
  EXPECT_EQ(job["state"], "active");
  EXPECT_EQ(job["priority"], 0);
  EXPECT_EQ(job["onAllTasksComplete"], "noaction");
  EXPECT_EQ(job["executionInfo"]["poolId"], "p");
  EXPECT_TRUE(job["executionInfo"].contains("startTime"));
  EXPECT_EQ(job["constraints"]["maxWallClockTime"], "P10675199DT2H48M5.4775807S");
}

TEST_F(Jobs, TerminatedOnesEndTheirRunningTasksAndLeaveTheOthers) {
  cluster.add_job();
  for (const char* id : {"a", "b", "c"}) cluster.add_task(id);
  cluster.run();
  cluster.must(terminate("enough"));
  cluster.run();
  EXPECT_EQ(cluster.job_state(), "completed");
  EXPECT_EQ(cluster.job()["executionInfo"]["terminateReason"], "enough");
  EXPECT_EQ(cluster.state_of("a"), "completed");
  EXPECT_EQ(cluster.task("a")["executionInfo"]["failureInfo"]["code"], "TaskEnded");
  EXPECT_EQ(cluster.state_of("c"), "active");
  EXPECT_TRUE(cluster.running().empty());
  EXPECT_EQ(code(terminate()), "JobCompleted");
  EXPECT_EQ(code(cluster.try_task("d")), "JobCompleted");
}

TEST_F(Jobs, CompletedOnesLeaveMemoryAndAreStillFound) {
  cluster.add_job();
  cluster.must(terminate());
  cluster.commit();
  cluster.commit();
  EXPECT_TRUE(cluster.state().jobs.empty());
  EXPECT_EQ(code(terminate()), "JobCompleted");
  EXPECT_EQ(code(batch::add_job(cluster.state(), {{"id", "j"}, {"poolInfo", {{"poolId", "p"}}}})), "JobExists");
  cluster.must(delete_job(cluster.state(), "j", {}));
  cluster.commit();
  EXPECT_EQ(cluster.job_state(), "gone");
}

TEST_F(Jobs, DeletedOnesTakeTheirTasksWithThemAndTheIdIsFreeAtOnce) {
  cluster.add_job();
  cluster.add_task("t");
  cluster.run();
  cluster.must(delete_job(cluster.state(), "j", {}));
  cluster.commit();
  EXPECT_EQ(cluster.job_state(), "deleting");
  EXPECT_EQ(code(delete_job(cluster.state(), "j", {})), "JobBeingDeleted");
  cluster.run();
  EXPECT_EQ(cluster.job_state(), "gone");
  EXPECT_TRUE(cluster.running().empty());
  cluster.add_job();
  EXPECT_EQ(cluster.state_of("t"), "gone");
  cluster.add_task("t");
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "running");
}

TEST_F(Jobs, ADeletionGoesOnAfterARestart) {
  cluster.add_job();
  cluster.add_task("t");
  cluster.run();
  cluster.must(delete_job(cluster.state(), "j", {}));
  cluster.commit();
  cluster.restart();
  cluster.run();
  EXPECT_EQ(cluster.job_state(), "gone");
  EXPECT_TRUE(cluster.running().empty());
}

TEST_F(Jobs, ATerminationGoesOnAfterARestart) {
  cluster.add_job({{"jobPreparationTask", {{"commandLine", "prepare"}}}});
  cluster.add_task("t");
  cluster.run();
  cluster.must(terminate());
  cluster.restart();
  cluster.run();
  EXPECT_EQ(cluster.job_state(), "completed");
  EXPECT_TRUE(cluster.running().empty());
}

TEST_F(Jobs, DisabledWithRequeueTheirTasksRunAgainLater) {
  cluster.add_job();
  cluster.add_task("t");
  cluster.run();
  cluster.must(disable("requeue"));
  EXPECT_EQ(cluster.job_state(), "disabling");
  cluster.run();
  EXPECT_EQ(cluster.job_state(), "disabled");
  EXPECT_EQ(cluster.state_of("t"), "active");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["requeueCount"], 1);
  EXPECT_EQ(cluster.task("t")["executionInfo"]["retryCount"], 0);
  EXPECT_EQ(code(disable("requeue")), "JobDisabled");
  cluster.must(enable_job(cluster.state(), "j", {}));
  cluster.commit();
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "running");
}

TEST_F(Jobs, DisabledWithTerminateTheirTasksAreOver) {
  cluster.add_job();
  cluster.add_task("t", {{"constraints", {{"maxTaskRetryCount", 3}}}});
  cluster.run();
  cluster.must(disable("terminate"));
  cluster.run();
  EXPECT_EQ(cluster.job_state(), "disabled");
  EXPECT_EQ(cluster.state_of("t"), "completed");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["failureInfo"]["code"], "TaskEnded");
}

TEST_F(Jobs, DisabledWithWaitTheyDisableWhenTheirTasksAreOver) {
  cluster.add_job();
  cluster.add_task("t");
  cluster.run();
  cluster.must(disable("wait"));
  cluster.run();
  EXPECT_EQ(cluster.job_state(), "disabling");
  EXPECT_EQ(cluster.state_of("t"), "running");
  cluster.end("t", 0);
  EXPECT_EQ(cluster.job_state(), "disabled");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["result"], "success");
}

TEST_F(Jobs, TerminateWhenAllTasksAreComplete) {
  cluster.add_job();
  cluster.add_task("t");
  cluster.must(patch_job(cluster.state(), "j", {{"onAllTasksComplete", "terminatejob"}}, {}));
  cluster.commit();
  EXPECT_EQ(cluster.job_state(), "active");
  cluster.run();
  cluster.end("t", 0);
  EXPECT_EQ(cluster.job_state(), "completed");
  EXPECT_EQ(cluster.job()["executionInfo"]["terminateReason"], "AllTasksComplete");
}

TEST_F(Jobs, PatchedToEndWhenAllTasksAreCompleteAndTheyAreTheyEnd) {
  cluster.add_job();
  cluster.must(patch_job(cluster.state(), "j", {{"onAllTasksComplete", "terminatejob"}}, {}));
  cluster.commit();
  EXPECT_EQ(cluster.job_state(), "completed");
}

TEST_F(Jobs, AFailedTaskTerminatesWhereTheJobSaysSo) {
  cluster.add_job({{"onTaskFailure", "performexitoptionsjobaction"}});
  cluster.add_task("t");
  cluster.run();
  cluster.end("t", 1);
  EXPECT_EQ(cluster.job_state(), "completed");
  EXPECT_EQ(cluster.job()["executionInfo"]["terminateReason"], "TaskFailed");
}

TEST_F(Jobs, AnExitOptionDisables) {
  cluster.add_job({{"onTaskFailure", "performexitoptionsjobaction"}});
  Json conditions;
  conditions["default"] = {{"jobAction", "disable"}};
  cluster.add_task("t", {{"exitConditions", conditions}});
  cluster.run();
  cluster.end("t", 1);
  EXPECT_EQ(cluster.job_state(), "disabled");
}

TEST_F(Jobs, EndWhenTheirTimeIsOver) {
  cluster.add_job({{"constraints", {{"maxWallClockTime", "PT1M"}}}});
  cluster.add_task("t");
  cluster.run();
  cluster.advance(std::chrono::seconds(59));
  EXPECT_EQ(cluster.job_state(), "active");
  cluster.advance(std::chrono::seconds(2));
  cluster.run();
  EXPECT_EQ(cluster.job_state(), "completed");
  EXPECT_EQ(cluster.job()["executionInfo"]["terminateReason"], "MaxWallClockTimeExpiry");
}

TEST_F(Jobs, TheirDefaultRetriesCountForTasksThatSayNone) {
  cluster.add_job({{"constraints", {{"maxTaskRetryCount", 1}}}});
  cluster.add_task("t");
  cluster.run();
  cluster.end("t", 1);
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "running");
}

TEST_F(Jobs, PutBringsBackDefaults) {
  cluster.add_job({{"priority", 5}, {"metadata", {{{"name", "a"}, {"value", "b"}}}}});
  const std::string tag = cluster.job()["eTag"];
  cluster.must(update_job(cluster.state(), "j", {{"poolInfo", {{"poolId", "p"}}}}, {.if_match = tag}));
  cluster.commit();
  EXPECT_EQ(cluster.job()["priority"], 0);
  EXPECT_FALSE(cluster.job().contains("metadata"));
  EXPECT_NE(cluster.job()["eTag"], tag);
}

TEST_F(Jobs, CountTasksAndSlots) {
  cluster.add_job();
  cluster.add_task("a", {{"requiredSlots", 2}});
  cluster.add_task("b");
  cluster.run();
  EXPECT_EQ(cluster.counts()["running_slots"], 2);
  EXPECT_EQ(cluster.counts()["active"], 1);
  cluster.end("a", 1);
  cluster.run();
  cluster.end("b", 0);
  EXPECT_EQ(cluster.counts()["failed_slots"], 2);
  EXPECT_EQ(cluster.counts()["succeeded"], 1);
}

TEST_F(Jobs, AManagersEndEndsTheJob) {
  cluster.add_job({{"jobManagerTask",
                    {{"id", "m"}, {"commandLine", "manage"}, {"authenticationTokenSettings", {{"access", {"job"}}}}}}});
  cluster.add_task("t");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"m"}));  // exclusive: no other task beside it
  EXPECT_EQ(cluster.order_of("m").token, "token of j");
  EXPECT_EQ(cluster.order_of("m").slots, 2);
  cluster.end("m", 0);
  EXPECT_EQ(cluster.job_state(), "completed");
  EXPECT_EQ(cluster.job()["executionInfo"]["terminateReason"], "JMComplete");
}

TEST_F(Jobs, AManagerMayShareItsNodeAndLeaveItsJobAlive) {
  cluster.add_job(
      {{"jobManagerTask",
        {{"id", "m"}, {"commandLine", "manage"}, {"runExclusive", false}, {"killJobOnCompletion", false}}}});
  cluster.add_task("t");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"m", "t"}));
  cluster.end("m", 0);
  EXPECT_EQ(cluster.job_state(), "active");
}

TEST_F(Jobs, PreparationComesFirstAndOncePerNode) {
  cluster.add_job({{"jobPreparationTask", {{"commandLine", "prepare"}}}});
  cluster.add_task("a");
  cluster.add_task("b");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"jobpreparation"}));
  EXPECT_EQ(cluster.state_of("a"), "preparing");
  EXPECT_EQ(cluster.order_of("jobpreparation").preparation_directory, "workitems/j/job-1/jobpreparation");
  cluster.end("jobpreparation", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"a", "b"}));
  EXPECT_EQ(cluster.order_of("a").preparation_directory, "workitems/j/job-1/jobpreparation");
  ASSERT_EQ(cluster.preparations().size(), 1u);
  EXPECT_EQ(cluster.preparations()[0]["jobPreparationTaskExecutionInfo"]["result"], "success");
}

TEST_F(Jobs, AFailedPreparationBarsTheNodeForTheJobOnly) {
  cluster.add_job({{"jobPreparationTask", {{"commandLine", "prepare"}, {"constraints", {{"maxTaskRetryCount", 1}}}}}});
  cluster.add_task("a");
  cluster.run();
  cluster.end("jobpreparation", 1);
  cluster.run();
  EXPECT_EQ(cluster.preparations()[0]["jobPreparationTaskExecutionInfo"]["retryCount"], 1);
  cluster.end("jobpreparation", 1);
  cluster.run();
  EXPECT_TRUE(cluster.running().empty());
  EXPECT_EQ(cluster.state_of("a"), "active");
  EXPECT_EQ(cluster.preparations()[0]["jobPreparationTaskExecutionInfo"]["result"], "failure");
  cluster.add_job(Json::object(), "k");
  cluster.add_task("b", Json::object(), "k");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"k/b"}));
}

TEST_F(Jobs, TasksNeedNotWaitForAPreparationThatSaysSo) {
  cluster.add_job({{"jobPreparationTask", {{"commandLine", "prepare"}, {"waitForSuccess", false}}}});
  cluster.add_task("a");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"a", "jobpreparation"}));
}

TEST_F(Jobs, ReleaseRunsWherePreparationRanBeforeTheJobIsOver) {
  cluster.add_job(
      {{"jobPreparationTask", {{"commandLine", "prepare"}}}, {"jobReleaseTask", {{"commandLine", "release"}}}});
  cluster.add_task("a");
  cluster.run();
  cluster.end("jobpreparation", 0);
  cluster.run();
  cluster.must(terminate());
  cluster.run();
  EXPECT_EQ(cluster.job_state(), "terminating");
  EXPECT_EQ(cluster.running_tasks(), (Strings{"jobrelease"}));
  cluster.end("jobrelease", 0);
  EXPECT_EQ(cluster.job_state(), "completed");
  EXPECT_EQ(cluster.preparations()[0]["jobReleaseTaskExecutionInfo"]["result"], "success");
}

TEST_F(Jobs, ReleaseOfALostNodeIsNotWaitedFor) {
  cluster.add_job(
      {{"jobPreparationTask", {{"commandLine", "prepare"}}}, {"jobReleaseTask", {{"commandLine", "release"}}}});
  cluster.add_task("a");
  cluster.run();
  cluster.end("jobpreparation", 0);
  cluster.run();
  cluster.must(terminate());
  cluster.run();
  cluster.lose(cluster.node());
  EXPECT_EQ(cluster.job_state(), "completed");
}

}  // namespace
}  // namespace scoria::batch
