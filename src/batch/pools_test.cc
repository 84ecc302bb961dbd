#include "batch/pools.h"

#include "batch/pools_for_tests.h"

namespace scoria::batch {
namespace {

TEST_F(PoolsTest, APoolIsActiveAndResizingThenSteady) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 2}}).ok());
  EXPECT_EQ(pool_document(pool("p"))["state"], "active");
  EXPECT_EQ(pool_document(pool("p"))["allocationState"], "resizing");
  come_up();
  EXPECT_EQ(pool_document(pool("p"))["allocationState"], "steady");
  EXPECT_EQ(pool_document(pool("p"))["currentDedicatedNodes"], 2);
}

TEST_F(PoolsTest, ADocumentHasWhatClientsRead) {
  ASSERT_TRUE(add({{"id", "P1"},
                   {"vmSize", "STANDARD_D2_V2"},
                   {"displayName", "nightly"},
                   {"taskSlotsPerNode", 2},
                   {"metadata", Json::array({{{"name", "origin"}, {"value", "doAzureParallel"}}})},
                   {"targetDedicatedNodes", 1}})
                  .ok());
  const Json document = pool_document(pool("p1"));
  EXPECT_EQ(document["id"], "P1");
  EXPECT_EQ(document["url"], "/pools/P1");
  EXPECT_EQ(document["vmSize"], "STANDARD_D2_V2");
  EXPECT_EQ(document["displayName"], "nightly");
  EXPECT_EQ(document["taskSlotsPerNode"], 2);
  EXPECT_EQ(document["taskSchedulingPolicy"]["nodeFillType"], "spread");
  EXPECT_EQ(document["resizeTimeout"], "PT15M");
  EXPECT_EQ(document["enableAutoScale"], false);
  EXPECT_EQ(document["creationTime"], "2026-11-29T12:00:00.0000000Z");
  EXPECT_EQ(document["targetDedicatedNodes"], 1);
  EXPECT_EQ(document["targetLowPriorityNodes"], 0);
  EXPECT_TRUE(document["eTag"].get<std::string>().starts_with("0x8D"));
  for (const char* key : {"lastModified", "stateTransitionTime", "allocationStateTransitionTime", "metadata"}) {
    EXPECT_TRUE(document.contains(key)) << key;
  }
  for (const char* key : {"resizeErrors", "autoScaleRun", "autoScaleFormula", "~"}) {
    EXPECT_FALSE(document.contains(key)) << key;
  }
}

TEST_F(PoolsTest, ADocumentKeepsRegistryPasswordsToItself) {
  const Json registry{{"userName", "u"}, {"password", "hunter2"}, {"registryServer", "r"}};
  ASSERT_TRUE(add({{"id", "p"},
                   {"virtualMachineConfiguration",
                    {{"containerConfiguration", {{"containerRegistries", Json::array({registry})}}}}}})
                  .ok());
  EXPECT_EQ(pool_document(pool("p")).dump().find("hunter2"), std::string::npos);
  EXPECT_NE(pool("p").body.dump().find("hunter2"), std::string::npos);
}

TEST_F(PoolsTest, APoolOfTheSameNameIsRefusedWhateverItsCase) {
  ASSERT_TRUE(add({{"id", "p"}}).ok());
  EXPECT_EQ(code_of(add({{"id", "P"}})), "PoolExists");
}

TEST_F(PoolsTest, ADeletedPoolIsDeletingUntilItsNodesAreGone) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  add_job_with("j", "p", 1);
  come_up();
  ASSERT_EQ(node("p").state, NodeState::running);
  ASSERT_TRUE(delete_pool(*state, "p", {}).ok());
  commit();
  ASSERT_TRUE(has_pool("p"));
  EXPECT_EQ(pool_document(pool("p"))["state"], "deleting");
  EXPECT_EQ(code_of(add({{"id", "p"}})), "PoolBeingDeleted");
  EXPECT_EQ(code_of(delete_pool(*state, "p", {})), "PoolBeingDeleted");
  come_up();
  EXPECT_FALSE(has_pool("p"));
  EXPECT_FALSE(store.get(store::Kind::pool, "", "p").value());
  EXPECT_TRUE(asked.empty());
}

TEST_F(PoolsTest, AJobWaitsForAnotherPoolOfTheNameOfItsOwn) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  add_job_with("j", "p", 1);
  ASSERT_TRUE(delete_pool(*state, "p", {}).ok());
  commit();
  come_up();
  ASSERT_FALSE(has_pool("p"));
  Job& job = *find_job(*state, "j").value();
  EXPECT_EQ(job.pool, nullptr);
  EXPECT_EQ(job.state, JobState::active);
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  EXPECT_EQ(node("p").state, NodeState::running);
}

TEST_F(PoolsTest, AResizeOfAResizingPoolIsRefused) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  EXPECT_EQ(code_of(resize_pool(*state, "p", {{"targetDedicatedNodes", 2}}, {})), "PoolBeingResized");
  come_up();
  EXPECT_EQ(code_of(resize_pool(*state, "p", {{"targetDedicatedNodes", 2}}, {})), "ok");
}

TEST_F(PoolsTest, AResizeGrowsAndShrinks) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  ASSERT_TRUE(resize_pool(*state, "p", {{"targetDedicatedNodes", 3}, {"targetLowPriorityNodes", 1}}, {}).ok());
  commit();
  come_up();
  EXPECT_EQ(count("p", NodeState::idle), 4u);
  ASSERT_TRUE(resize_pool(*state, "p", {{"targetDedicatedNodes", 0}}, {}).ok());
  commit();
  come_up();
  EXPECT_EQ(pool("p").nodes.size(), 1u);
  EXPECT_FALSE(node("p").is_dedicated);
  EXPECT_EQ(pool("p").allocation, AllocationState::steady);
}

TEST_F(PoolsTest, AShrinkingPoolLetsIdleNodesGoFirst) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 2}}).ok());
  come_up();
  add_job_with("j", "p", 1);
  come_up();
  ASSERT_EQ(count("p", NodeState::running), 1u);
  ASSERT_TRUE(resize_pool(*state, "p", {{"targetDedicatedNodes", 1}}, {}).ok());
  commit();
  come_up();
  ASSERT_EQ(pool("p").nodes.size(), 1u);
  EXPECT_EQ(node("p").state, NodeState::running);
}

TEST_F(PoolsTest, ANodeThatLeavesWithTaskCompletionFinishesItsTasks) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  add_job_with("j", "p", 1);
  come_up();
  ASSERT_TRUE(
      resize_pool(*state, "p", {{"targetDedicatedNodes", 0}, {"nodeDeallocationOption", "taskcompletion"}}, {}).ok());
  commit();
  come_up();
  ASSERT_EQ(count("p", NodeState::leavingpool), 1u);
  EXPECT_EQ(pool("p").allocation, AllocationState::resizing);
  end("p", node("p").id, 0);
  EXPECT_TRUE(pool("p").nodes.empty());
  EXPECT_EQ(find_job(*state, "j").value()->counts.succeeded, 1u);
}

TEST_F(PoolsTest, ANodeThatLeavesWithRequeueGivesItsTasksBackWithoutARetry) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  add_job_with("j", "p", 1);
  come_up();
  ASSERT_TRUE(resize_pool(*state, "p", {{"targetDedicatedNodes", 0}}, {}).ok());
  commit();
  come_up();
  ASSERT_TRUE(pool("p").nodes.empty());
  const Task& task = *find_job(*state, "j").value()->open.begin()->second;
  EXPECT_EQ(task.state, TaskState::active);
  EXPECT_EQ(task.requeue_count, 1);
  EXPECT_EQ(task.retry_count, 0);
}

TEST_F(PoolsTest, ANodeThatLeavesWithTerminateEndsItsTasks) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  add_job_with("j", "p", 1);
  come_up();
  ASSERT_TRUE(
      resize_pool(*state, "p", {{"targetDedicatedNodes", 0}, {"nodeDeallocationOption", "terminate"}}, {}).ok());
  commit();
  come_up();
  EXPECT_TRUE(pool("p").nodes.empty());
  EXPECT_EQ(find_job(*state, "j").value()->counts.failed, 1u);
}

TEST_F(PoolsTest, AStuckTaskDoesNotKeepANodeForEver) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  add_job_with("j", "p", 1);
  come_up();
  agent(node("p")).obeys = false;
  ASSERT_TRUE(resize_pool(*state, "p", {{"targetDedicatedNodes", 0}}, {}).ok());
  commit();
  come_up();
  ASSERT_EQ(pool("p").nodes.size(), 1u);
  advance(std::chrono::seconds(10));
  EXPECT_TRUE(pool("p").nodes.empty());
}

TEST_F(PoolsTest, CoresBeyondTheMachineAreAQuotaErrorInAzuresShape) {
  settings.machine_cores = 2;
  start();
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 3}}).ok());
  come_up();
  EXPECT_EQ(count("p", NodeState::idle), 2u);
  const Json document = pool_document(pool("p"));
  EXPECT_EQ(document["allocationState"], "steady");
  ASSERT_EQ(document["resizeErrors"].size(), 1u);
  EXPECT_EQ(document["resizeErrors"][0]["code"], "AccountCoreQuotaReached");
  EXPECT_TRUE(document["resizeErrors"][0]["message"].is_string());
}

TEST_F(PoolsTest, LowPriorityNodesBeyondTheMachineHaveTheirOwnQuotaError) {
  settings.machine_cores = 1;
  start();
  ASSERT_TRUE(add({{"id", "p"}, {"targetLowPriorityNodes", 2}}).ok());
  come_up();
  EXPECT_EQ(pool_document(pool("p"))["resizeErrors"][0]["code"], "AccountLowPriorityCoreQuotaReached");
}

TEST_F(PoolsTest, OvercommitAdmitsMoreThanTheMachineHas) {
  settings.machine_cores = 2;
  settings.overcommit = 1.5;
  start();
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 3}}).ok());
  come_up();
  EXPECT_EQ(count("p", NodeState::idle), 3u);
}

TEST_F(PoolsTest, ARefusedResizeGoesOnWhenThereIsRoom) {
  settings.machine_cores = 2;
  start();
  ASSERT_TRUE(add({{"id", "a"}, {"targetDedicatedNodes", 2}}).ok());
  ASSERT_TRUE(add({{"id", "b"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  ASSERT_TRUE(pool_document(pool("b")).contains("resizeErrors"));
  ASSERT_TRUE(delete_pool(*state, "a", {}).ok());
  commit();
  come_up();
  EXPECT_EQ(count("b", NodeState::idle), 1u);
  EXPECT_FALSE(pool_document(pool("b")).contains("resizeErrors"));
}

TEST_F(PoolsTest, TwoNodesNeverHaveTheSameDevice) {
  settings.machine_devices = 3;
  settings.sizes["gpu"] = {.name = "gpu", .cores = 1, .gpus = 1};
  start();
  ASSERT_TRUE(add({{"id", "a"}, {"vmSize", "gpu"}, {"targetDedicatedNodes", 2}}).ok());
  ASSERT_TRUE(add({{"id", "b"}, {"vmSize", "gpu"}, {"targetDedicatedNodes", 2}}).ok());
  come_up();
  std::set<int> devices;
  for (const auto& [key, request] : asked) {
    ASSERT_EQ(request.devices.size(), 1u);
    EXPECT_TRUE(devices.insert(request.devices[0]).second);
  }
  EXPECT_EQ(devices.size(), 3u);
  EXPECT_EQ(pool_document(pool("b"))["resizeErrors"][0]["code"], "AccountCoreQuotaReached");
}

TEST_F(PoolsTest, AnUnknownSizeStandsForOneCore) {
  ASSERT_TRUE(add({{"id", "p"}, {"vmSize", "Standard_Fantasy"}}).ok());
  EXPECT_EQ(pool("p").size->cores, 1);
}

TEST_F(PoolsTest, AnUnknownSizeIsRefusedWhereSizesAreStrict) {
  settings.strict_sizes = true;
  start();
  EXPECT_EQ(code_of(add({{"id", "p"}, {"vmSize", "Standard_Fantasy"}})), "UnsupportedVMSize");
  EXPECT_FALSE(has_pool("p"));
}

TEST_F(PoolsTest, MoreThanFourSlotsForACoreAreRefused) {
  EXPECT_EQ(code_of(add({{"id", "p"}, {"vmSize", "standard_d2_v2"}, {"taskSlotsPerNode", 8}})), "ok");
  EXPECT_EQ(code_of(add({{"id", "q"}, {"vmSize", "standard_d2_v2"}, {"taskSlotsPerNode", 9}})), "InvalidPropertyValue");
}

TEST_F(PoolsTest, AStoppedResizeKeepsWhatIsThere) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  ASSERT_TRUE(resize_pool(*state, "p", {{"targetDedicatedNodes", 3}}, {}).ok());
  commit();
  ASSERT_TRUE(stop_resize(*state, "p", {}).ok());
  EXPECT_EQ(pool_document(pool("p"))["allocationState"], "stopping");
  commit();
  const Json document = pool_document(pool("p"));
  EXPECT_EQ(document["allocationState"], "steady");
  EXPECT_EQ(document["targetDedicatedNodes"], 1);
  EXPECT_EQ(document["currentDedicatedNodes"], 1);
  EXPECT_EQ(document["resizeErrors"][0]["code"], "ResizeStopped");
}

TEST_F(PoolsTest, AResizeThatTakesTooLongEndsWithAnError) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}, {"resizeTimeout", "PT5M"}}).ok());
  advance(std::chrono::minutes(4));
  EXPECT_EQ(pool("p").allocation, AllocationState::resizing);
  advance(std::chrono::minutes(1));
  const Json document = pool_document(pool("p"));
  EXPECT_EQ(document["allocationState"], "steady");
  EXPECT_EQ(document["resizeErrors"][0]["code"], "AllocationTimedOut");
  EXPECT_EQ(document["currentDedicatedNodes"], 0);
}

TEST_F(PoolsTest, RemovedNodesLowerTheTarget) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 2}}).ok());
  come_up();
  const std::string gone = node("p").id;
  EXPECT_EQ(code_of(remove_nodes(*state, "p", {{"nodeList", {"nope"}}}, {})), "NodeNotFound");
  ASSERT_TRUE(remove_nodes(*state, "p", {{"nodeList", {gone}}}, {}).ok());
  commit();
  come_up();
  EXPECT_EQ(pool("p").target_dedicated, 1);
  ASSERT_EQ(pool("p").nodes.size(), 1u);
  EXPECT_NE(node("p").id, gone);
}

TEST_F(PoolsTest, APatchChangesWhatItNamesAndTheTag) {
  ASSERT_TRUE(add({{"id", "p"}, {"metadata", Json::array({{{"name", "a"}, {"value", "b"}}})}}).ok());
  const std::string before = pool("p").stamp.etag();
  ASSERT_TRUE(patch_pool(*state, "p", {{"startTask", {{"commandLine", "hostname"}}}}, {}).ok());
  const Json document = pool_document(pool("p"));
  EXPECT_EQ(document["startTask"]["commandLine"], "hostname");
  EXPECT_EQ(document["metadata"].size(), 1u);
  EXPECT_NE(document["eTag"], before);
  EXPECT_EQ(code_of(patch_pool(*state, "p", Json::object(), {.if_match = before})), "ConditionNotMet");
}

TEST_F(PoolsTest, APatchChangesWhatNodesAreOnlyWhileThereAreNone) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 0}, {"taskSlotsPerNode", 1}}).ok());
  const Json wide = {{"displayName", "other"},
                     {"taskSlotsPerNode", 3},
                     {"taskSchedulingPolicy", {{"nodeFillType", "pack"}}},
                     {"resourceTags", {{"a", "b"}}}};
  ASSERT_TRUE(patch_pool(*state, "p", wide, {}).ok());
  const Json document = pool_document(pool("p"));
  EXPECT_EQ(document["displayName"], "other");
  EXPECT_EQ(document["taskSlotsPerNode"], 3);
  EXPECT_EQ(document["taskSchedulingPolicy"]["nodeFillType"], "pack");
  EXPECT_EQ(document["resourceTags"]["a"], "b");
  EXPECT_EQ(code_of(patch_pool(*state, "p", {{"vmSize", "standard_a1_v2"}, {"taskSlotsPerNode", 200}}, {})),
            "InvalidPropertyValue");
  EXPECT_EQ(pool("p").slots_per_node, 3);
  commit();
  ASSERT_TRUE(resize_pool(*state, "p", {{"targetDedicatedNodes", 1}}, {}).ok());
  commit();
  come_up();
  EXPECT_EQ(code_of(patch_pool(*state, "p", {{"taskSlotsPerNode", 2}}, {})), "OperationInvalidForCurrentState");
  EXPECT_TRUE(patch_pool(*state, "p", {{"displayName", "third"}}, {}).ok());
}

TEST_F(PoolsTest, AnUpdateOfPropertiesReplacesThemAll) {
  ASSERT_TRUE(add({{"id", "p"},
                   {"startTask", {{"commandLine", "hostname"}}},
                   {"metadata", Json::array({{{"name", "a"}, {"value", "b"}}})}})
                  .ok());
  ASSERT_TRUE(update_pool(*state, "p", {{"metadata", Json::array()}}).ok());
  EXPECT_FALSE(pool_document(pool("p")).contains("startTask"));
  EXPECT_TRUE(pool_document(pool("p"))["metadata"].empty());
}

TEST_F(PoolsTest, ARestartFindsPoolsAndNodesAsTheyWere) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 2}, {"taskSlotsPerNode", 2}}).ok());
  come_up();
  const Json before = pool_document(pool("p"));
  const Json node_before = node_document(node("p"));
  start();
  EXPECT_EQ(pool_document(pool("p")), before);
  EXPECT_EQ(node_document(node("p")), node_before);
  EXPECT_EQ(node("p").slots, 2);
  come_up();
  EXPECT_EQ(count("p", NodeState::idle), 2u);
  EXPECT_EQ(asked.size(), 2u);
}

TEST_F(PoolsTest, ARestartBetweenTheStoreAndTheProviderAsksAgain) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  const auto token = asked.begin()->second.token;
  asked.clear();  // killed before the provider heard
  start();
  report_status();
  EXPECT_TRUE(asked.empty());
  advance(std::chrono::seconds(6));
  report_status();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_NE(asked.begin()->second.token, token);
  come_up();
  EXPECT_EQ(count("p", NodeState::idle), 1u);
}

TEST_F(PoolsTest, AnAgentOfANodeThatIsNotThereIsReleased) {
  asked[{"p", "ghost"}] = {.pool = "p", .node = "ghost"};
  report_status();
  EXPECT_EQ(released, (std::vector{std::pair<std::string, std::string>("p", "ghost")}));
}

TEST_F(PoolsTest, AProviderWithoutRoomIsAQuotaError) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  request_failed(*state, "p", node("p").id, Error{Code::exhausted, "the cluster is full"});
  commit();
  const Json document = pool_document(pool("p"));
  EXPECT_EQ(document["currentDedicatedNodes"], 0);
  EXPECT_EQ(document["resizeErrors"][0]["code"], "AccountCoreQuotaReached");
}

TEST_F(PoolsTest, AJoinedPoolsTargetsFollowWhoJoined) {
  ASSERT_TRUE(add({{"id", "field"}, {"provider", "joined"}}).ok());
  ASSERT_TRUE(join_node(*state, "field", "mill", "hash", 3).ok());
  commit();
  EXPECT_EQ(pool("field").target_dedicated, 1);
  EXPECT_TRUE(asked.empty());
  sync("field", "mill");
  EXPECT_EQ(node("field").state, NodeState::idle);
  EXPECT_EQ(node("field").slots, 3);
  EXPECT_EQ(pool("field").allocation, AllocationState::steady);
}

TEST_F(PoolsTest, AMachineThatJoinsAgainIsTheNodeThatItWas) {
  ASSERT_TRUE(add({{"id", "field"}, {"provider", "joined"}}).ok());
  ASSERT_TRUE(join_node(*state, "field", "mill", "hash", 1).ok());
  ASSERT_TRUE(join_node(*state, "field", "MILL", "other", 2).ok());
  EXPECT_EQ(pool("field").nodes.size(), 1u);
  EXPECT_EQ(node("field").token_hash, "other");
}

TEST_F(PoolsTest, ResizeAndAutoscaleOfAJoinedPoolAreRefused) {
  ASSERT_TRUE(add({{"id", "field"}, {"provider", "joined"}}).ok());
  EXPECT_EQ(code_of(resize_pool(*state, "field", {{"targetDedicatedNodes", 1}}, {})),
            "OperationInvalidForCurrentState");
  EXPECT_EQ(code_of(enable_autoscale(*state, "field", {{"autoScaleFormula", "$TargetDedicatedNodes=1"}}, {})),
            "OperationInvalidForCurrentState");
  EXPECT_EQ(code_of(join_node(*state, "field", "../x", "hash", 1)), "InvalidPropertyValue");
}

TEST_F(PoolsTest, AMachineCannotJoinALocalPool) {
  ASSERT_TRUE(add({{"id", "p"}}).ok());
  EXPECT_EQ(code_of(join_node(*state, "p", "mill", "hash", 1)), "InvalidPropertyValue");
  EXPECT_EQ(code_of(join_node(*state, "nope", "mill", "hash", 1)), "PoolNotFound");
}

TEST_F(PoolsTest, AJobsPoolComesAndGoesWithIt) {
  const Json specification{{"poolLifetimeOption", "job"},
                           {"autoPoolIdPrefix", "night"},
                           {"pool", {{"vmSize", "standard_a1"}, {"targetDedicatedNodes", 1}}}};
  ASSERT_TRUE(add_job(*state, {{"id", "j"}, {"poolInfo", {{"autoPoolSpecification", specification}}}}).ok());
  commit();
  ASSERT_EQ(state->pools.size(), 1u);
  EXPECT_TRUE(state->pools.begin()->second->id.starts_with("night_"));
  come_up();
  ASSERT_TRUE(terminate_job(*state, "j", "done", {}).ok());
  commit();
  advance(std::chrono::seconds(1));
  come_up();
  EXPECT_TRUE(state->pools.empty());
}

TEST_F(PoolsTest, AJobsPoolStaysWhereItIsKeptAlive) {
  const Json specification{{"poolLifetimeOption", "job"},
                           {"keepAlive", true},
                           {"pool", {{"vmSize", "standard_a1"}, {"targetDedicatedNodes", 1}}}};
  ASSERT_TRUE(add_job(*state, {{"id", "j"}, {"poolInfo", {{"autoPoolSpecification", specification}}}}).ok());
  commit();
  ASSERT_TRUE(terminate_job(*state, "j", "done", {}).ok());
  commit();
  advance(std::chrono::seconds(1));
  EXPECT_EQ(state->pools.size(), 1u);
}

}  // namespace
}  // namespace scoria::batch
