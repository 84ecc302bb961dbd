#include "batch/dispatch.h"

#include "batch/cluster_for_tests.h"

namespace scoria::batch {
namespace {

using Strings = std::set<std::string>;

// How many tasks run on each node.
std::map<std::string, int> spread_of(ClusterForTests& cluster) {
  std::map<std::string, int> out;
  for (const auto& [task, node] : cluster.running()) ++out[node];
  return out;
}

TEST(Dispatch, TasksRunInTheOrderOfSubmission) {
  ClusterForTests cluster;
  cluster.add_pool({});
  cluster.add_job();
  for (const char* id : {"c", "a", "b"}) cluster.add_task(id);
  std::vector<std::string> order;
  for (int i = 0; i < 3; ++i) {
    cluster.run();
    const Strings running = cluster.running_tasks();
    ASSERT_EQ(running.size(), 1u);
    order.push_back(*running.begin());
    cluster.advance(std::chrono::seconds(1));  // long ones: none is sent ahead
    cluster.end(order.back(), 0);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"c", "a", "b"}));
}

TEST(Dispatch, ThePriorityOfTheJobComesBeforeTheOrder) {
  ClusterForTests cluster;
  cluster.add_pool({});
  cluster.add_job({{"priority", -5}}, "low");
  cluster.add_job({{"priority", 10}}, "high");
  cluster.add_job({}, "middle");
  for (const char* job : {"low", "middle", "high"}) cluster.add_task("t", Json::object(), job);
  // The first came to an idle node.
  cluster.run();
  cluster.advance(std::chrono::seconds(1));
  cluster.end("t", 0, false, "low");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"high/t"}));
  cluster.must(patch_job(cluster.state(), "middle", {{"priority", 100}}, {}));
  cluster.add_task("u", Json::object(), "high");
  cluster.advance(std::chrono::seconds(1));
  cluster.end("t", 0, false, "high");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"middle/t"}));
}

TEST(Dispatch, SpreadTakesTheNodeWithMostRoomAndPackTheOneWithLeast) {
  for (const bool packs : {false, true}) {
    ClusterForTests cluster;
    Json more;
    if (packs) more["taskSchedulingPolicy"] = {{"nodeFillType", "pack"}};
    cluster.add_pool({.nodes = 2, .slots = 2, .more = more});
    cluster.add_job();
    cluster.add_task("a");
    cluster.add_task("b");
    cluster.run();
    EXPECT_EQ(spread_of(cluster).size(), packs ? 1u : 2u);
  }
}

TEST(Dispatch, SlotsAreNotSoldTwice) {
  ClusterForTests cluster;
  cluster.add_pool({.slots = 4});
  cluster.add_job();
  cluster.add_task("a", {{"requiredSlots", 3}});
  cluster.add_task("b", {{"requiredSlots", 2}});
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"a"}));
}

TEST(Dispatch, ALargeTaskIsNotStarvedBySmallOnesBehindIt) {
  ClusterForTests cluster;
  cluster.add_pool({.slots = 2});
  cluster.add_job();
  cluster.add_task("a");
  cluster.run();
  cluster.add_task("large", {{"requiredSlots", 2}});
  cluster.add_task("b");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"a"}));
  cluster.advance(std::chrono::seconds(1));
  cluster.end("a", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"large"}));
}

TEST(Dispatch, ATaskThatFitsNowhereHoldsUpNobody) {
  ClusterForTests cluster;
  cluster.add_pool({.slots = 2});
  cluster.add_job();
  cluster.add_task("huge", {{"requiredSlots", 3}});
  cluster.add_task("a");
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"a"}));
}

TEST(Dispatch, NoMoreOfAJobThanItAllows) {
  ClusterForTests cluster;
  cluster.add_pool({.slots = 4});
  cluster.add_job({{"maxParallelTasks", 2}});
  for (const char* id : {"a", "b", "c"}) cluster.add_task(id);
  cluster.run();
  EXPECT_EQ(cluster.running().size(), 2u);
  cluster.must(patch_job(cluster.state(), "j", {{"maxParallelTasks", -1}}, {}));
  cluster.commit();
  cluster.run();
  EXPECT_EQ(cluster.running().size(), 3u);
}

TEST(Dispatch, AnAffinityIsFollowedWhereThereIsRoom) {
  ClusterForTests cluster;
  cluster.add_pool({.nodes = 2, .slots = 2});
  cluster.add_job();
  for (const char* id : {"a", "b", "c"}) {
    cluster.add_task(id, {{"affinityInfo", {{"affinityId", "TVM:" + cluster.node(1)}}}});
  }
  cluster.run();
  EXPECT_EQ(spread_of(cluster)[cluster.node(1)], 2);
  EXPECT_EQ(spread_of(cluster)[cluster.node(0)], 1);
}

TEST(Dispatch, EachDeviceHasOneTaskAtMost) {
  ClusterForTests cluster;
  cluster.add_pool({.slots = 4, .devices = {0, 1}});
  cluster.add_job();
  for (const char* id : {"a", "b", "c"}) cluster.add_task(id);
  cluster.run();
  ASSERT_EQ(cluster.running_tasks(), (Strings{"a", "b"}));
  EXPECT_NE(cluster.order_of("a").devices, cluster.order_of("b").devices);
  cluster.end("a", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"b", "c"}));
}

TEST(Dispatch, DevicesGoByShareOfSlots) {
  ClusterForTests cluster;
  cluster.add_pool({.slots = 2, .devices = {0, 1, 2, 3}});
  cluster.add_job();
  cluster.add_task("a");
  cluster.run();
  EXPECT_EQ(cluster.order_of("a").devices, (std::vector<int>{0, 1}));
}

TEST(Dispatch, ShortTasksAreSentAheadAndCountNoSlots) {
  ClusterForTests cluster;
  cluster.add_pool({.slots = 1});
  cluster.add_job();
  for (int i = 0; i < 40; ++i) cluster.add_task("t" + std::to_string(i));
  cluster.run();
  EXPECT_EQ(cluster.running().size(), 1u);  // how long they take is not known yet
  cluster.advance(std::chrono::milliseconds(5));
  cluster.end("t0", 0);
  cluster.run();
  EXPECT_EQ(cluster.running().size(), 17u);  // one that may run, sixteen that wait
  EXPECT_EQ(cluster.state_of("t1"), "running");
  EXPECT_EQ(cluster.state_of("t2"), "active");
  EXPECT_EQ(cluster.counts()["running"], 1);
}

TEST(Dispatch, LongTasksAreNotSentAhead) {
  ClusterForTests cluster;
  cluster.add_pool({.slots = 1});
  cluster.add_job();
  for (const char* id : {"a", "b", "c"}) cluster.add_task(id);
  cluster.run();
  cluster.advance(std::chrono::seconds(1));
  cluster.end("a", 0);
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"b"}));
}

TEST(Dispatch, WhatWaitsBehindALongTaskIsTakenBackForANodeWithRoom) {
  ClusterForTests cluster;
  cluster.add_pool({.nodes = 2, .slots = 1});
  cluster.add_job();
  for (int i = 0; i < 8; ++i) cluster.add_task("t" + std::to_string(i));
  cluster.run();
  cluster.advance(std::chrono::milliseconds(20));
  const std::string first = cluster.running()["t0"];
  cluster.end("t0", 0);
  cluster.run();
  ASSERT_GT(cluster.running().size(), 2u);
  // One node works its tasks off; the other's first takes long.
  std::string idle;
  for (int i = 0; i < 8 && idle.empty(); ++i) {
    for (const auto& [task, node] : cluster.running()) {
      if (node == first && cluster.state_of(task) == "running") {
        cluster.end(task, 0);
        break;
      }
    }
    cluster.run();
    if (spread_of(cluster)[first] == 0) idle = first;
  }
  for (int i = 0; i < 8; ++i) {
    cluster.advance(std::chrono::milliseconds(200));
    cluster.run();
  }
  EXPECT_EQ(spread_of(cluster)[first] > 0, spread_of(cluster).size() == 2u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(cluster.task("t" + std::to_string(i))["executionInfo"]["requeueCount"], 0);
}

TEST(Dispatch, NodesThatMayNotBeScheduledGetNothing) {
  ClusterForTests cluster;
  cluster.add_pool({});
  cluster.add_job();
  cluster.must(disable_scheduling(cluster.state(), "p", cluster.node(), "requeue"));
  cluster.add_task("t");
  cluster.run();
  EXPECT_TRUE(cluster.running().empty());
  cluster.must(enable_scheduling(cluster.state(), "p", cluster.node()));
  cluster.commit();
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"t"}));
}

}  // namespace
}  // namespace scoria::batch
