#include "batch/tasks.h"

#include "batch/cluster_for_tests.h"

namespace scoria::batch {
namespace {

using Strings = std::set<std::string>;

Status terminate(ClusterForTests& cluster, const std::string& task) {
  Status done = terminate_task(cluster.state(), "j", task, {});
  cluster.commit();
  return done;
}

struct OneNode : testing::Test {
  OneNode() {
    cluster.add_pool({});
    cluster.add_job();
  }
  ClusterForTests cluster;
};

TEST_F(OneNode, ATaskGoesFromActiveToRunningToCompleted) {
  cluster.add_task("t");
  EXPECT_EQ(cluster.state_of("t"), "active");
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "running");
  cluster.end("t", 0);
  const Json done = cluster.task("t");
  EXPECT_EQ(done["state"], "completed");
  EXPECT_EQ(done["previousState"], "running");
  EXPECT_EQ(done["executionInfo"]["result"], "success");
  EXPECT_EQ(done["executionInfo"]["exitCode"], 0);
  EXPECT_TRUE(done["executionInfo"].contains("endTime"));
  EXPECT_FALSE(done["executionInfo"].contains("failureInfo"));
  EXPECT_EQ(done["nodeInfo"]["nodeId"], cluster.node());
  EXPECT_EQ(done["nodeInfo"]["taskRootDirectory"], "workitems/j/job-1/t");
}

TEST_F(OneNode, ResultAndExitCodeAreLeftOutUntilTheyAreKnown) {
  cluster.add_task("t");
  Json info = cluster.task("t")["executionInfo"];
  EXPECT_EQ(info, (Json{{"retryCount", 0}, {"requeueCount", 0}}));
  cluster.run();
  info = cluster.task("t")["executionInfo"];
  EXPECT_TRUE(info.contains("startTime"));
  for (const char* key : {"result", "exitCode", "endTime", "failureInfo"}) EXPECT_FALSE(info.contains(key)) << key;
}

TEST_F(OneNode, ANonZeroExitIsAFailureOfTheUsers) {
  cluster.add_task("t");
  cluster.run();
  cluster.end("t", 3);
  const Json info = cluster.task("t")["executionInfo"];
  EXPECT_EQ(info["result"], "failure");
  EXPECT_EQ(info["exitCode"], 3);
  EXPECT_EQ(info["failureInfo"]["category"], "usererror");
  EXPECT_EQ(info["failureInfo"]["code"], "FailureExitCode");
}

TEST_F(OneNode, RetriesAreCountedAndEnd) {
  cluster.add_task("t", {{"constraints", {{"maxTaskRetryCount", 1}}}});
  cluster.run();
  cluster.end("t", 1);
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "running");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["retryCount"], 1);
  EXPECT_EQ(cluster.order_of("t").retry, 1);
  cluster.end("t", 1);
  EXPECT_EQ(cluster.state_of("t"), "completed");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["requeueCount"], 0);
}

TEST_F(OneNode, NothingIsRetriedThatDidNotRun) {
  cluster.add_task("t", {{"constraints", {{"maxTaskRetryCount", 5}}}});
  cluster.run();
  cluster.end_with("t", {.failure = spec::Failure{"usererror", "BlobNotFound", "no such blob", {}}});
  const Json info = cluster.task("t")["executionInfo"];
  EXPECT_EQ(info["result"], "failure");
  EXPECT_FALSE(info.contains("exitCode"));
  EXPECT_EQ(info["failureInfo"]["code"], "BlobNotFound");
}

TEST_F(OneNode, AnIdIsTakenWhateverItsCaseAndEvenWhenItsTaskIsOver) {
  cluster.add_task("t");
  EXPECT_EQ(code(cluster.try_task("T")), "TaskExists");
  cluster.run();
  cluster.end("t", 0);
  EXPECT_EQ(code(cluster.try_task("T")), "TaskExists");
  cluster.restart();
  EXPECT_EQ(code(cluster.try_task("T")), "TaskExists");
}

TEST_F(OneNode, ADeletedTasksIdIsFree) {
  cluster.add_task("t");
  cluster.run();
  cluster.end("t", 0);
  cluster.must(delete_task(cluster.state(), "j", "t", {}));
  cluster.commit();
  EXPECT_EQ(cluster.state_of("t"), "gone");
  EXPECT_EQ(cluster.counts()["succeeded"], 0);
  cluster.add_task("t");
  EXPECT_EQ(cluster.state_of("t"), "active");
}

TEST_F(OneNode, ADeletedRunningTaskIsStoppedOnItsNode) {
  cluster.add_task("t");
  cluster.run();
  cluster.must(delete_task(cluster.state(), "j", "t", {}));
  cluster.commit();
  EXPECT_EQ(cluster.state_of("t"), "gone");
  cluster.run();
  EXPECT_TRUE(cluster.running().empty());
}

TEST_F(OneNode, TerminatedIsCompletedAtOnceAndFreesItsSlot) {
  cluster.add_task("a");
  cluster.add_task("b");
  cluster.run();
  cluster.must(terminate(cluster, "a"));
  EXPECT_EQ(cluster.state_of("a"), "completed");
  EXPECT_EQ(cluster.task("a")["executionInfo"]["failureInfo"]["code"], "TaskEnded");
  EXPECT_EQ(code(terminate(cluster, "a")), "TaskCompleted");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"b"}));
}

TEST_F(OneNode, ReactivatedRunsAgainAndCountsItsRetriesAnew) {
  cluster.add_task("t", {{"constraints", {{"maxTaskRetryCount", 1}}}});
  cluster.run();
  EXPECT_EQ(code(reactivate_task(cluster.state(), "j", "t", {})), "TaskNotCompleted");
  cluster.end("t", 1);
  cluster.run();
  cluster.end("t", 1);
  ASSERT_EQ(cluster.state_of("t"), "completed");
  cluster.must(reactivate_task(cluster.state(), "j", "t", {}));
  cluster.commit();
  EXPECT_EQ(cluster.state_of("t"), "active");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["retryCount"], 0);
  cluster.run();
  cluster.end("t", 0);
  EXPECT_EQ(cluster.task("t")["executionInfo"]["result"], "success");
  EXPECT_EQ(code(reactivate_task(cluster.state(), "j", "t", {})), "TaskSucceeded");
  EXPECT_EQ(cluster.counts()["failed"], 0);
  EXPECT_EQ(cluster.counts()["succeeded"], 1);
}

TEST_F(OneNode, EndedAndReactivatedWithinOneCommitIsActive) {
  cluster.add_task("t");
  cluster.must(terminate_task(cluster.state(), "j", "t", {}));
  cluster.must(reactivate_task(cluster.state(), "j", "t", {}));
  cluster.commit();
  EXPECT_EQ(cluster.state_of("t"), "active");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"t"}));
}

TEST_F(OneNode, EndedAndDeletedWithinOneCommitIsGone) {
  cluster.add_task("t");
  cluster.must(terminate_task(cluster.state(), "j", "t", {}));
  cluster.must(delete_task(cluster.state(), "j", "t", {}));
  cluster.commit();
  EXPECT_EQ(cluster.state_of("t"), "gone");
}

TEST_F(OneNode, ConstraintsChangeWhileItIsNotOver) {
  cluster.add_task("t");
  cluster.must(update_task(cluster.state(), "j", "t", {{"constraints", {{"maxTaskRetryCount", 1}}}}, {}));
  cluster.commit();
  EXPECT_EQ(cluster.task("t")["constraints"]["maxTaskRetryCount"], 1);
  cluster.run();
  cluster.end("t", 1);
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "running");
  cluster.end("t", 0);
  EXPECT_EQ(code(update_task(cluster.state(), "j", "t", Json::object(), {})), "TaskCompleted");
}

TEST_F(OneNode, AConditionThatIsNotMetChangesNothing) {
  cluster.add_task("t");
  EXPECT_EQ(code(delete_task(cluster.state(), "j", "t", {.if_match = "\"0x1\""})), "ConditionNotMet");
  const std::string tag = cluster.task("t")["eTag"];
  EXPECT_EQ(code(delete_task(cluster.state(), "j", "t", {.if_match = "\"" + tag + "\""})), "");
}

TEST_F(OneNode, UnknownTasksAndJobsAreNotFound) {
  EXPECT_EQ(code(delete_task(cluster.state(), "j", "t", {})), "TaskNotFound");
  EXPECT_EQ(code(delete_task(cluster.state(), "k", "t", {})), "JobNotFound");
  EXPECT_EQ(code(add_tasks(cluster.state(), "k", {})), "JobNotFound");
}

TEST_F(OneNode, DependsOnNeedsTheJobsFlag) {
  EXPECT_EQ(code(cluster.try_task("t", {{"dependsOn", {{"taskIds", {"a"}}}}})), "TaskDependenciesNotSpecifiedOnJob");
}

TEST_F(OneNode, TasksActOnTheirJobOnlyWhereItSaysSo) {
  const Json act = {
      {"exitConditions", {{"exitCodes", Json::array({{{"code", 1}, {"exitOptions", {{"jobAction", "terminate"}}}}})}}}};
  EXPECT_EQ(code(cluster.try_task("t", act)), "InvalidPropertyValue");
  EXPECT_EQ(code(cluster.try_task("t", {{"exitConditions", {{"default", {{"jobAction", "disable"}}}}}})),
            "InvalidPropertyValue");
  EXPECT_TRUE(cluster.try_task("t", {{"exitConditions", {{"default", {{"jobAction", "none"}}}}}}).ok());
}

TEST_F(OneNode, ATaskLongerThanItsLimitIsEnded) {
  cluster.add_task("t", {{"constraints", {{"maxWallClockTime", "PT10S"}, {"maxTaskRetryCount", 3}}}});
  cluster.run();
  cluster.advance(std::chrono::seconds(9));
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "running");
  cluster.advance(std::chrono::seconds(8));  // the node's own watch and its grace come first
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "completed");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["failureInfo"]["code"], "TaskEnded");
}

TEST_F(OneNode, TheEnvironmentOfTheJobComesFirstAndTheTasksWins) {
  cluster.add_job(
      {{"commonEnvironmentSettings", {{{"name", "A"}, {"value", "job"}}, {{"name", "B"}, {"value", "job"}}}}}, "k");
  cluster.add_task("t", {{"environmentSettings", {{{"name", "B"}, {"value", "task"}}}}}, "k");
  cluster.run();
  const Json settings = cluster.order_of("t").spec["environmentSettings"];
  EXPECT_EQ(settings, (Json{{{"name", "A"}, {"value", "job"}}, {{"name", "B"}, {"value", "task"}}}));
}

TEST(PackageSetOfAPool, IsItsTasksUnlessTheySayOtherwise) {
  ClusterForTests cluster;
  const Json pool_set{{"name", "SCORIA_PACKAGE_SET"}, {"value", "r: caret"}};
  const Json own_set{{"name", "SCORIA_PACKAGE_SET"}, {"value", "r: gbm"}};
  cluster.add_pool({.slots = 2, .more = {{"metadata", Json::array({{{"name", "a"}, {"value", "b"}}, pool_set})}}});
  cluster.add_job();
  cluster.add_task("pools");
  cluster.add_task("own", {{"environmentSettings", Json::array({own_set})}});
  cluster.run();
  EXPECT_EQ(cluster.order_of("pools").spec["environmentSettings"], Json::array({pool_set}));
  EXPECT_EQ(cluster.order_of("own").spec["environmentSettings"], Json::array({own_set}));
}

struct Dependent : testing::Test {
  Dependent() {
    cluster.add_pool({.slots = 4});
    cluster.add_job({{"usesTaskDependencies", true}});
  }
  void add_after(const std::string& id, Json depends) { cluster.add_task(id, {{"dependsOn", std::move(depends)}}); }
  ClusterForTests cluster;
};

TEST_F(Dependent, WaitsForTheTasksThatItNames) {
  add_after("c", {{"taskIds", {"a", "B"}}});
  cluster.add_task("a");
  cluster.add_task("b");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"a", "b"}));
  cluster.end("a", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"b"}));
  cluster.end("b", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"c"}));
}

TEST_F(Dependent, AFailedTaskBlocksByDefaultUntilItSucceeds) {
  cluster.add_task("a");
  add_after("b", {{"taskIds", {"a"}}});
  cluster.run();
  cluster.end("a", 1);
  cluster.run();
  EXPECT_TRUE(cluster.running().empty());
  EXPECT_EQ(cluster.state_of("b"), "active");
  cluster.must(reactivate_task(cluster.state(), "j", "a", {}));
  cluster.commit();
  cluster.run();
  cluster.end("a", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"b"}));
}

TEST_F(Dependent, StillWaitsWhenItWasEndedAndIsReactivated) {
  cluster.add_task("a");
  cluster.add_task("b");
  add_after("c", {{"taskIds", {"a", "b"}}});
  cluster.must(terminate_task(cluster.state(), "j", "c", {}));
  cluster.commit();
  cluster.must(reactivate_task(cluster.state(), "j", "c", {}));
  cluster.commit();
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"a", "b"}));
  cluster.end("a", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"b"}));
  cluster.end("b", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"c"}));
}

TEST_F(Dependent, ExitConditionsSayWhatSatisfies) {
  const Json satisfy{{"exitOptions", {{"dependencyAction", "satisfy"}}}};
  Json conditions;
  conditions["exitCodes"] = Json::array({{{"code", 7}, {"exitOptions", {{"dependencyAction", "satisfy"}}}}});
  cluster.add_task("a", {{"exitConditions", conditions}});
  add_after("b", {{"taskIds", {"a"}}});
  cluster.run();
  cluster.end("a", 7);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"b"}));
  EXPECT_EQ(cluster.task("a")["executionInfo"]["result"], "failure");
}

TEST_F(Dependent, SuccessCanBeMadeToBlock) {
  Json conditions;
  conditions["exitCodeRanges"] =
      Json::array({{{"start", 0}, {"end", 0}, {"exitOptions", {{"dependencyAction", "block"}}}}});
  cluster.add_task("a", {{"exitConditions", conditions}});
  add_after("b", {{"taskIds", {"a"}}});
  cluster.run();
  cluster.end("a", 0);
  cluster.run();
  EXPECT_TRUE(cluster.running().empty());
}

TEST_F(Dependent, ARangeWaitsForTasksThatAreNotAddedYet) {
  add_after("merge", {{"taskIdRanges", {{{"start", 1}, {"end", 2}}}}});
  cluster.add_task("1");
  cluster.run();
  cluster.end("1", 0);
  cluster.run();
  EXPECT_TRUE(cluster.running().empty());
  cluster.restart();
  cluster.add_task("002");
  cluster.run();
  cluster.end("002", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"merge"}));
}

TEST_F(Dependent, WhatWasSatisfiedBeforeARestartStaysSo) {
  cluster.add_task("a");
  cluster.run();
  cluster.end("a", 0);
  cluster.restart();
  add_after("b", {{"taskIds", {"a"}}});
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"b"}));
}

TEST_F(Dependent, TheDefaultConditionIsNotForSuccess) {
  Json conditions;
  conditions["default"] = {{"dependencyAction", "satisfy"}};
  cluster.add_task("a", {{"exitConditions", conditions}});
  add_after("b", {{"taskIds", {"a"}}});
  cluster.run();
  cluster.end("a", 1);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"b"}));
}

}  // namespace
}  // namespace scoria::batch
