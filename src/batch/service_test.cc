// The service as it runs: threads, a store on disk, restarts.
#include "batch/service.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <mutex>

#include "batch/jobs.h"
#include "batch/machine.h"
#include "batch/pools.h"
#include "batch/tasks.h"
#include "store/memory_store_for_tests.h"

namespace scoria::batch {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::seconds kLong{20};  // what should come comes sooner; a hang fails

struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "service_test.XXXXXX").string();
    SCORIA_CHECK(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

class FakeProvider final : public scoria::pool::Provider {
 public:
  Status request(const scoria::pool::NodeRequest& request) override {
    const std::lock_guard hold(mutex_);
    nodes_[{request.pool, request.node}] = request.token;
    return Ok{};
  }
  std::vector<scoria::pool::NodeStatus> status() override {
    const std::lock_guard hold(mutex_);
    std::vector<scoria::pool::NodeStatus> all;
    for (const auto& [key, token] : nodes_) {
      all.push_back({key.first, key.second, scoria::pool::NodeStatus::State::running, ""});
    }
    return all;
  }
  void release(const std::string& pool, const std::string& node) override {
    const std::lock_guard hold(mutex_);
    nodes_.erase({pool, node});
  }
  // The first node of all, once there is one.
  std::string wait_for_node() {
    const auto until = std::chrono::steady_clock::now() + kLong;
    while (std::chrono::steady_clock::now() < until) {
      {
        const std::lock_guard hold(mutex_);
        if (!nodes_.empty()) return nodes_.begin()->first.second;
      }
      std::this_thread::yield();
    }
    ADD_FAILURE() << "no node was asked for";
    return {};
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::string> nodes_;
};

Settings settings() {
  Settings out;
  out.machine_cores = 8;
  out.make_token = [] { return std::pair<std::string, std::string>("token", "hash"); };
  return out;
}

Result<Json> make_pool(State& state) {
  SCORIA_TRY(stamp, add_pool(state, {{"id", "p"}, {"vmSize", "standard_a1"}, {"targetDedicatedNodes", 1}}));
  return Json(stamp.etag());
}
Result<Json> make_job_in_it(State& state) {
  SCORIA_TRY(stamp, add_job(state, {{"id", "j"}, {"poolInfo", {{"poolId", "p"}}}}));
  return Json(stamp.etag());
}
std::function<Result<Json>(State&)> make_task(const std::string& id) {
  return [id](State& state) -> Result<Json> {
    std::vector<NewTask> tasks;
    tasks.push_back(new_task({{"id", id}, {"commandLine", "true"}}));
    SCORIA_TRY(added, add_tasks(state, "j", std::move(tasks)));
    if (!added[0].ok()) return added[0].error();
    return Json();
  };
}

class NodeForTests {
 public:
  NodeForTests(Service& service, std::string id) : service_(service), id_(std::move(id)) {}
  using Reply = Result<spec::SyncReply>;
  std::future<Reply> send(std::int64_t wait_ms, std::vector<spec::Event> events = {},
                          const std::string& hash = "hash") {
    return send_as(++sequence_, wait_ms, std::move(events), hash);
  }
  std::future<Reply> send_as(std::uint64_t sequence, std::int64_t wait_ms, std::vector<spec::Event> events = {},
                             const std::string& hash = "hash") {
    spec::SyncRequest request{.session = "s", .sequence = sequence, .events = std::move(events), .wait_ms = wait_ms};
    for (const AttemptId attempt : held) request.held.push_back({attempt, spec::Phase::running});
    request.facts = spec::NodeFacts{.agent_version = "1", .cores = 1, .boot_id = "b"};
    auto reply = std::make_shared<std::promise<Reply>>();
    service_.sync("p", id_, hash, std::move(request), [reply](Reply got) { reply->set_value(std::move(got)); });
    return reply->get_future();
  }
  Reply ask(std::int64_t wait_ms, std::vector<spec::Event> events = {}) {
    auto reply = send(wait_ms, std::move(events));
    if (reply.wait_for(kLong) != std::future_status::ready) return Error{Code::deadline, "no answer"};
    return reply.get();
  }
  std::set<AttemptId> held;

 private:
  Service& service_;
  std::string id_;
  std::uint64_t sequence_ = 0;
};

struct Serving : testing::Test {
  Serving() { start(); }
  void start() {
    auto started = Service::start(store, {{"local", &provider}}, clock, settings(),
                                  {.publish_outputs = [this](AttemptId attempt) -> Status {
                                    const std::lock_guard hold(mutex);
                                    published.push_back(attempt);
                                    return Ok{};
                                  }});
    SCORIA_CHECK(started.ok());
    service = std::move(started).value();
  }
  void must(const std::function<Result<Json>(State&)>& change) {
    const auto done = service->write_and_wait(change);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  std::string task_state(const std::string& id) {
    const auto row = store.task(1, id);
    return row.value() ? Json::parse(row.value()->info)["state"].get<std::string>() : "gone";
  }
  store::MemoryStore store;  // read between writes only: not for several threads
  FakeProvider provider;
  SystemClock clock;
  std::mutex mutex;
  std::vector<AttemptId> published;
  std::unique_ptr<Service> service;
};

TEST_F(Serving, ATaskReachesAWaitingNodeAndItsEndTheStore) {
  must(make_pool);
  must(make_job_in_it);
  NodeForTests node(*service, provider.wait_for_node());
  ASSERT_TRUE(node.ask(0).ok());
  auto waiting = node.send(20'000);
  must(make_task("t"));
  ASSERT_EQ(waiting.wait_for(kLong), std::future_status::ready);
  const auto reply = waiting.get();
  ASSERT_TRUE(reply.ok());
  ASSERT_EQ(reply.value().start.size(), 1u);
  const AttemptId attempt = reply.value().start[0].attempt;
  ASSERT_TRUE(node.ask(20'000, {{.kind = spec::Event::Kind::started, .attempt = attempt},
                                {.kind = spec::Event::Kind::ended, .attempt = attempt, .exit_code = 0}})
                  .ok());
  service->stop();
  EXPECT_EQ(task_state("t"), "completed");
}

TEST_F(Serving, OrdersGoToTheNewestExchangeThoughALateOneComesBehindIt) {
  must(make_pool);
  must(make_job_in_it);
  NodeForTests node(*service, provider.wait_for_node());
  ASSERT_TRUE(node.ask(0).ok());
  auto newest = node.send_as(3, 20'000);
  auto late = node.send_as(2, 20'000);
  ASSERT_EQ(late.wait_for(kLong), std::future_status::ready);
  EXPECT_TRUE(late.get().value().start.empty());
  must(make_task("t"));
  ASSERT_EQ(newest.wait_for(kLong), std::future_status::ready);
  EXPECT_EQ(newest.get().value().start.size(), 1u);
}

TEST_F(Serving, OutputsArePublishedBeforeTheTaskIsComplete) {
  must(make_pool);
  must(make_job_in_it);
  must(make_task("t"));
  NodeForTests node(*service, provider.wait_for_node());
  auto reply = node.ask(20'000);
  if (reply.ok() && reply.value().start.empty()) reply = node.ask(20'000);
  ASSERT_TRUE(reply.ok());
  ASSERT_EQ(reply.value().start.size(), 1u);
  const AttemptId attempt = reply.value().start[0].attempt;
  ASSERT_TRUE(node.ask(0, {{.kind = spec::Event::Kind::started, .attempt = attempt},
                           {.kind = spec::Event::Kind::ended, .attempt = attempt, .exit_code = 0, .has_outputs = true}})
                  .ok());
  // A change behind it is answered after what the publishing led to, or that comes after a start.
  service->stop();
  if (task_state("t") != "completed") {
    start();
    const auto until = std::chrono::steady_clock::now() + kLong;
    for (std::uint64_t done = 0; done == 0 && std::chrono::steady_clock::now() < until; std::this_thread::yield()) {
      done = service->metrics().tasks_completed_total;
    }
    service->stop();
  }
  EXPECT_EQ(task_state("t"), "completed");
  EXPECT_EQ(published.at(0), attempt);
}

TEST_F(Serving, AnOlderWaitingRequestIsAnsweredEmpty) {
  must(make_pool);
  NodeForTests node(*service, provider.wait_for_node());
  ASSERT_TRUE(node.ask(0).ok());
  auto older = node.send(20'000);
  auto newer = node.send(20'000);
  ASSERT_EQ(older.wait_for(kLong), std::future_status::ready);
  const auto reply = older.get();
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(reply.value().start.empty());
  service->stop();
  EXPECT_EQ(newer.wait_for(kLong), std::future_status::ready);  // a stop keeps nobody waiting
}

TEST_F(Serving, AWaitEndsWhenItsTimeIsOver) {
  must(make_pool);
  NodeForTests node(*service, provider.wait_for_node());
  ASSERT_TRUE(node.ask(0).ok());
  EXPECT_TRUE(node.ask(1).ok());
}

TEST_F(Serving, ANodeIsKnownByItsTokenOnly) {
  must(make_pool);
  const std::string id = provider.wait_for_node();
  auto refused = NodeForTests(*service, id).send(0, {}, "another hash");
  ASSERT_EQ(refused.wait_for(kLong), std::future_status::ready);
  EXPECT_EQ(refused.get().error().code, Code::denied);
  EXPECT_EQ(NodeForTests(*service, "nobody").ask(0).error().code, Code::not_found);
}

TEST_F(Serving, ABugInOneRequestIsThatRequestsError) {
  const auto failed = service->write_and_wait([](State&) -> Result<Json> {
    SCORIA_CHECK(1 + 1 == 3);
    return Json();
  });
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().api_code, "InternalError");
  must(make_pool);
}

TEST_F(Serving, AfterAStopNothingIsTaken) {
  service->stop();
  const auto refused = service->write_and_wait(make_pool);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::unavailable);
}

// Commits fail as on a full disk until it is told otherwise.
class FullStore final : public store::Store {
 public:
  Status commit(const store::Changes& changes) override {
    const std::lock_guard hold(mutex_);
    if (is_full_) return Error{Code::exhausted, "disk full"};
    return inner_.commit(changes);
  }
  void set_full(bool is_full) {
    const std::lock_guard hold(mutex_);
    is_full_ = is_full;
  }
  Result<std::optional<store::Document>> get(store::Kind kind, std::string_view parent,
                                             std::string_view id) const override {
    const std::lock_guard hold(mutex_);
    return inner_.get(kind, parent, id);
  }
  Result<std::vector<store::Document>> list(store::Kind kind, std::optional<std::string_view> parent,
                                            std::string_view after, std::size_t limit) const override {
    const std::lock_guard hold(mutex_);
    return inner_.list(kind, parent, after, limit);
  }
  Result<std::optional<store::TaskRow>> task(std::uint64_t job, std::string_view id) const override {
    const std::lock_guard hold(mutex_);
    return inner_.task(job, id);
  }
  Result<std::vector<store::TaskRow>> tasks(std::uint64_t job, std::uint64_t after, std::size_t limit,
                                            std::optional<store::TaskState> state) const override {
    const std::lock_guard hold(mutex_);
    return inner_.tasks(job, after, limit, state);
  }
  Status each_open_task(const std::function<Status(store::TaskRow)>& visit) const override {
    return inner_.each_open_task(visit);
  }
  Status each_completed_task(std::uint64_t job,
                             const std::function<Status(const store::TaskRow&)>& visit) const override {
    return inner_.each_completed_task(job, visit);
  }
  fs::path folder() const override { return "memory"; }

 private:
  mutable std::mutex mutex_;
  bool is_full_ = false;  // guarded by mutex_
  store::MemoryStore inner_;
};

TEST(AMachineWithAFullDisk, RefusesNothingByWhatIsNotWritten) {
  FullStore store;
  Machine machine(store, settings());
  const Now now = SystemClock().now();
  ASSERT_TRUE(machine.load(now).ok());
  std::vector<Code> told;
  const auto hear = [&told](const Result<Json>& answer) { told.push_back(answer.error().code); };
  machine.change(now, make_pool, hear);
  machine.change(now, make_pool, hear);  // asked again by a client who heard nothing: it exists, so far in memory only
  store.set_full(true);
  Group group;
  ASSERT_TRUE(machine.take_group(now, group));
  EXPECT_EQ(commit_once(store, group), Outcome::full);
  refuse_full(group);
  EXPECT_EQ(told, (std::vector{Code::exhausted, Code::exhausted}));
}

TEST(ServiceWithAFullDisk, RefusesNewWorkAndGoesOnWhenThereIsRoom) {
  FullStore store;
  FakeProvider provider;
  const SystemClock clock;
  auto service = Service::start(store, {{"local", &provider}}, clock, settings(), {}).value();
  ASSERT_TRUE(service->write_and_wait(make_pool).ok());
  store.set_full(true);
  const auto first = service->write_and_wait(make_job_in_it);  // found out by this one
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().code, Code::exhausted);
  const auto second = service->write_and_wait(make_task("t"));  // not even tried
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::exhausted);
  store.set_full(false);
  const auto until = std::chrono::steady_clock::now() + kLong;
  Result<Json> third = Json();
  do {
    third = service->write_and_wait(make_task("t"));
  } while (!third.ok() && third.error().code == Code::exhausted && std::chrono::steady_clock::now() < until);
  ASSERT_TRUE(third.ok()) << third.error().message;
  EXPECT_TRUE(store.get(store::Kind::job, "", "j").value().has_value());
  service->stop();
}

TEST(ServiceOnDisk, HoldsWhatItAcknowledgedWhenItIsKilled) {
  const TemporaryFolder folder;
  int acknowledged[2];
  ASSERT_EQ(::pipe(acknowledged), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = store::Store::open(folder.path);
    FakeProvider provider;
    const SystemClock clock;
    auto service = Service::start(*store.value(), {{"local", &provider}}, clock, settings(), {}).value();
    (void)service->write_and_wait(make_pool);
    (void)service->write_and_wait(make_job_in_it);
    for (int i = 0; i < 1000; ++i) {
      service->write(make_task("t" + std::to_string(i)), [&, i](const Result<Json>& done) {
        if (done.ok()) (void)!::write(acknowledged[1], &i, sizeof i);
        if (i == 700) ::kill(::getpid(), SIGKILL);
      });
    }
    ::sleep(60);
  }
  ::close(acknowledged[1]);
  std::vector<int> told;
  for (int i = 0; ::read(acknowledged[0], &i, sizeof i) == sizeof i;) told.push_back(i);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_GE(told.size(), 700u);
  auto store = store::Store::open(folder.path).value();
  for (const int i : told) {
    EXPECT_TRUE(store->task(1, "t" + std::to_string(i)).value().has_value()) << i;
  }
  FakeProvider provider;
  const SystemClock clock;
  auto service = Service::start(*store, {{"local", &provider}}, clock, settings(), {}).value();
  EXPECT_EQ(service->write_and_wait(make_task("T5")).error().api_code, "TaskExists");
  EXPECT_TRUE(service->write_and_wait(make_task("t-new")).ok());
  service->stop();
}

}  // namespace
}  // namespace scoria::batch
