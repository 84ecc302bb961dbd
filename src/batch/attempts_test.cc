#include "batch/attempts.h"

#include "batch/cluster_for_tests.h"

namespace scoria::batch {
namespace {

using Strings = std::set<std::string>;
using spec::Event;

struct Attempts : testing::Test {
  Attempts() {
    cluster.add_pool({});
    cluster.add_job();
    cluster.add_task("t");
    cluster.run();
    first = cluster.order_of("t").attempt;
  }
  ClusterForTests cluster;
  AttemptId first = 0;
};

TEST_F(Attempts, OutputsAreVisibleBeforeTheTaskIsComplete) {
  cluster.end("t", 0, /*has_outputs=*/true);
  EXPECT_EQ(cluster.state_of("t"), "running");
  EXPECT_FALSE(cluster.task("t")["executionInfo"].contains("result"));
  ASSERT_EQ(cluster.to_publish, (std::vector<AttemptId>{first}));
  cluster.publish_all();
  EXPECT_EQ(cluster.state_of("t"), "completed");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["result"], "success");
}

TEST_F(Attempts, OutputsThatWaitArePublishedAfterARestart) {
  cluster.end("t", 3, /*has_outputs=*/true);
  cluster.to_publish.clear();
  cluster.restart();
  ASSERT_EQ(cluster.to_publish, (std::vector<AttemptId>{first}));
  cluster.publish_all();
  EXPECT_EQ(cluster.task("t")["executionInfo"]["exitCode"], 3);
  EXPECT_EQ(cluster.task("t")["executionInfo"]["failureInfo"]["code"], "FailureExitCode");
}

TEST_F(Attempts, ARetryStartsOnceTheOutputsOfTheLastOneAreVisible) {
  cluster.must(update_task(cluster.state(), "j", "t", {{"constraints", {{"maxTaskRetryCount", 1}}}}, {}));
  cluster.end("t", 1, /*has_outputs=*/true);
  cluster.run();
  EXPECT_TRUE(cluster.running().empty());
  cluster.publish_all();
  cluster.run();
  EXPECT_EQ(cluster.running_tasks(), (Strings{"t"}));
}

TEST_F(Attempts, AnEndThatIsSaidTwiceCountsOnce) {
  const std::string node = cluster.node();
  cluster.end("t", 0, /*has_outputs=*/true);
  cluster.say(node, {.kind = Event::Kind::ended, .attempt = first, .exit_code = 1, .has_outputs = true});
  EXPECT_FALSE(cluster.discarded.contains(first));  // they are being published
  cluster.publish_all();
  EXPECT_EQ(cluster.task("t")["executionInfo"]["exitCode"], 0);
  EXPECT_EQ(cluster.counts()["succeeded"], 1);
}

TEST_F(Attempts, ANodesLossRequeuesWithoutARetry) {
  cluster.lose(cluster.node());
  EXPECT_EQ(cluster.state_of("t"), "active");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["requeueCount"], 1);
  EXPECT_EQ(cluster.task("t")["executionInfo"]["retryCount"], 0);
}

TEST(AttemptsOfTwoNodes, ALateResultOfALostNodeIsRefused) {
  ClusterForTests cluster;
  cluster.add_pool({.nodes = 2});
  cluster.add_job();
  cluster.add_task("t");
  cluster.run();
  const std::string before = cluster.running()["t"];
  const AttemptId old = cluster.order_of("t").attempt;
  Node* node = find_node(cluster.state(), "p", before);
  lose_node(cluster.state(), *node, "silence");  // it lives on, and will say so
  cluster.commit();
  ASSERT_EQ(cluster.state_of("t"), "active");
  take_events(cluster.state(), *node,
              {{.kind = Event::Kind::ended, .attempt = old, .exit_code = 0, .has_outputs = true}});
  cluster.commit();
  EXPECT_EQ(cluster.state_of("t"), "active");
  EXPECT_TRUE(cluster.discarded.contains(old));
  EXPECT_TRUE(cluster.to_publish.empty());
}

// Its node's keeper ends it once the lease is over; before that nothing else may write.
TEST(SingleWriters, WaitUntilALostNodeMustHaveEndedThem) {
  ClusterForTests cluster;
  cluster.add_pool({.nodes = 2});
  cluster.add_job();
  cluster.add_task("t", {{"constraints", {{"singleWriter", true}}}});
  cluster.run();
  cluster.lose(cluster.running().at("t"));
  EXPECT_EQ(cluster.state_of("t"), "active");
  cluster.advance(std::chrono::seconds(10));
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "active");
  cluster.restart();  // the time it waited so far is forgotten
  cluster.advance(std::chrono::seconds(10));
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "active");
  cluster.advance(std::chrono::seconds(6));
  cluster.run();
  EXPECT_EQ(cluster.state_of("t"), "running");
}

TEST_F(Attempts, ATaskUnderWhichNodesKeepDyingFails) {
  const std::string node = cluster.node();
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(cluster.state_of("t"), i == 0 ? "running" : "running") << i;
    Node* lost = find_node(cluster.state(), "p", node);
    abandon(cluster.state(), *lost, cluster.order_of("t").attempt, "the test says so");
    cluster.commit();
    cluster.run();
  }
  EXPECT_EQ(cluster.state_of("t"), "completed");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["failureInfo"]["category"], "servererror");
}

TEST_F(Attempts, RunningTasksAreFoundAgainAfterARestart) {
  cluster.restart();
  EXPECT_EQ(cluster.state_of("t"), "running");
  cluster.run();
  EXPECT_EQ(cluster.order_of("t").attempt, first);
  cluster.end("t", 0);
  EXPECT_EQ(cluster.task("t")["executionInfo"]["result"], "success");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["requeueCount"], 0);
}

TEST_F(Attempts, NumbersAreNeverUsedTwiceEvenAfterARestart) {
  cluster.end("t", 0);
  cluster.restart();
  cluster.add_task("u");
  cluster.run();
  EXPECT_GT(cluster.order_of("u").attempt, first);
}

TEST_F(Attempts, WhatTheNodeLostIsRequeued) {
  Node* node = find_node(cluster.state(), "p", cluster.node());
  const spec::SyncRequest request{.session = "another", .sequence = 1};
  cluster.must(heard_from(cluster.state(), *node, request));
  compare_held(cluster.state(), *node);
  cluster.commit();
  EXPECT_EQ(cluster.state_of("t"), "active");
  EXPECT_EQ(cluster.task("t")["executionInfo"]["requeueCount"], 1);
}

TEST_F(Attempts, ANodeThatHoldsWhatIsNotItsIsToldToStopIt) {
  Node* node = find_node(cluster.state(), "p", cluster.node());
  cluster.must(heard_from(
      cluster.state(), *node,
      {.session = "session", .sequence = 1000, .held = {{first, spec::Phase::running}, {987, spec::Phase::running}}}));
  compare_held(cluster.state(), *node);
  const spec::SyncReply reply = orders_for(cluster.state(), *node);
  ASSERT_EQ(reply.stop.size(), 1u);
  EXPECT_EQ(reply.stop[0].attempt, 987u);
  EXPECT_EQ(reply.stop[0].reason, "lost_fence");
}

TEST_F(Attempts, AStartIsSaidAgainOnlyOnceItMustHaveGotLost) {
  cluster.end("t", 0);
  cluster.add_task("u");
  Node* node = find_node(cluster.state(), "p", cluster.node());
  const auto ask = [&](std::uint64_t sequence) {
    cluster.must(heard_from(cluster.state(), *node, {.session = "session", .sequence = sequence}));
    compare_held(cluster.state(), *node);
    return orders_for(cluster.state(), *node).start.size();
  };
  EXPECT_EQ(ask(1000), 1u);
  EXPECT_EQ(ask(1001), 0u);  // may have been sent before the answer came
  EXPECT_EQ(ask(1002), 1u);
}

TEST_F(Attempts, ATaskStoppedBeforeItsNodeHeardOfItNeverRuns) {
  cluster.end("t", 0);
  cluster.add_task("u");  // assigned, not told
  cluster.must(terminate_task(cluster.state(), "j", "u", {}));
  cluster.commit();
  cluster.run();
  EXPECT_TRUE(cluster.running().empty());
  EXPECT_EQ(cluster.state_of("u"), "completed");
}

TEST_F(Attempts, ANodesClockDoesNotMakeTasksOfYesterday) {
  cluster.end_with("t", {.exit_code = 0});
  const std::string ended = cluster.task("t")["executionInfo"]["endTime"];
  const std::string created = cluster.task("t")["creationTime"];
  EXPECT_GE(ended, created);
}

TEST(Recovery, ReadsBackExactlyWhatItWrote) {
  ClusterForTests cluster;
  cluster.add_pool({.nodes = 2, .slots = 2});
  cluster.add_job({{"usesTaskDependencies", true}, {"jobPreparationTask", {{"commandLine", "p"}}}});
  for (const char* id : {"a", "b", "c", "d", "e"}) cluster.add_task(id, {{"constraints", {{"maxTaskRetryCount", 2}}}});
  cluster.add_task("z", {{"dependsOn", {{"taskIds", {"a", "e"}}}}});
  cluster.run();
  for (int i = 0; i < 2; ++i) cluster.end("jobpreparation", 0);
  cluster.run();
  cluster.end("a", 0);
  cluster.end("b", 1);
  cluster.run();
  std::map<std::string, Json> before;
  for (const char* id : {"a", "b", "c", "d", "e", "z"}) before[id] = cluster.task(id);
  const Json job = cluster.job();
  const auto running = cluster.running();
  cluster.restart();
  for (const auto& [id, document] : before) EXPECT_EQ(cluster.task(id), document) << id;
  for (const char* key : {"state", "eTag", "executionInfo", "~"}) EXPECT_EQ(cluster.job()[key], job[key]) << key;
  cluster.run();
  EXPECT_EQ(cluster.running(), running);
}

}  // namespace
}  // namespace scoria::batch
