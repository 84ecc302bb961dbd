#include "batch/pool_images.h"

#include "batch/pools_for_tests.h"

namespace scoria::batch {
namespace {

class PoolImages : public PoolsTest {
 protected:
  PoolImages() {
    const Json body{{"id", "p"},
                    {"targetDedicatedNodes", 1},
                    {"startTask", {{"commandLine", "setup"}, {"waitForSuccess", true}}},
                    {"virtualMachineConfiguration",
                     {{"containerConfiguration",
                       {{"containerImageNames", {"r.lan/a:1"}},
                        {"containerRegistries", {{{"registryServer", "r.lan"}, {"username", "bob"}}}}}}}}};
    EXPECT_TRUE(add(body).ok());
    report_status();
    sync("p", id());
  }
  std::string id() { return node("p").id; }
  const spec::StartOrder& last_start() { return agent(node("p")).started.back(); }
  void fail() {
    spec::Event event{.kind = spec::Event::Kind::ended, .attempt = last_start().attempt};
    event.failure = spec::Failure{"usererror", "ContainerInvalidImage", "no a:1", {{"ContainerImage", "r.lan/a:1"}}};
    sync("p", id(), {event});
    sync("p", id());
  }
};

TEST_F(PoolImages, AreFetchedBeforeTheStartTask) {
  EXPECT_EQ(node("p").state, NodeState::starting);
  ASSERT_EQ(agent(node("p")).started.size(), 1u);
  EXPECT_EQ(last_start().kind, spec::RunKind::images);
  EXPECT_EQ(last_start().spec["containerImageNames"][0], "r.lan/a:1");
  EXPECT_EQ(last_start().spec["containerRegistries"][0]["username"], "bob");
  end("p", id(), 0);
  EXPECT_EQ(node("p").state, NodeState::waitingforstarttask);
  EXPECT_EQ(last_start().kind, spec::RunKind::start_task);
  end("p", id(), 0);
  EXPECT_EQ(node("p").state, NodeState::idle);
}

TEST_F(PoolImages, ThatCannotBeFetchedMakeTheNodeUnusableUntilAReboot) {
  fail();
  EXPECT_EQ(node("p").state, NodeState::unusable);
  const Json error = node_document(node("p"))["errors"][0];
  EXPECT_EQ(error["code"], "ContainerInvalidImage");
  EXPECT_EQ(error["errorDetails"][0]["value"], "r.lan/a:1");
  EXPECT_EQ(agent(node("p")).started.size(), 1u) << "its agent's next words begin nothing";

  ASSERT_TRUE(reboot_node(*state, "p", id(), "").ok());
  commit();
  sync("p", id());
  sync("p", id());
  EXPECT_EQ(node("p").state, NodeState::starting);
  end("p", id(), 0);
  EXPECT_EQ(node("p").state, NodeState::waitingforstarttask);
  EXPECT_FALSE(node_document(node("p")).contains("errors"));
}

TEST_F(PoolImages, GoOnOverARestartOfTheServer) {
  sync("p", id());
  start();
  sync("p", id());
  EXPECT_EQ(agent(node("p")).started.size(), 1u);
  end("p", id(), 0);
  EXPECT_EQ(node("p").state, NodeState::waitingforstarttask);
}

TEST_F(PoolImages, StayFailedOverARestartOfTheServer) {
  fail();
  start();
  sync("p", id());
  EXPECT_EQ(node("p").state, NodeState::unusable);
}

TEST_F(PoolImages, AreFetchedAgainByAnAgentThatIsAnotherOne) {
  sync("p", id());
  agent(node("p")).session = "another";
  agent(node("p")).held.clear();
  agent(node("p")).sequence = 0;
  sync("p", id());
  sync("p", id());
  ASSERT_EQ(agent(node("p")).started.size(), 2u);
  EXPECT_EQ(last_start().kind, spec::RunKind::images);
  EXPECT_EQ(node("p").state, NodeState::starting);
}

TEST_F(PoolImages, LendTheirRegistriesToTasksInContainersAlone) {
  end("p", id(), 0);
  end("p", id(), 0);
  add_job_with("j", "p", 0);
  std::vector<NewTask> tasks;
  tasks.push_back(
      new_task({{"id", "in"}, {"commandLine", "true"}, {"containerSettings", {{"imageName", "r.lan/a:1"}}}}));
  tasks.push_back(new_task({{"id", "out"}, {"commandLine", "true"}}));
  ASSERT_TRUE(add_tasks(*state, "j", std::move(tasks)).ok());
  commit();
  for (int round = 0; round < 2; ++round) {
    sync("p", id());
    EXPECT_EQ(last_start().spec.contains("containerRegistries"), last_start().task == "in") << last_start().task;
    end("p", id(), 0);
  }
}

}  // namespace
}  // namespace scoria::batch
