#include "pool/local.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "pool/process_identity.h"

extern char** environ;

namespace scoria::pool {
namespace {

namespace fs = std::filesystem;

Result<pid_t> spawn(const char* program, const char* argument) {
  pid_t pid = 0;
  std::string first = program;
  std::string second = argument;
  char* arguments[] = {first.data(), second.data(), nullptr};
  if (::posix_spawnp(&pid, program, nullptr, nullptr, arguments, environ) != 0) {
    return Error{Code::unavailable, "no process"};
  }
  return pid;
}

// A folder, and a launcher whose agents are `sleep`s.
class LocalProviderTest : public ::testing::Test {
 protected:
  LocalProviderTest() {
    std::string name = (fs::temp_directory_path() / "scoria-local-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    options_.folder = folder_ / "nodes";
    options_.leave_grace = std::chrono::milliseconds(20);
    options_.kill_grace = std::chrono::milliseconds(200);
    options_.launch = [this](const NodeRequest& request, int) -> Result<pid_t> {
      auto pid = spawn("sleep", "1000");
      const std::lock_guard lock(mutex_);
      if (pid.ok()) pids_.push_back(pid.value());
      tokens_.push_back(request.token);
      return pid;
    };
    options_.clean = [this](const std::string&, const std::string& node) {
      const std::lock_guard lock(mutex_);
      cleaned_.insert(node);
    };
  }
  ~LocalProviderTest() override {
    for (const pid_t pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    fs::remove_all(folder_);
  }

  std::unique_ptr<LocalProvider> open() {
    auto opened = LocalProvider::open(options_);
    EXPECT_TRUE(opened.ok());
    return std::move(opened).value();
  }
  // What must come true comes true within a deadline: the provider's own thread brings it about.
  template <typename Claim>
  static bool soon(Claim claim) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!claim()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  static std::optional<NodeStatus::State> state_of(LocalProvider& provider, const std::string& node) {
    for (const NodeStatus& status : provider.status()) {
      if (status.node == node) return status.state;
    }
    return std::nullopt;
  }
  bool runs(LocalProvider& provider, const std::string& node) {
    return soon([&] { return state_of(provider, node) == NodeStatus::State::running; });
  }
  std::size_t launches() {
    const std::lock_guard lock(mutex_);
    return tokens_.size();
  }
  pid_t newest() {
    const std::lock_guard lock(mutex_);
    return pids_.back();
  }

  static NodeRequest node(std::string name, std::string token = "secret") {
    return {.pool = "p", .node = std::move(name), .token = std::move(token)};
  }

  fs::path folder_;
  LocalOptions options_;
  std::mutex mutex_;
  std::vector<pid_t> pids_;
  std::vector<std::string> tokens_;
  std::set<std::string> cleaned_;
};

TEST_F(LocalProviderTest, StartsAnAgentForANode) {
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  EXPECT_TRUE(runs(*provider, "n1"));
}

TEST_F(LocalProviderTest, StartsNothingNewForARepeatedRequest) {
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  ASSERT_TRUE(runs(*provider, "n1"));
  ASSERT_TRUE(provider->request(node("n1")).ok());
  ASSERT_TRUE(provider->request(node("n2")).ok());
  ASSERT_TRUE(runs(*provider, "n2"));
  EXPECT_EQ(launches(), 2u);
}

TEST_F(LocalProviderTest, TellsAnAgentToBeginOnceItsFileNamesIt) {
  std::atomic<int> said = 0;
  std::jthread agent;
  options_.launch = [&](const NodeRequest&, int go_ahead) -> Result<pid_t> {
    const auto pid = spawn("sleep", "1000");
    pids_.push_back(pid.value());
    agent = std::jthread([&, mine = ::dup(go_ahead), pid = pid.value()] {
      char byte = 0;
      const bool is_told = ::read(mine, &byte, 1) == 1;
      std::ifstream file(folder_ / "nodes/p/n1.json");
      const std::string text((std::istreambuf_iterator<char>(file)), {});
      said = is_told && text.find("\"pid\":" + std::to_string(pid)) != std::string::npos ? 1 : -1;
      ::close(mine);
    });
    return pid;
  };
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  ASSERT_TRUE(soon([&] { return said != 0; }));
  EXPECT_EQ(said, 1);
}

TEST_F(LocalProviderTest, StartsADeadAgentAgain) {
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  ASSERT_TRUE(runs(*provider, "n1"));
  ::kill(newest(), SIGKILL);
  EXPECT_TRUE(soon([&] { return launches() == 2; }));
  EXPECT_TRUE(runs(*provider, "n1"));
}

TEST_F(LocalProviderTest, FindsTheAgentsOfAServerBefore) {
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  ASSERT_TRUE(runs(*provider, "n1"));
  provider.reset();
  provider = open();
  EXPECT_EQ(state_of(*provider, "n1"), NodeStatus::State::running);
  EXPECT_EQ(launches(), 1u);
}

TEST_F(LocalProviderTest, StartsAgainWhatDiedWhileNobodyWatched) {
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  ASSERT_TRUE(runs(*provider, "n1"));
  provider.reset();
  ::kill(newest(), SIGKILL);
  ::waitpid(newest(), nullptr, 0);
  provider = open();
  EXPECT_TRUE(runs(*provider, "n1"));
  EXPECT_EQ(launches(), 2u);
}

TEST_F(LocalProviderTest, NeverTakesAnotherProcessForAnAgent) {
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  ASSERT_TRUE(runs(*provider, "n1"));
  provider.reset();
  const pid_t agent = newest();
  ::kill(agent, SIGKILL);
  ::waitpid(agent, nullptr, 0);
  // The number became another's: this test's own.
  const fs::path file = options_.folder / "p" / "n1.json";
  std::string text;
  {
    std::ifstream in(file);
    std::getline(in, text);
  }
  const std::string before = "\"pid\":" + std::to_string(agent);
  ASSERT_NE(text.find(before), std::string::npos);
  text.replace(text.find(before), before.size(), "\"pid\":" + std::to_string(::getpid()));
  std::ofstream(file) << text;
  provider = open();
  EXPECT_TRUE(runs(*provider, "n1"));
  EXPECT_EQ(launches(), 2u);
  provider->release("p", "n1");
  EXPECT_TRUE(soon([&] { return state_of(*provider, "n1") == NodeStatus::State::gone; }));  // and this test lives
}

TEST_F(LocalProviderTest, EndsAndCleansUpAReleasedNode) {
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  ASSERT_TRUE(runs(*provider, "n1"));
  provider->release("p", "n1");
  provider->release("p", "n1");
  EXPECT_TRUE(soon([&] { return state_of(*provider, "n1") == NodeStatus::State::gone; }));
  EXPECT_EQ(state_of(*provider, "n1"), std::nullopt);
  EXPECT_TRUE(cleaned_.contains("n1"));
  EXPECT_FALSE(fs::exists(options_.folder / "p" / "n1.json"));
  EXPECT_EQ(launches(), 1u);
}

TEST_F(LocalProviderTest, StartsANodeThatIsAskedForWhileItLeavesOnceItHasLeft) {
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1", "old")).ok());
  ASSERT_TRUE(runs(*provider, "n1"));
  provider->release("p", "n1");
  ASSERT_TRUE(provider->request(node("n1", "new")).ok());
  EXPECT_TRUE(soon([&] { return launches() == 2; }));
  EXPECT_TRUE(runs(*provider, "n1"));
  EXPECT_EQ(tokens_.back(), "new");
}

TEST_F(LocalProviderTest, GivesUpOnAnAgentThatKeepsDying) {
  options_.crash_limit = 3;
  options_.launch = [this](const NodeRequest&, int) -> Result<pid_t> {
    auto pid = spawn("true", "");
    const std::lock_guard lock(mutex_);
    tokens_.emplace_back();
    return pid;
  };
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  EXPECT_TRUE(soon([&] { return state_of(*provider, "n1") == NodeStatus::State::gone; }));
  EXPECT_EQ(launches(), 3u);
}

TEST_F(LocalProviderTest, KeepsTokensFromOthers) {
  auto provider = open();
  ASSERT_TRUE(provider->request(node("n1")).ok());
  ASSERT_TRUE(runs(*provider, "n1"));
  struct stat info {};
  ASSERT_EQ(::stat((options_.folder / "p" / "n1.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(options_.folder.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(LocalProviderTest, RefusesNamesThatLeaveItsFolder) {
  auto provider = open();
  for (const char* name : {"..", "../x", "a/b", "", ".hidden"}) {
    EXPECT_FALSE(provider->request(node(name)).ok()) << name;
  }
}

TEST_F(LocalProviderTest, PutsAsideAFileThatIsNoneOfItsOwn) {
  fs::create_directories(options_.folder / "p");
  std::ofstream(options_.folder / "p" / "n1.json") << "{\"pid\": ";
  auto provider = open();
  EXPECT_TRUE(provider->status().empty());
  EXPECT_TRUE(fs::exists(options_.folder / "p" / "n1.json.bad"));
}

TEST(ProcessIdentity, TellsAProcessFromALaterOneOfTheSameNumber) {
  const auto self = identify(::getpid());
  ASSERT_TRUE(self);
  EXPECT_TRUE(ProcessHandle::open(*self));
  auto other = *self;
  ++other.start_time;
  EXPECT_FALSE(ProcessHandle::open(other));
}

}  // namespace
}  // namespace scoria::pool
