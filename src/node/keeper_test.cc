#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "node/folder_for_tests.h"
#include "node/keeper_client.h"
#include "node/processes.h"

namespace scoria::node {
namespace {

class Keeper : public testing::Test {
 public:
  Keeper() {
    config_.private_folder = folder_ / "private";
    config_.root = folder_ / "root";
    config_.idle_exit = std::chrono::milliseconds(100);
    config_.warm_command = {NODE_PROGRAM_FOR_TESTS, "warm-scorer"};
    std::filesystem::create_directories(config_.root);
  }
  ~Keeper() override {
    if (!client_) connect();
    if (client_) {
      client_->leave();
      (void)client_->flush();
      wait_for_message([](const Message&) { return false; }, /*until_closed=*/true);
    }
  }

 protected:
  void connect() {
    std::optional<Message> state;
    // A keeper that just dies may still take a connection, and drops it.
    for (int tries = 0; tries < 5 && !state; ++tries) {
      auto client = KeeperClient::connect(config_, {NODE_PROGRAM_FOR_TESTS, "keeper"}, std::chrono::seconds(20));
      ASSERT_TRUE(client.ok()) << client.error().message;
      client_ = std::move(client).value();
      state = wait_for_message([](const Message& message) { return message.kind == MessageKind::state; }, true);
    }
    ASSERT_TRUE(state.has_value());
    state_ = state->state;
  }

  StartCommand bash(std::uint64_t attempt, const std::string& script) {
    const auto task = config_.root / std::to_string(attempt);
    std::filesystem::create_directories(task / "wd");
    StartCommand command;
    command.attempt = attempt;
    command.program = "/bin/bash";
    command.arguments = {"bash", "-c", script};
    command.environment = {"PATH=/usr/bin:/bin", "AZ_BATCH_NODE_ROOT_DIR=" + config_.root.string(),
                           "AZ_BATCH_TASK_ATTEMPT=" + std::to_string(attempt)};
    command.directory = (task / "wd").string();
    command.stdout_path = (task / "stdout.txt").string();
    command.stderr_path = (task / "stderr.txt").string();
    command.note = "note " + std::to_string(attempt);
    return command;
  }
  void start(const StartCommand& command) {
    client_->start(command);
    ASSERT_TRUE(client_->flush());
  }
  std::string output(std::uint64_t attempt) {
    return FolderForTests::read(config_.root / std::to_string(attempt) / "stdout.txt");
  }

  // Until a message is what is waited for; nothing within 20 s.
  std::optional<Message> wait_for_message(const std::function<bool(const Message&)>& is_it, bool until_closed = false) {
    const std::int64_t deadline = steady_now_ms() + 20'000;
    while (steady_now_ms() < deadline) {
      for (auto message = client_->next(); message.ok() && message.value(); message = client_->next()) {
        if (is_it(*message.value())) return std::move(*message.value());
      }
      pollfd waiting{.fd = client_->descriptor(), .events = POLLIN, .revents = 0};
      if (poll(&waiting, 1, 1000) > 0 && !client_->fill() && until_closed) return std::nullopt;
    }
    return std::nullopt;
  }
  Ending end_of(std::uint64_t attempt) {
    const auto message = wait_for_message([&](const Message& candidate) {
      return candidate.kind == MessageKind::ended && candidate.ending.attempt == attempt;
    });
    EXPECT_TRUE(message.has_value()) << "attempt " << attempt << " did not end";
    return message ? message->ending : Ending{};
  }
  pid_t pid_of(std::uint64_t attempt) {
    const auto message = wait_for_message([&](const Message& candidate) {
      return candidate.kind == MessageKind::started && candidate.started.attempt == attempt;
    });
    EXPECT_TRUE(message.has_value()) << "attempt " << attempt << " did not start";
    return message ? message->started.pid : -1;
  }
  pid_t keeper_pid() {
    ucred who{};
    socklen_t size = sizeof who;
    getsockopt(client_->descriptor(), SOL_SOCKET, SO_PEERCRED, &who, &size);
    return who.pid;
  }
  // A task that says so when it has come to a point.
  void wait_for_line(std::uint64_t attempt, const std::string& line) {
    const std::int64_t deadline = steady_now_ms() + 20'000;
    while (output(attempt).find(line) == std::string::npos && steady_now_ms() < deadline) poll(nullptr, 0, 2);
    ASSERT_NE(output(attempt).find(line), std::string::npos);
  }
  static bool is_gone(pid_t pid) {
    const std::int64_t deadline = steady_now_ms() + 20'000;
    while (steady_now_ms() < deadline) {
      const std::string status = FolderForTests::read("/proc/" + std::to_string(pid) + "/stat");
      if (status.empty() || status.find(") Z ") != std::string::npos) return true;
      poll(nullptr, 0, 2);
    }
    return false;
  }

  FolderForTests folder_;
  KeeperConfig config_;
  std::optional<KeeperClient> client_;
  KeeperState state_;
};

TEST_F(Keeper, TellsExitCodesAndOutputs) {
  connect();
  start(bash(1, "echo out; echo err >&2; pwd; exit 7"));
  const Ending ending = end_of(1);
  EXPECT_EQ(ending.exit_code, 7);
  EXPECT_EQ(output(1), "out\n" + (config_.root / "1" / "wd").string() + "\n");
  EXPECT_EQ(FolderForTests::read(config_.root / "1" / "stderr.txt"), "err\n");
}

TEST_F(Keeper, TellsASignalAs128AndItsNumber) {
  connect();
  start(bash(1, "kill -SEGV $$"));
  EXPECT_EQ(end_of(1).exit_code, 128 + SIGSEGV);
}

TEST_F(Keeper, CleansUpBehindWhatItKilledBeforeItTellsTheEnd) {
  connect();
  StartCommand command = bash(1, "echo up; sleep 1000");
  const auto mark = config_.root / "cleaned";
  command.cleanup = {"/usr/bin/touch", mark.string()};
  start(command);
  wait_for_line(1, "up");
  client_->kill({1, 0, "terminated"});
  ASSERT_TRUE(client_->flush());
  const Ending ending = end_of(1);
  EXPECT_TRUE(std::filesystem::exists(mark));
  EXPECT_EQ(ending.reason, "terminated");
  EXPECT_EQ(ending.exit_code, 128 + SIGKILL);
}

TEST_F(Keeper, CleansUpNothingBehindWhatEndedByItself) {
  connect();
  StartCommand command = bash(1, "exit 3");
  const auto mark = config_.root / "cleaned";
  command.cleanup = {"/usr/bin/touch", mark.string()};
  start(command);
  EXPECT_EQ(end_of(1).exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST_F(Keeper, TellsTheEndAlsoWhereCleaningUpFails) {
  connect();
  StartCommand command = bash(1, "kill -KILL $$");
  command.cleanup = {"/no/such/program"};
  start(command);
  EXPECT_EQ(end_of(1).exit_code, 128 + SIGKILL);
}

TEST_F(Keeper, SaysWhichProgramIsNotThere) {
  connect();
  StartCommand command = bash(1, "");
  command.program = "/no/such/program";
  start(command);
  const Ending ending = end_of(1);
  EXPECT_EQ(ending.failure_code, "CommandProgramNotFound");
  EXPECT_NE(ending.failure_message.find("/no/such/program"), std::string::npos);
  EXPECT_FALSE(ending.exit_code.has_value());
}

TEST_F(Keeper, GivesATaskNothingOfItsOwnDescriptorsAndSignals) {
  connect();
  start(bash(1, "ls /proc/self/fd | wc -l; grep SigBlk /proc/self/status; trap 'exit 9' TERM; kill -TERM $$"));
  EXPECT_EQ(end_of(1).exit_code, 9);
  EXPECT_EQ(output(1).substr(0, 2), "4\n");  // 0, 1, 2 and the folder that ls reads
  EXPECT_NE(output(1).find("SigBlk:\t0000000000000000"), std::string::npos);
}

TEST_F(Keeper, LetsATaskEndItselfWithinItsGrace) {
  connect();
  start(bash(1, "trap 'exit 3' TERM; echo ready; while :; do read -t 1 <> <(:) ; done"));
  wait_for_line(1, "ready");
  client_->kill({1, 60'000, "terminated"});
  ASSERT_TRUE(client_->flush());
  const Ending ending = end_of(1);
  EXPECT_EQ(ending.exit_code, 3);
  EXPECT_EQ(ending.reason, "terminated");
}

TEST_F(Keeper, KillsWhatDoesNotEndWithinItsGrace) {
  connect();
  start(bash(1, "trap '' TERM; echo ready; sleep 1000 & wait"));
  wait_for_line(1, "ready");
  client_->kill({1, 20, "terminated"});
  ASSERT_TRUE(client_->flush());
  EXPECT_EQ(end_of(1).exit_code, 128 + SIGKILL);
}

TEST_F(Keeper, EndsWhatATaskLeavesBehind) {
  connect();
  start(bash(1,
             "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; while [ -z \"$(ps -o pid= -s $! 2>/dev/null)\" ]; do "
             ":; done"));
  EXPECT_EQ(end_of(1).exit_code, 0);
  std::istringstream pids(output(1));
  pid_t in_group = 0, out_of_it = 0;
  ASSERT_TRUE(pids >> in_group >> out_of_it);
  EXPECT_TRUE(is_gone(in_group));
  EXPECT_TRUE(is_gone(out_of_it));
}

TEST_F(Keeper, HoldsTheWallClockLimitWithoutAnAgent) {
  connect();
  StartCommand command = bash(1, "sleep 1000");
  command.wall_limit_ms = 50;
  start(command);
  const pid_t pid = pid_of(1);
  client_.reset();
  EXPECT_TRUE(is_gone(pid));
  connect();
  const Ending ending = state_.attempts.at(0).ending ? *state_.attempts.at(0).ending : end_of(1);
  EXPECT_EQ(ending.reason, "timeout");
}

TEST_F(Keeper, EndsWhatHasALeaseWhenThatIsOver) {
  connect();
  StartCommand command = bash(1, "sleep 1000");
  command.lease_until_ms = steady_now_ms() + 300'000;
  start(command);
  const pid_t pid = pid_of(1);
  StartCommand brief = bash(2, "sleep 1000");
  brief.lease_until_ms = steady_now_ms() + 200;
  start(brief);
  EXPECT_EQ(end_of(2).reason, "lost_lease");
  EXPECT_EQ(kill(pid, 0), 0);
  StartCommand late = bash(3, "sleep 1000");
  late.lease_until_ms = steady_now_ms() - 1;
  start(late);
  const Ending never = end_of(3);
  EXPECT_EQ(never.reason, "lost_lease");
  EXPECT_FALSE(never.exit_code.has_value());
}

TEST_F(Keeper, ALeaseIsRenewedForAllThatHaveOne) {
  connect();
  StartCommand command = bash(1, "sleep 0.5; exit 7");
  command.lease_until_ms = steady_now_ms() + 200;
  start(command);
  client_->renew(steady_now_ms() + 100'000);
  ASSERT_TRUE(client_->flush());
  EXPECT_EQ(end_of(1).exit_code, 7);
}

TEST_F(Keeper, ShowsANewAgentWhatRunsAndWhatEnded) {
  connect();
  start(bash(1, "exit 4"));
  EXPECT_EQ(end_of(1).exit_code, 4);
  start(bash(2, "read -t 1000 <> <(:)"));
  const pid_t pid = pid_of(2);
  const std::string boot = state_.boot_id;
  client_.reset();
  connect();
  EXPECT_EQ(state_.boot_id, boot);
  ASSERT_EQ(state_.attempts.size(), 2u);
  EXPECT_EQ(state_.attempts[0].note, "note 1");
  EXPECT_EQ(state_.attempts[0].ending->exit_code, 4);
  EXPECT_EQ(state_.attempts[1].pid, pid);
  EXPECT_FALSE(state_.attempts[1].ending.has_value());
}

TEST_F(Keeper, GoesWhenNothingRunsAndTheNextOneTellsWhatEnded) {
  connect();
  start(bash(1, "exit 4"));
  EXPECT_EQ(end_of(1).exit_code, 4);
  const std::string boot = state_.boot_id;
  const pid_t first = keeper_pid();
  client_.reset();
  ASSERT_TRUE(is_gone(first));
  connect();
  EXPECT_NE(keeper_pid(), first);
  EXPECT_EQ(state_.boot_id, boot);  // else its server would think that all it ran was lost
  ASSERT_EQ(state_.attempts.size(), 1u);
  EXPECT_EQ(state_.attempts[0].ending->exit_code, 4);
  // One that is killed is another, as ever.
  start(bash(2, "sleep 1000"));
  (void)pid_of(2);
  ASSERT_EQ(kill(keeper_pid(), SIGKILL), 0);
  (void)wait_for_message([](const Message&) { return false; }, /*until_closed=*/true);
  client_.reset();
  connect();
  EXPECT_NE(state_.boot_id, boot);
}

TEST_F(Keeper, ForgetsOnlyWhatEnded) {
  connect();
  start(bash(1, "exit 0"));
  (void)end_of(1);
  start(bash(2, "sleep 1000"));
  (void)pid_of(2);
  client_->forget(1);
  client_->forget(2);
  ASSERT_TRUE(client_->flush());
  client_.reset();
  connect();
  ASSERT_EQ(state_.attempts.size(), 1u);
  EXPECT_EQ(state_.attempts[0].attempt, 2u);
}

TEST_F(Keeper, StartsAnAttemptOnce) {
  connect();
  const StartCommand command = bash(1, "echo once >> log");
  client_->start(command);
  client_->start(command);
  ASSERT_TRUE(client_->flush());
  EXPECT_EQ(end_of(1).exit_code, 0);
  start(command);
  start(bash(2, "true"));
  (void)end_of(2);
  EXPECT_EQ(FolderForTests::read(config_.root / "1" / "wd" / "log"), "once\n");
}

TEST_F(Keeper, ReportsAsLostWhatADeadKeeperRanAndEndsIt) {
  connect();
  start(bash(1, "exit 5"));
  EXPECT_EQ(end_of(1).exit_code, 5);
  start(bash(2, "sleep 1000"));
  const pid_t pid = pid_of(2);
  const std::string boot = state_.boot_id;
  ASSERT_EQ(kill(keeper_pid(), SIGKILL), 0);
  (void)wait_for_message([](const Message&) { return false; }, /*until_closed=*/true);
  client_.reset();
  connect();
  EXPECT_NE(state_.boot_id, boot);
  EXPECT_TRUE(is_gone(pid));
  ASSERT_EQ(state_.attempts.size(), 2u);
  EXPECT_EQ(state_.attempts[0].ending->exit_code, 5);
  EXPECT_FALSE(state_.attempts[0].ending->is_lost);
  EXPECT_TRUE(state_.attempts[1].ending->is_lost);
}

TEST_F(Keeper, GoesWhenItHoldsNothingAndNobodyAsks) {
  connect();
  const pid_t pid = keeper_pid();
  client_.reset();
  EXPECT_TRUE(is_gone(pid));
}

TEST_F(Keeper, HandsScoringToTheWarmScorer) {
  connect();
  StartCommand command = bash(1, "");
  command.program = NODE_PROGRAM_FOR_TESTS;
  command.arguments = {"scoria", "score"};
  command.environment.emplace_back("MARK=mine");
  command.is_warm = true;
  start(command);
  EXPECT_EQ(end_of(1).exit_code, 0);
  EXPECT_EQ(output(1), "warm in " + command.directory + " mark mine\n");

  StartCommand failing = bash(2, "");
  failing.program = NODE_PROGRAM_FOR_TESTS;
  failing.arguments = {"scoria", "score", "exit", "6"};
  failing.is_warm = true;
  start(failing);
  EXPECT_EQ(end_of(2).exit_code, 6);
}

TEST_F(Keeper, KillsAWarmTask) {
  connect();
  StartCommand command = bash(1, "");
  command.program = NODE_PROGRAM_FOR_TESTS;
  command.arguments = {"scoria", "score", "wait"};
  command.is_warm = true;
  start(command);
  (void)pid_of(1);
  client_->kill({1, 0, "terminated"});
  ASSERT_TRUE(client_->flush());
  EXPECT_EQ(end_of(1).exit_code, 128 + SIGKILL);
}

TEST_F(Keeper, StartsScoringThePlainWayWithoutAWarmScorer) {
  config_.warm_command = {"/no/such/scorer"};
  connect();
  StartCommand command = bash(1, "");
  command.program = NODE_PROGRAM_FOR_TESTS;
  command.arguments = {"scoria", "score"};
  command.is_warm = true;
  start(command);
  EXPECT_EQ(end_of(1).exit_code, 0);
  EXPECT_EQ(output(1).substr(0, 5), "cold ");
}

TEST(KeeperArguments, ComeBackAsTheyWere) {
  KeeperConfig config;
  config.private_folder = "/p";
  config.root = "/r";
  config.warm_command = {"a", "b"};
  config.detach = true;
  config.use_cgroups = true;
  config.cgroup_name = "g";
  const auto read = read_keeper_arguments(keeper_arguments(config));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(keeper_arguments(read.value()), keeper_arguments(config));
  EXPECT_NE(read_keeper_arguments({"--private", "/p", "--bogus", "1"}).error().message.find("--bogus"),
            std::string::npos);
}

}  // namespace
}  // namespace scoria::node
