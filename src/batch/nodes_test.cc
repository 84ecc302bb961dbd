#include "batch/nodes.h"

#include "batch/attempts.h"
#include "batch/pools_for_tests.h"

namespace scoria::batch {
namespace {

TEST_F(NodesTest, ANodeIsCreatingThenStartingThenIdle) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  EXPECT_EQ(node("p").state, State_::creating);
  report_status(scoria::pool::NodeStatus::State::starting);
  EXPECT_EQ(node("p").state, State_::starting);
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::idle);
}

TEST_F(NodesTest, ADocumentHasWhatClientsRead) {
  one_node({{"vmSize", "STANDARD_A1"}});
  const Json document = node_document(node("p"));
  EXPECT_EQ(document["url"], "/pools/p/nodes/" + node("p").id);
  EXPECT_EQ(document["state"], "idle");
  EXPECT_EQ(document["schedulingState"], "enabled");
  EXPECT_EQ(document["vmSize"], "STANDARD_A1");
  EXPECT_EQ(document["isDedicated"], true);
  EXPECT_EQ(document["ipAddress"], "10.0.0.4");
  EXPECT_EQ(document["totalTasksRun"], 0);
  EXPECT_EQ(document["nodeAgentInfo"]["version"], "1");
  for (const char* key : {"stateTransitionTime", "lastBootTime", "allocationTime", "affinityId", "runningTasksCount",
                          "runningTaskSlotsCount", "totalTasksSucceeded"}) {
    EXPECT_TRUE(document.contains(key)) << key;
  }
  for (const char* key : {"errors", "startTask", "startTaskInfo", "~"}) EXPECT_FALSE(document.contains(key)) << key;
}

TEST_F(NodesTest, ANodeRunsWhileItHasTasks) {
  one_node();
  run_a_task();
  EXPECT_EQ(node_document(node("p"))["runningTasksCount"], 1);
  end("p", node("p").id, 0);
  EXPECT_EQ(node("p").state, State_::idle);
  EXPECT_EQ(node_document(node("p"))["totalTasksSucceeded"], 1);
}

TEST_F(NodesTest, ANodeWaitsForTheSuccessOfItsStartTask) {
  one_node({{"startTask", {{"commandLine", "setup"}, {"waitForSuccess", true}}}});
  EXPECT_EQ(node("p").state, State_::waitingforstarttask);
  EXPECT_EQ(node_document(node("p"))["startTaskInfo"]["state"], "running");
  ASSERT_EQ(agent(node("p")).started.size(), 1u);
  EXPECT_EQ(agent(node("p")).started[0].kind, spec::RunKind::start_task);
  EXPECT_EQ(agent(node("p")).started[0].spec["commandLine"], "setup");
  end("p", node("p").id, 0);
  EXPECT_EQ(node("p").state, State_::idle);
  const Json info = node_document(node("p"))["startTaskInfo"];
  EXPECT_EQ(info["state"], "completed");
  EXPECT_EQ(info["result"], "success");
  EXPECT_EQ(info["exitCode"], 0);
  EXPECT_EQ(info["retryCount"], 0);
}

TEST_F(NodesTest, NoTaskRunsBeforeTheStartTaskHas) {
  one_node({{"startTask", {{"commandLine", "setup"}, {"waitForSuccess", true}}}});
  add_job_with("j", "p", 1);
  sync("p", node("p").id);
  EXPECT_EQ(agent(node("p")).started.size(), 1u);
  end("p", node("p").id, 0);
  sync("p", node("p").id);
  EXPECT_EQ(agent(node("p")).started.size(), 2u);
}

TEST_F(NodesTest, ANodeThatDoesNotWaitForItsStartTaskIsIdleAtOnce) {
  one_node({{"startTask", {{"commandLine", "setup"}, {"waitForSuccess", false}}}});
  EXPECT_EQ(node("p").state, State_::idle);
  end("p", node("p").id, 1);
  EXPECT_EQ(node("p").state, State_::idle);
}

TEST_F(NodesTest, AStartTaskIsRetriedAsOftenAsItSays) {
  one_node({{"startTask", {{"commandLine", "setup"}, {"waitForSuccess", true}, {"maxTaskRetryCount", 2}}}});
  end("p", node("p").id, 1);
  end("p", node("p").id, 1);
  EXPECT_EQ(node("p").state, State_::waitingforstarttask);
  EXPECT_EQ(node_document(node("p"))["startTaskInfo"]["retryCount"], 2);
  end("p", node("p").id, 3);
  EXPECT_EQ(node("p").state, State_::starttaskfailed);
  const Json info = node_document(node("p"))["startTaskInfo"];
  EXPECT_EQ(info["result"], "failure");
  EXPECT_EQ(info["exitCode"], 3);
  EXPECT_EQ(info["failureInfo"]["code"], "FailureExitCode");
  EXPECT_EQ(node_document(node("p"))["errors"][0]["code"], "StartTaskFailed");
}

TEST_F(NodesTest, AStartTaskGoesOnOverARestartOfTheServer) {
  one_node({{"startTask", {{"commandLine", "setup"}, {"waitForSuccess", true}}}});
  sync("p", node("p").id);
  start();
  sync("p", node("p").id);
  EXPECT_EQ(agent(node("p")).started.size(), 1u);
  end("p", node("p").id, 0);
  EXPECT_EQ(node("p").state, State_::idle);
}

TEST_F(NodesTest, ARebootRunsTheStartTaskAgain) {
  one_node({{"startTask", {{"commandLine", "setup"}, {"waitForSuccess", true}}}});
  end("p", node("p").id, 0);
  ASSERT_TRUE(reboot_node(*state, "p", node("p").id, "").ok());
  commit();
  EXPECT_EQ(node("p").state, State_::rebooting);
  EXPECT_EQ(code_of(reboot_node(*state, "p", node("p").id, "")), "NodeStateUnusable");
  EXPECT_EQ(sync("p", node("p").id).order, spec::NodeOrder::reboot);
  EXPECT_EQ(node("p").state, State_::rebooting);
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::waitingforstarttask);
  end("p", node("p").id, 0);
  EXPECT_EQ(node("p").state, State_::idle);
}

TEST_F(NodesTest, AReimageIsAStateOfItsOwn) {
  one_node();
  ASSERT_TRUE(reimage_node(*state, "p", node("p").id, "terminate").ok());
  commit();
  EXPECT_EQ(node("p").state, State_::reimaging);
  EXPECT_EQ(sync("p", node("p").id).order, spec::NodeOrder::reimage);
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::idle);
}

TEST_F(NodesTest, AReimageRunsAJobsPreparationAgainEvenAfterARestartOfTheServer) {
  one_node();
  add_job_with("j", "p", 1, {{"jobPreparationTask", {{"commandLine", "prepare"}}}});
  const auto run_one = [&] {
    sync("p", node("p").id);
    end("p", node("p").id, 0);
  };
  run_one();
  run_one();
  ASSERT_EQ(find_job(*state, "j").value()->counts.succeeded, 1u);
  ASSERT_TRUE(reimage_node(*state, "p", node("p").id, "").ok());
  commit();
  sync("p", node("p").id);
  sync("p", node("p").id);
  start();
  add_tasks_to("j", 1);
  sync("p", node("p").id);
  sync("p", node("p").id);
  ASSERT_EQ(agent(node("p")).started.size(), 3u);
  EXPECT_EQ(agent(node("p")).started[2].kind, spec::RunKind::preparation);
}

TEST_F(NodesTest, ALocalNodeHasTheDevicesThatItWasGivenWhateverItSees) {
  settings.machine_devices = 2;
  settings.sizes["gpu"] = {.name = "gpu", .cores = 1, .gpus = 1};
  start();
  one_node({{"vmSize", "gpu"}});
  spec::SyncRequest request{.session = "other", .sequence = 1};
  request.facts = spec::NodeFacts{.devices = {0, 1}, .boot_id = node("p").facts.boot_id};
  ASSERT_TRUE(heard_from(*state, node("p"), request).ok());
  EXPECT_EQ(node("p").facts.devices, std::vector<int>{0});
  EXPECT_EQ(node("p").free_devices, std::set<int>{0});
}

TEST_F(NodesTest, ADeviceThatTwoAttemptsHaveIsFreeWhenBothAreOver) {
  one_node();
  node("p").facts.devices = {0, 1};
  // As after a restart: what a job that is being deleted ran is stored as if it still did.
  const AttemptId stale = new_attempt(*state, node("p"), spec::RunKind::start_task, nullptr).id;
  const AttemptId other = new_attempt(*state, node("p"), spec::RunKind::start_task, nullptr).id;
  node("p").attempts.at(stale).devices = {0};
  node("p").attempts.at(other).devices = {0};
  erase_attempt(*state, node("p"), stale);
  EXPECT_EQ(node("p").free_devices, std::set<int>{1});
  erase_attempt(*state, node("p"), other);
  EXPECT_EQ(node("p").free_devices, (std::set<int>{0, 1}));
}

TEST_F(NodesTest, ARebootGivesTasksBackFirst) {
  one_node();
  run_a_task();
  ASSERT_TRUE(reboot_node(*state, "p", node("p").id, "requeue").ok());
  commit();
  EXPECT_EQ(node("p").state, State_::running);
  sync("p", node("p").id);
  sync("p", node("p").id);
  EXPECT_EQ(task().requeue_count, 1);
  EXPECT_EQ(task().retry_count, 0);
  sync("p", node("p").id);
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::running);  // again, on the node that was rebooted
}

TEST_F(NodesTest, ARebootAfterTaskCompletionWaitsForTheTask) {
  one_node();
  run_a_task();
  ASSERT_TRUE(reboot_node(*state, "p", node("p").id, "taskcompletion").ok());
  commit();
  add_tasks_to("j", 1);
  advance(std::chrono::seconds(10));
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::running);
  EXPECT_EQ(agent(node("p")).started.size(), 1u);
  agent(node("p")).held.clear();
  sync("p", node("p").id,
       {{.kind = spec::Event::Kind::ended, .attempt = agent(node("p")).started[0].attempt, .exit_code = 0}});
  EXPECT_EQ(node("p").state, State_::rebooting);
}

TEST_F(NodesTest, ADeletedJobsDirectoryGoesFromItsNodesThoughItWasCompleted) {
  one_node();
  run_a_task();
  end("p", node("p").id, 0);
  ASSERT_TRUE(terminate_job(*state, "j", "", {}).ok());
  commit();
  ASSERT_EQ(find_job(*state, "j").value()->state, JobState::completed);
  EXPECT_TRUE(sync("p", node("p").id).remove_jobs.empty());
  ASSERT_TRUE(delete_job(*state, "j", {}).ok());
  commit();
  EXPECT_EQ(sync("p", node("p").id).remove_jobs, std::vector<std::string>{"workitems/j"});
  EXPECT_TRUE(sync("p", node("p").id).remove_jobs.empty());
  EXPECT_EQ(sync("p", node("p").id).remove_jobs.size(), 1u);  // told again, as it may have got lost
  agent(node("p")).removed = {"workitems/j"};
  sync("p", node("p").id);
  EXPECT_TRUE(node("p").remove_jobs.empty());
}

TEST_F(NodesTest, ADirectoryThatIsInUseAgainIsNotRemoved) {
  one_node();
  run_a_task();
  end("p", node("p").id, 0);
  ASSERT_TRUE(delete_job(*state, "j", {}).ok());
  commit();
  add_job_with("j", "p", 1);
  const auto reply = sync("p", node("p").id);
  EXPECT_EQ(reply.remove_jobs.size(), 1u);
  EXPECT_EQ(reply.start.size(), 1u);
  EXPECT_TRUE(node("p").remove_jobs.empty());
}

TEST_F(NodesTest, ADisabledNodeIsOfflineOnceDrained) {
  one_node();
  run_a_task();
  ASSERT_TRUE(disable_scheduling(*state, "p", node("p").id, "taskcompletion").ok());
  commit();
  EXPECT_EQ(node("p").state, State_::running);
  EXPECT_EQ(node_document(node("p"))["schedulingState"], "disabled");
  add_tasks_to("j", 1);
  end("p", node("p").id, 0);
  EXPECT_EQ(node("p").state, State_::offline);
  EXPECT_EQ(agent(node("p")).started.size(), 1u);
  EXPECT_EQ(code_of(disable_scheduling(*state, "p", node("p").id, "")), "NodeAlreadyInTargetSchedulingState");
  ASSERT_TRUE(enable_scheduling(*state, "p", node("p").id).ok());
  commit();
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::running);
  EXPECT_EQ(code_of(enable_scheduling(*state, "p", node("p").id)), "NodeAlreadyInTargetSchedulingState");
}

TEST_F(NodesTest, DisablingWithRequeueGivesTasksBack) {
  one_node();
  run_a_task();
  ASSERT_TRUE(disable_scheduling(*state, "p", node("p").id, "requeue").ok());
  commit();
  sync("p", node("p").id);
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::offline);
  EXPECT_EQ(task().state, TaskState::active);
  EXPECT_EQ(task().requeue_count, 1);
}

TEST_F(NodesTest, APreemptedNodesTasksAreRequeuedWithoutARetry) {
  one_node({{"targetLowPriorityNodes", 1}});
  run_a_task();
  settings = state->settings;
  state->settings.machine_cores = 0;  // no room to come back
  ASSERT_TRUE(preempt_node(*state, "p", node("p").id).ok());
  commit();
  EXPECT_EQ(node("p").state, State_::running);
  const auto reply = sync("p", node("p").id);
  ASSERT_EQ(reply.stop.size(), 1u);
  EXPECT_EQ(reply.stop[0].reason, "preempted");
  EXPECT_EQ(reply.stop[0].grace_ms, 5000);
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::preempted);
  EXPECT_EQ(task().state, TaskState::active);
  EXPECT_EQ(task().requeue_count, 1);
  EXPECT_EQ(task().retry_count, 0);
  EXPECT_TRUE(asked.empty());
}

TEST_F(NodesTest, APreemptedNodeIsTakenEvenWhenItsTaskDoesNotStop) {
  one_node({{"targetLowPriorityNodes", 1}});
  run_a_task();
  agent(node("p")).obeys = false;
  state->settings.machine_cores = 0;
  ASSERT_TRUE(preempt_node(*state, "p", node("p").id).ok());
  commit();
  sync("p", node("p").id);
  advance(std::chrono::seconds(7));
  EXPECT_EQ(node("p").state, State_::preempted);
  EXPECT_EQ(task().state, TaskState::active);
}

TEST_F(NodesTest, APreemptedNodeComesBackThroughStartingWhenThereIsRoom) {
  one_node({{"targetLowPriorityNodes", 1}});
  const std::string id = node("p").id;
  state->settings.machine_cores = 0;
  ASSERT_TRUE(preempt_node(*state, "p", id).ok());
  commit();
  ASSERT_EQ(node("p").state, State_::preempted);
  state->settings.machine_cores = 1;
  advance(std::chrono::seconds(1));
  ASSERT_EQ(asked.size(), 1u);
  report_status();
  EXPECT_EQ(node("p").state, State_::starting);
  EXPECT_EQ(node("p").id, id);
  sync("p", id);
  EXPECT_EQ(node("p").state, State_::idle);
}

TEST_F(NodesTest, DedicatedNodesTakeTheCoresOfLowPriorityOnes) {
  settings.machine_cores = 2;
  start();
  ASSERT_TRUE(add({{"id", "low"}, {"targetLowPriorityNodes", 2}}).ok());
  come_up();
  ASSERT_EQ(count("low", State_::idle), 2u);
  ASSERT_TRUE(add({{"id", "high"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  EXPECT_EQ(count("high", State_::idle), 1u);
  EXPECT_EQ(count("low", State_::preempted), 1u);
  EXPECT_EQ(count("low", State_::idle), 1u);
  EXPECT_FALSE(pool_document(pool("high")).contains("resizeErrors"));
  EXPECT_EQ(pool_document(pool("low"))["currentLowPriorityNodes"], 2);
  ASSERT_TRUE(delete_pool(*state, "high", {}).ok());
  commit();
  come_up();
  advance(std::chrono::seconds(1));
  come_up();
  EXPECT_EQ(count("low", State_::idle), 2u);
}

TEST_F(NodesTest, DedicatedNodesAreNotPreempted) {
  one_node();
  EXPECT_EQ(code_of(preempt_node(*state, "p", node("p").id)), "OperationInvalidForCurrentState");
}

TEST_F(NodesTest, WhatIsNotThereIsNotFound) {
  one_node();
  EXPECT_EQ(code_of(reboot_node(*state, "p", "nope", "")), "NodeNotFound");
  EXPECT_EQ(code_of(reboot_node(*state, "nope", "n", "")), "PoolNotFound");
  EXPECT_EQ(code_of(reboot_node(*state, "p", node("p").id, "gently")), "InvalidPropertyValue");
}

TEST_F(NodesTest, AReleasedNodesAgentIsTheLastToKnow) {
  one_node();
  const std::string id = node("p").id;
  ASSERT_TRUE(resize_pool(*state, "p", {{"targetDedicatedNodes", 0}}, {}).ok());
  commit();
  EXPECT_FALSE(sync("p", id).is_known);
  EXPECT_EQ(released.size(), 1u);
}

}  // namespace
}  // namespace scoria::batch
