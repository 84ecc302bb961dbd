// What is heard of nodes: silence, new agents, new keepers, trouble.
#include "batch/nodes.h"
#include "batch/pools_for_tests.h"

namespace scoria::batch {
namespace {

using NodeWatch = NodesTest;

TEST_F(NodeWatch, ASilentNodeIsUnknownAndItsTasksRunElsewhere) {
  one_node();
  run_a_task();
  advance(std::chrono::seconds(14));
  EXPECT_EQ(node("p").state, State_::running);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(node("p").state, State_::unknown);
  EXPECT_EQ(task().state, TaskState::active);
  EXPECT_EQ(task().requeue_count, 1);
  EXPECT_EQ(task().retry_count, 0);
}

TEST_F(NodeWatch, SilenceDoesNotCountWhileACommitHoldsAllAnswers) {
  one_node();
  run_a_task();
  const store::Changes held;
  state->in_flight = &held;
  state->in_flight_since = now.steady;
  advance(std::chrono::seconds(60));
  EXPECT_EQ(node("p").state, State_::running);
  end_stall(*state);
  state->in_flight = nullptr;
  advance(std::chrono::seconds(14));
  EXPECT_EQ(node("p").state, State_::running);
  advance(std::chrono::seconds(2));
  EXPECT_EQ(node("p").state, State_::unknown);
}

TEST_F(NodeWatch, ANodeThatIsBackStopsWhatWasGivenAway) {
  one_node();
  run_a_task();
  const AttemptId first = agent(node("p")).started[0].attempt;
  advance(std::chrono::seconds(15));
  const auto reply = sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::running);
  ASSERT_EQ(reply.stop.size(), 1u);
  EXPECT_EQ(reply.stop[0].attempt, first);
}

TEST_F(NodeWatch, AnAgentThatIsStartedAgainLosesNothing) {
  one_node();
  run_a_task();
  agent(node("p")).session.clear();
  agent(node("p")).sequence = 0;
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::running);
  EXPECT_EQ(task().state, TaskState::running);
  EXPECT_EQ(agent(node("p")).started.size(), 1u);
}

TEST_F(NodeWatch, AnAgentThatIsDeadForLongerThanASecondGetsNoWorkButKeepsItsTasks) {
  one_node();
  run_a_task();
  report_status(scoria::pool::NodeStatus::State::starting);
  advance(std::chrono::milliseconds(1100));
  EXPECT_EQ(node("p").state, State_::unknown);
  EXPECT_EQ(task().state, TaskState::running);
  sync("p", node("p").id);
  EXPECT_EQ(node("p").state, State_::running);
  EXPECT_EQ(agent(node("p")).started.size(), 1u);
}

TEST_F(NodeWatch, AnotherKeeperMeansThatWhatRanIsGone) {
  one_node();
  run_a_task();
  agent(node("p")).session.clear();
  agent(node("p")).boot.clear();
  agent(node("p")).held.clear();
  sync("p", node("p").id);
  EXPECT_EQ(task().requeue_count, 1);
  sync("p", node("p").id);
  EXPECT_EQ(agent(node("p")).started.size(), 2u);
}

TEST_F(NodeWatch, AnotherKeeperOfANodeThatLeavesBeginsNoAttemptAgain) {
  one_node();
  add_job_with("j", "p", 1);
  sync("p", node("p").id);  // told, and nothing was heard of it since
  Agent& before = agent(node("p"));
  ASSERT_EQ(before.started.size(), 1u);
  ASSERT_TRUE(
      resize_pool(*state, "p", {{"targetDedicatedNodes", 0}, {"nodeDeallocationOption", "taskcompletion"}}, {}).ok());
  commit();
  ASSERT_EQ(node("p").state, State_::leavingpool);
  before.boot.clear();
  before.session.clear();
  before.held.clear();
  before.events.clear();
  EXPECT_TRUE(sync("p", node("p").id).start.empty());
  EXPECT_EQ(task().state, TaskState::active);
}

TEST_F(NodeWatch, ANodeThatLeavesWithRetainedDataStaysUntilItRetainsNone) {
  one_node();
  run_a_task();
  ASSERT_TRUE(
      resize_pool(*state, "p", {{"targetDedicatedNodes", 0}, {"nodeDeallocationOption", "retaineddata"}}, {}).ok());
  commit();
  const std::string id = node("p").id;
  agent(node("p")).retains_data = true;
  end("p", id, 0);
  ASSERT_EQ(count("p", NodeState::leavingpool), 1u);
  come_up();
  EXPECT_EQ(count("p", NodeState::leavingpool), 1u);
  agent(node("p")).retains_data = false;
  sync("p", id);
  EXPECT_TRUE(pool("p").nodes.empty());
}

TEST_F(NodeWatch, ALostNodeIsNotWaitedForBecauseOfItsData) {
  one_node();
  agent(node("p")).retains_data = true;
  sync("p", node("p").id);
  ASSERT_TRUE(
      resize_pool(*state, "p", {{"targetDedicatedNodes", 0}, {"nodeDeallocationOption", "retaineddata"}}, {}).ok());
  commit();
  ASSERT_EQ(count("p", NodeState::leavingpool), 1u);
  advance(std::chrono::seconds(40));
  EXPECT_TRUE(pool("p").nodes.empty());
}

TEST_F(NodeWatch, AReimageWithRetainedDataWaitsUntilThereIsNone) {
  one_node();
  agent(node("p")).retains_data = true;
  sync("p", node("p").id);
  ASSERT_TRUE(reimage_node(*state, "p", node("p").id, "retaineddata").ok());
  EXPECT_EQ(sync("p", node("p").id).order, spec::NodeOrder::none);
  agent(node("p")).retains_data = false;
  EXPECT_EQ(sync("p", node("p").id).order, spec::NodeOrder::reimage);
}

TEST_F(NodeWatch, ANodeWhoseAgentCannotStartIsUnusable) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  report_status(scoria::pool::NodeStatus::State::gone, "it ended 8 times in a row");
  EXPECT_EQ(node("p").state, State_::unusable);
  EXPECT_NE(node_document(node("p"))["errors"].dump().find("8 times"), std::string::npos);
}

TEST_F(NodeWatch, ANodeInTroubleGetsNoNewWork) {
  one_node();
  agent(node("p")).trouble = "disk_full";
  sync("p", node("p").id);
  add_job_with("j", "p", 1);
  sync("p", node("p").id);
  EXPECT_TRUE(agent(node("p")).started.empty());
  agent(node("p")).trouble.clear();
  sync("p", node("p").id);
  sync("p", node("p").id);
  EXPECT_EQ(agent(node("p")).started.size(), 1u);
}

}  // namespace
}  // namespace scoria::batch
