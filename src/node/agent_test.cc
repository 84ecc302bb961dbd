#include "node/agent.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "node/azure_root.h"
#include "node/fake_server_for_tests.h"
#include "node/folder_for_tests.h"
#include "node/keeper_client.h"
#include "node/processes.h"

namespace scoria::node {
namespace {

class Agent : public testing::Test {
 public:
  Agent() {
    config_.pool = "p";
    config_.node = "n1";
    config_.root = folder_ / "root";
    config_.keeper_command = {NODE_PROGRAM_FOR_TESTS, "keeper"};
    config_.warm_command = {NODE_PROGRAM_FOR_TESTS, "warm-scorer"};
    config_.program = NODE_PROGRAM_FOR_TESTS;
    config_.account_name = "acct";
    config_.blob_hosts = {"acct.blob.test"};
    config_.min_free_bytes = 0;
  }
  ~Agent() override {
    if (thread_.joinable()) {
      server_.set_reachable(true);
      server_.say({.is_known = false});
      thread_.join();
    }
    if (path_before_) setenv("PATH", path_before_->c_str(), 1);
  }

 protected:
  // As on a machine where nothing is installed. Before run(), as its threads read the environment.
  void hide_programs() {
    path_before_ = getenv("PATH");
    setenv("PATH", folder_.path().c_str(), 1);
  }

  // In a process of its own, as it cannot be undone.
  static bool namespaces_work() {
    const pid_t pid = fork();
    if (pid == 0) _exit(become_rooted(std::filesystem::temp_directory_path()).ok() ? 0 : 1);
    int status = 0;
    return waitpid(pid, &status, 0) == pid && status == 0;
  }

  void run() {
    stop_ = std::stop_source();
    thread_ = std::thread([this] { outcome_ = run_agent(config_, stop_.get_token(), server_.links()); });
  }
  // Tasks run on.
  void stop() {
    stop_.request_stop();
    thread_.join();
  }

  spec::StartOrder task(std::uint64_t attempt, const std::string& command_line) {
    spec::StartOrder order;
    order.attempt = attempt;
    order.job = "j1";
    order.task = "t" + std::to_string(attempt);
    order.directory = "workitems/j1/job-1/" + order.task;
    order.spec = {{"commandLine", command_line}};
    return order;
  }
  std::string output(std::uint64_t attempt, const std::string& name = "stdout.txt") {
    return FolderForTests::read(config_.root / "workitems/j1/job-1" / ("t" + std::to_string(attempt)) / name);
  }
  static bool wait_for(const std::function<bool()>& holds) {
    const std::int64_t deadline = steady_now_ms() + 20'000;
    while (!holds() && steady_now_ms() < deadline) poll(nullptr, 0, 2);
    return holds();
  }

  FolderForTests folder_;
  FakeServer server_;
  AgentConfig config_;
  std::stop_source stop_;
  std::thread thread_;
  std::optional<Result<AgentEnd>> outcome_;
  std::optional<std::string> path_before_;
};

TEST_F(Agent, RunsATaskInItsFolderAndReportsItsEnd) {
  run();
  server_.order(
      task(1, "/bin/bash -c \"pwd; echo \\\"$AZ_BATCH_JOB_ID $AZ_BATCH_TASK_ID $AZ_BATCH_NODE_ID\\\"; exit 3\""));
  ASSERT_TRUE(server_.wait_for_end(1));
  const auto told = server_.told(1);
  EXPECT_GE(told.started, 1);
  EXPECT_EQ(told.ended->exit_code, 3);
  EXPECT_EQ(told.ended->failure->code, "FailureExitCode");
  EXPECT_EQ(output(1), (config_.root / "workitems/j1/job-1/t1/wd").string() + "\nj1 t1 n1\n");
  ASSERT_FALSE(server_.facts_.empty());
  EXPECT_FALSE(server_.facts_[0].boot_id.empty());
  EXPECT_GE(server_.samples_, 1u);
}

TEST_F(Agent, ExpandsNothingInACommandLine) {
  run();
  server_.order(task(1, "/bin/echo $HOME *.txt '>' x"));
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(output(1), "$HOME *.txt > x\n");
}

TEST_F(Agent, SaysWhichProgramItDoesNotFind) {
  run();
  server_.order(task(1, "no-such-program --help"));
  ASSERT_TRUE(server_.wait_for_end(1));
  const auto ended = server_.end_of(1);
  EXPECT_FALSE(ended.exit_code.has_value());
  EXPECT_EQ(ended.failure->code, "CommandProgramNotFound");
  EXPECT_NE(ended.failure->message.find("no-such-program"), std::string::npos);
}

TEST_F(Agent, StartsWhatWasSentAheadWhenSlotsAreFree) {
  run();
  auto first = task(1, "/bin/bash -c \"until [ -e go ]; do sleep 0.01; done\"");
  auto second = task(2, "/bin/true");
  second.may_wait = true;
  server_.order_many({first, second});
  ASSERT_TRUE(server_.wait_until([&] {
    return server_.told_[1].started > 0 && server_.held_.contains(2) && server_.held_[2] == spec::Phase::queued;
  }));
  EXPECT_EQ(server_.told(2).started, 0);
  FolderForTests::write(config_.root / "workitems/j1/job-1/t1/wd/go", "");
  ASSERT_TRUE(server_.wait_for_end(2));
}

TEST_F(Agent, TakesBackOnlyWhatHasNotStarted) {
  run();
  auto first = task(1, "/bin/bash -c \"until [ -e go ]; do sleep 0.01; done; exit 8\"");
  auto second = task(2, "/bin/true");
  second.may_wait = true;
  server_.order_many({first, second});
  ASSERT_TRUE(server_.wait_until([&] { return server_.told_[1].started > 0 && server_.held_.contains(2); }));
  server_.say({.stop = {{.attempt = 1, .reason = "take_back"}, {.attempt = 2, .reason = "take_back"}}});
  ASSERT_TRUE(server_.wait_for_end(2));
  EXPECT_EQ(server_.end_of(2).reason, "take_back");
  EXPECT_FALSE(server_.end_of(2).exit_code.has_value());
  FolderForTests::write(config_.root / "workitems/j1/job-1/t1/wd/go", "");
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).exit_code, 8);
}

// After a silence the server may have given up what still runs here, and give its slots away.
TEST_F(Agent, StartsNothingBeforeItsSlotsAreFreeWhateverItIsTold) {
  run();
  server_.order(task(1, "/bin/bash -c \"until [ -e go ]; do sleep 0.01; done\""));
  server_.order(task(2, "/bin/true"));
  ASSERT_TRUE(server_.wait_until([&] { return server_.told_[1].started > 0 && server_.held_.contains(2); }));
  EXPECT_EQ(server_.told(2).started, 0);
  FolderForTests::write(config_.root / "workitems/j1/job-1/t1/wd/go", "");
  ASSERT_TRUE(server_.wait_for_end(2));
  EXPECT_TRUE(server_.told(1).ended.has_value());
}

TEST_F(Agent, StopsATaskAndSaysWhy) {
  run();
  server_.order(task(1, "/bin/sleep 1000"));
  ASSERT_TRUE(server_.wait_until([&] { return server_.told_[1].started > 0; }));
  server_.stop({.attempt = 1, .reason = "terminated", .grace_ms = 5000});
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).reason, "terminated");
  EXPECT_EQ(server_.end_of(1).exit_code, 128 + SIGTERM);
}

TEST_F(Agent, EndsATaskAtItsWallClockLimit) {
  run();
  auto order = task(1, "/bin/sleep 1000");
  order.spec["constraints"] = {{"maxWallClockTime", "PT0.05S"}};
  server_.order(order);
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).reason, "timeout");
}

TEST_F(Agent, ANewAgentFindsRunningTasksAndTheirEnds) {
  config_.slots = 2;
  run();
  server_.order(task(1, "/bin/bash -c \"until [ -e go ]; do sleep 0.01; done; exit 5\""));
  server_.order(task(2, "/bin/bash -c \"until [ -e ../../t1/wd/go ]; do sleep 0.01; done; touch done; exit 6\""));
  ASSERT_TRUE(server_.wait_until([&] { return server_.told_[1].started > 0 && server_.told_[2].started > 0; }));
  stop();
  FolderForTests::write(config_.root / "workitems/j1/job-1/t1/wd/go", "");
  ASSERT_TRUE(wait_for([&] { return std::filesystem::exists(config_.root / "workitems/j1/job-1/t2/wd/done"); }));
  EXPECT_FALSE(server_.told(1).ended.has_value());
  run();
  ASSERT_TRUE(server_.wait_for_end(1));
  ASSERT_TRUE(server_.wait_for_end(2));
  EXPECT_EQ(server_.end_of(1).exit_code, 5);
  EXPECT_EQ(server_.end_of(2).exit_code, 6);
  EXPECT_EQ(server_.sessions_.size(), 2u);
  EXPECT_EQ(server_.facts_.front().boot_id, server_.facts_.back().boot_id);
}

TEST_F(Agent, GivesUpWhatADeadKeeperRanAndTellsItsNewBootId) {
  run();
  server_.order(task(1, "/bin/bash -c \"echo $$; exec sleep 1000\""));
  ASSERT_TRUE(server_.wait_until([&] { return server_.told_[1].started > 0; }));
  ASSERT_TRUE(wait_for([&] { return !output(1).empty(); }));
  for (const pid_t pid : all_processes()) {
    const std::string line = FolderForTests::read("/proc/" + std::to_string(pid) + "/cmdline");
    if (line.find("keeper") != std::string::npos &&
        line.find(config_.root.string() + ".private") != std::string::npos) {
      kill(pid, SIGKILL);
    }
  }
  // The order is still wanted: it is sent again under the new keeper, but this node has given that attempt up.
  ASSERT_TRUE(server_.wait_until([&] { return server_.facts_.size() >= 2; }));
  EXPECT_NE(server_.facts_.front().boot_id, server_.facts_.back().boot_id);
  const auto pid = static_cast<pid_t>(std::stol(output(1)));
  EXPECT_TRUE(wait_for([&] { return !process_born_ms(pid).has_value(); }));
  server_.order(task(2, "/bin/true"));
  EXPECT_TRUE(server_.wait_for_end(2));
}

TEST_F(Agent, UploadsOutputsEvenOfATaskThatFailed) {
  run();
  auto order = task(1,
                    "/bin/bash -c \"mkdir -p out/deep; echo a > out/a.txt; echo b > out/deep/b.txt; echo c > .c.txt; "
                    "echo said; exit 2\"");
  const auto file = [](const std::string& pattern, const std::string& path, const std::string& condition) {
    return spec::Json{
        {"filePattern", pattern},
        {"destination", {{"container", {{"containerUrl", "https://acct.blob.test/c1?sig=x"}, {"path", path}}}}},
        {"uploadOptions", {{"uploadCondition", condition}}}};
  };
  order.spec["outputFiles"] = {file("../stdout.txt", "logs/$AZ_BATCH_TASK_ID.txt", "taskcompletion"),
                               file("out/**/*.txt", "results", "taskfailure"),
                               file("out/*.txt", "never", "tasksuccess"),
                               file("../../../../../../etc/passwd", "stolen", "taskcompletion")};
  server_.order(order);
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_TRUE(server_.end_of(1).has_outputs);
  EXPECT_EQ(server_.end_of(1).exit_code, 2);
  const std::map<std::string, std::string> expected{
      {"1/c1/logs/t1.txt", "said\n"}, {"1/c1/results/a.txt", "a\n"}, {"1/c1/results/deep/b.txt", "b\n"}};
  EXPECT_EQ(server_.outputs_, expected);
  EXPECT_NE(output(1, "fileuploadout.txt").find("logs/t1.txt"), std::string::npos);
  EXPECT_EQ(output(1, "fileuploadout.txt").find("sig="), std::string::npos);
}

TEST_F(Agent, KeepsOutputsBackWhileTheServerIsSilent) {
  config_.fence = std::chrono::milliseconds(60);
  config_.wait = std::chrono::milliseconds(20);
  run();
  auto order = task(1, "/bin/bash -c \"until [ -e go ]; do sleep 0.01; done; echo x > x.txt\"");
  order.spec["outputFiles"] = {{{"filePattern", "x.txt"},
                                {"destination", {{"container", {{"containerUrl", "https://acct.blob.test/c1"}}}}},
                                {"uploadOptions", {{"uploadCondition", "taskcompletion"}}}}};
  server_.order(order);
  ASSERT_TRUE(server_.wait_until([&] { return server_.told_[1].started > 0; }));
  server_.set_reachable(false);
  const std::int64_t silent_since = steady_now_ms();
  ASSERT_TRUE(wait_for([&] { return steady_now_ms() - silent_since > 200; }));
  FolderForTests::write(config_.root / "workitems/j1/job-1/t1/wd/go", "");
  ASSERT_TRUE(wait_for([&] { return std::filesystem::exists(config_.root / "workitems/j1/job-1/t1/wd/x.txt"); }));
  EXPECT_TRUE(server_.outputs_.empty());
  server_.set_reachable(true);
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.outputs_.size(), 1u);
}

TEST_F(Agent, ResolvesSecretsAndWritesThemNowhere) {
  server_.set_secret("db", "hunter2");
  run();
  auto order = task(1, "/bin/bash -c \"[ \\\"$PASSWORD\\\" = hunter2 ]\"");
  order.spec["environmentSettings"] = {{{"name", "PASSWORD"}, {"value", "secret:db"}}};
  order.spec["outputFiles"] = spec::Json::array({spec::Json{{"filePattern", "none"}}});
  server_.order(order);
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).exit_code, 0);
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path())) {
    if (!file.is_regular_file()) continue;
    EXPECT_EQ(FolderForTests::read(file.path()).find("hunter2"), std::string::npos) << file.path();
  }
  auto missing = task(2, "/bin/true");
  missing.spec["environmentSettings"] = {{{"name", "PASSWORD"}, {"value", "secret:none"}}};
  server_.order(missing);
  ASSERT_TRUE(server_.wait_for_end(2));
  EXPECT_EQ(server_.end_of(2).failure->code, "SecretNotFound");
}

TEST_F(Agent, AnswersFileOrdersAndLetsNoneOutOfItsFolder) {
  run();
  server_.order(task(1, "/bin/bash -c \"echo 0123456789; ln -s /etc/passwd link\""));
  ASSERT_TRUE(server_.wait_for_end(1));
  const std::string base = "workitems/j1/job-1/t1";
  server_.say({.files = {{1, "read", base + "/stdout.txt", 2, 3},
                         {2, "list", base, 0, 0},
                         {3, "properties", base + "/stdout.txt", 0, 0},
                         {4, "read", base + "/wd/link", 0, 100},
                         {5, "delete", base + "/stdout.txt", 0, 0}}});
  ASSERT_TRUE(server_.wait_until([&] { return server_.file_answers_.size() == 5; }));
  EXPECT_EQ(server_.file_answers_.at(1).value(), "234");
  const auto list = spec::Json::parse(server_.file_answers_.at(2).value());
  std::vector<std::string> names;
  for (const auto& file : list.at("files")) names.push_back(file.at("name"));
  // The deletion may come first: workers answer as they can.
  EXPECT_TRUE(std::find(names.begin(), names.end(), "wd") != names.end());
  EXPECT_EQ(server_.file_answers_.at(4).error().api_code, "FileNotFound");
}

TEST_F(Agent, RemovesTheFoldersOfDeletedJobs) {
  run();
  server_.order(task(1, "/bin/true"));
  ASSERT_TRUE(server_.wait_for_end(1));
  server_.say({.remove_jobs = {"workitems/j1"}});
  EXPECT_TRUE(wait_for([&] { return !std::filesystem::exists(config_.root / "workitems/j1"); }));
}

TEST_F(Agent, EndsEverythingAndLeavesWhenTheServerDoesNotKnowIt) {
  run();
  server_.order(task(1, "/bin/bash -c \"echo $$; exec sleep 1000\""));
  ASSERT_TRUE(server_.wait_until([&] { return server_.told_[1].started > 0; }));
  ASSERT_TRUE(wait_for([&] { return !output(1).empty(); }));
  server_.say({.is_known = false});
  thread_.join();
  ASSERT_TRUE(outcome_->ok());
  EXPECT_EQ(outcome_->value(), AgentEnd::left);
  EXPECT_TRUE(wait_for([&] { return !process_born_ms(static_cast<pid_t>(std::stol(output(1)))).has_value(); }));
}

TEST_F(Agent, ComesBackFromAReimageEmptyAndAsAnotherSession) {
  run();
  server_.order(task(1, "/bin/true"));
  ASSERT_TRUE(server_.wait_for_end(1));
  server_.say({.order = spec::NodeOrder::reimage});
  ASSERT_TRUE(server_.wait_until([&] { return server_.sessions_.size() == 2 && server_.facts_.size() >= 2; }));
  EXPECT_NE(server_.facts_.front().boot_id, server_.facts_.back().boot_id);
  EXPECT_FALSE(std::filesystem::exists(config_.root / "workitems/j1"));
  server_.order(task(2, "/bin/true"));
  EXPECT_TRUE(server_.wait_for_end(2));
}

TEST_F(Agent, StartsNothingByAnAnswerThatIsOlderThanTheFence) {
  config_.fence = std::chrono::milliseconds(200);
  config_.wait = std::chrono::milliseconds(20);
  server_.set_delay(std::chrono::milliseconds(400));
  run();
  server_.order(task(1, "/bin/true"));
  ASSERT_TRUE(server_.wait_until([&] { return server_.exchanges_ >= 4; }));
  EXPECT_EQ(server_.told(1).preparing + server_.told(1).started, 0);
  server_.set_delay(std::chrono::milliseconds(0));
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).exit_code, 0);
}

TEST_F(Agent, TellsThatItRetainsWhatATaskLeft) {
  run();
  spec::StartOrder order = task(1, "/bin/true");
  order.spec["constraints"] = {{"retentionTime", "PT1H"}};
  ASSERT_TRUE(server_.wait_until([&] { return server_.exchanges_ >= 1; }));
  server_.order(order);
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_TRUE(server_.wait_until([&] { return server_.retains_data_; }));
}

TEST_F(Agent, TellsThatItsDiskIsFull) {
  config_.min_free_bytes = std::uint64_t{1} << 60;
  run();
  EXPECT_TRUE(server_.wait_until([&] { return server_.trouble_ == "disk_full"; }));
}

TEST_F(Agent, RefusesContainersWhereThereIsNoPodmanAndSaysWhatToDo) {
  hide_programs();
  run();
  auto order = task(1, "/bin/true");
  order.spec["containerSettings"] = {{"imageName", "r-base"}};
  server_.order(order);
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).failure->code, "ContainerInvalidSettings");
  EXPECT_NE(server_.end_of(1).failure->message.find("containers: host"), std::string::npos);
}

TEST_F(Agent, RunsAContainersTaskOnTheHostWhereTheImageIsAnAliasOfIt) {
  config_.containers.images = {{"r-base", "host"}};
  run();
  auto order = task(1, "/bin/echo here");
  order.spec["containerSettings"] = {{"imageName", "r-base"}};
  server_.order(order);
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(output(1), "here\n");
}

TEST_F(Agent, HandsScoriaScoreToTheWarmScorer) {
  run();
  server_.order(task(1, "scoria score model input"));
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).exit_code, 0);
  EXPECT_EQ(output(1).substr(0, 5), "warm ");
}

TEST_F(Agent, RunsManyTasksOnceEach) {
  config_.slots = 4;
  run();
  std::vector<spec::StartOrder> orders;
  for (std::uint64_t attempt = 1; attempt <= 300; ++attempt) {
    orders.push_back(task(attempt, "/bin/bash -c \"echo run >> log\""));
    orders.back().may_wait = true;
  }
  server_.order_many(orders);
  ASSERT_TRUE(server_.wait_until([&] { return server_.ended_ == 300; }));
  for (std::uint64_t attempt = 1; attempt <= 300; ++attempt) EXPECT_EQ(output(attempt, "wd/log"), "run\n") << attempt;
}

TEST_F(Agent, PutsItsFolderWhereAzureHasItForContainerTasksOnTheHost) {
  if (!namespaces_work()) GTEST_SKIP() << "this machine gives no mount namespace";
  config_.containers.mode = "host";
  run();
  auto order = task(1, "/bin/bash -c \"pwd; echo $0 $1; [ /mnt/batch/tasks -ef $AZ_BATCH_NODE_ROOT_DIR ]\" zero one");
  order.spec["containerSettings"] = {{"imageName", "r-base"}};
  server_.order(order);
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).exit_code, 0);
  EXPECT_EQ(output(1), "/mnt/batch/tasks/workitems/j1/job-1/t1/wd\nzero one\n");
}

TEST_F(Agent, EndsATaskBeforeWhichOurProgramStood) {
  config_.containers.mode = "host";
  run();
  auto order = task(1, "/bin/sleep 1000");
  order.spec["containerSettings"] = {{"imageName", "r-base"}};
  server_.order(order);
  ASSERT_TRUE(wait_for([&] { return server_.told(1).started > 0; }));
  server_.stop({.attempt = 1, .reason = "terminated", .grace_ms = 2000});
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).exit_code, 143);
}

TEST_F(Agent, HasStandInsBehindTheMachinesPrograms) {
  hide_programs();
  run();
  server_.order(task(1, "/bin/bash -c \"command -v wget docker blobxfer\""));
  ASSERT_TRUE(server_.wait_for_end(1));
  const std::string folder = (config_.root.string() + ".private/stand-ins/");
  EXPECT_EQ(output(1), folder + "wget\n" + folder + "docker\n" + folder + "blobxfer\n");
}

TEST_F(Agent, HasNoStandInsWhereNoneAreWanted) {
  hide_programs();
  config_.stand_ins = "none";
  run();
  server_.order(task(1, "/bin/bash -c \"command -v wget || echo none\""));
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(output(1), "none\n");
}

TEST_F(Agent, MakesItsServersAuthorityOneOfTheTasks) {
  FolderForTests::write(folder_ / "ca.pem", "the server's\n");
  config_.ca_file = folder_ / "ca.pem";
  run();
  server_.order(task(1, "/bin/bash -c \"tail -n 1 $SSL_CERT_FILE; [ -r $R_PROFILE_USER ]\""));
  ASSERT_TRUE(server_.wait_for_end(1));
  EXPECT_EQ(server_.end_of(1).exit_code, 0);
  EXPECT_EQ(output(1), "the server's\n");
}

}  // namespace
}  // namespace scoria::node
