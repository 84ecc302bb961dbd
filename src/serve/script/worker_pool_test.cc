#include "serve/script/worker_pool.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

namespace scoria::serve::script {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

table::Table one_row(double value) {
  table::Table table(1);
  table.add("x", table::Column::real({value}));
  return table;
}

Outcome failing(std::string code, int status, bool is_over, std::string why) {
  return {.answer = {},
          .failure = {.status = status, .code = std::move(code)},
          .is_over = is_over,
          .why_over = std::move(why)};
}

// Doubles x. A row of -1 is an error, -2 a crash, -3 an exception of our own; 0 waits for the gate, and is killed at its deadline like a loop would be.
class Fake final : public ScriptWorker {
 public:
  struct Control {
    std::mutex mutex;
    std::condition_variable gate;
    bool is_open = false, is_interrupted = false;
    std::atomic<bool> loads_for_ever = false;
    int at_gate = 0, made = 0;
    int killed_when_idle = 0;  // that many workers are gone when they get a job
    int broken_starts = 0;     // that many next starts fail
    std::vector<std::size_t> calls;
    std::chrono::milliseconds takes{0};
    std::size_t begun() {
      const std::lock_guard lock(mutex);
      return calls.size();
    }
    int last_after = 1'000'000;
  };
  explicit Fake(Control& control) : control_(control) {}

  Outcome ask(const Question& question, Time until) override {
    const auto& table = std::get<table::Table>(question);
    const auto values = table.column(0)->reals();
    std::unique_lock lock(control_.mutex);
    control_.calls.push_back(table.rows());
    if (control_.takes > 0ms) {
      lock.unlock();
      std::this_thread::sleep_for(control_.takes);
      lock.lock();
    }
    std::vector<double> doubled;
    for (const double value : values) {
      if (value == -1) return failing("script_error", 500, false, "");
      if (value == -2) return failing("worker_died", 502, true, "died");
      if (value == -3) throw std::bad_alloc();
      if (value == 0) {
        ++control_.at_gate;
        control_.gate.notify_all();
        if (!control_.gate.wait_until(lock, until, [&] { return control_.is_open || control_.is_interrupted; }))
          return failing("deadline", 504, true, "deadline");
        if (control_.is_interrupted) return failing("stopped", 503, true, "stopped");
      }
      doubled.push_back(2 * value);
    }
    table::Table answer(doubled.size());
    answer.add("value", table::Column::real(std::move(doubled)));
    return {.answer = Answer(std::move(answer)),
            .failure = {},
            .is_over = ++calls_ >= control_.last_after,
            .why_over = "recycled"};
  }
  void interrupt() override {
    const std::lock_guard lock(control_.mutex);
    control_.is_interrupted = true;
    control_.gate.notify_all();
  }
  bool is_there() const override {
    const std::lock_guard lock(control_.mutex);
    return control_.killed_when_idle-- <= 0;
  }
  std::uint64_t resident_bytes() const override { return 1000; }

 private:
  Control& control_;
  int calls_ = 0;
};

class WorkerPoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<WorkerPool> open(PoolOptions options) {
    auto pool = WorkerPool::open(std::move(options),
                                 [this](const std::stop_token& stop) -> Result<std::unique_ptr<ScriptWorker>> {
                                   while (control_.loads_for_ever && !stop.stop_requested())
                                     std::this_thread::sleep_for(1ms);
                                   const std::lock_guard lock(control_.mutex);
                                   if (control_.broken_starts > 0) {
                                     --control_.broken_starts;
                                     return Error{Code::unavailable, "'f.R' cannot be served: no such package"};
                                   }
                                   ++control_.made;
                                   return std::unique_ptr<ScriptWorker>(new Fake(control_));
                                 });
    EXPECT_TRUE(pool.ok());
    return std::move(pool).value();
  }
  static std::future<Outcome> ask(WorkerPool& pool, double value, std::chrono::milliseconds timeout = 20s) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto future = promise->get_future();
    pool.submit(Question(one_row(value)), Steady::now() + timeout,
                [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    return future;
  }
  static double value_of(std::future<Outcome> future) {
    const Outcome outcome = future.get();
    return outcome.answer ? std::get<table::Table>(*outcome.answer).column(0)->reals()[0] : -outcome.failure.status;
  }
  void wait_at_gate(int count) {
    std::unique_lock lock(control_.mutex);
    control_.gate.wait(lock, [&] { return control_.at_gate >= count; });
  }
  void open_gate() {
    const std::lock_guard lock(control_.mutex);
    control_.is_open = true;
    control_.gate.notify_all();
  }

  Fake::Control control_;
};

TEST_F(WorkerPoolTest, HasNoMoreWorkersThanItCan) {
  const auto pool = open({.least = 256, .most = 256});
  EXPECT_EQ(control_.made, static_cast<int>(kMostWorkers));
}

TEST_F(WorkerPoolTest, AnswersJobs) {
  const auto pool = open({});
  EXPECT_EQ(value_of(ask(*pool, 3)), 6);
  const auto numbers = pool->numbers();
  EXPECT_EQ(numbers.calls, 1u);
  EXPECT_EQ(numbers.rss_bytes, 1000u);
}

TEST_F(WorkerPoolTest, IsNotOpenedByAScriptThatCannotStart) {
  control_.broken_starts = 1;
  const auto pool = WorkerPool::open({}, [](const std::stop_token&) -> Result<std::unique_ptr<ScriptWorker>> {
    return Error{Code::unavailable, "'f.R' cannot be served"};
  });
  ASSERT_FALSE(pool.ok());
  EXPECT_EQ(pool.error().message, "'f.R' cannot be served");
}

TEST_F(WorkerPoolTest, AStuckWorkerKeepsNobodyElseWaiting) {
  const auto pool = open({.least = 2, .most = 2});
  auto stuck = ask(*pool, 0, 300ms);
  wait_at_gate(1);
  for (int i = 1; i <= 20; ++i) EXPECT_EQ(value_of(ask(*pool, i)), 2 * i);
  EXPECT_EQ(value_of(std::move(stuck)), -504);
  EXPECT_EQ(pool->numbers().restarts.at("deadline"), 1u);
}

TEST_F(WorkerPoolTest, AnswersAJobWhoseDeadlinePassesInTheQueueWithoutStartingIt) {
  const auto pool = open({});
  auto stuck = ask(*pool, 0);
  wait_at_gate(1);
  EXPECT_EQ(value_of(ask(*pool, 5, 50ms)), -504);
  open_gate();
  EXPECT_EQ(value_of(std::move(stuck)), 0);
  const std::lock_guard lock(control_.mutex);
  EXPECT_EQ(control_.calls.size(), 1u);
}

TEST_F(WorkerPoolTest, RefusesWhatTheQueueCannotHold) {
  const auto pool = open({.queue = 1});
  auto stuck = ask(*pool, 0);
  wait_at_gate(1);
  auto waiting = ask(*pool, 1);
  const Outcome refused = ask(*pool, 2).get();
  EXPECT_EQ(refused.failure.status, 503);
  EXPECT_EQ(refused.failure.code, "overloaded");
  EXPECT_EQ(refused.failure.retry_after_s, 1);
  open_gate();
  EXPECT_EQ(value_of(std::move(waiting)), 2);
  EXPECT_EQ(pool->numbers().rejected.at("overloaded"), 1u);
}

TEST_F(WorkerPoolTest, RefusesWhatItCouldNotAnswerByItsDeadline) {
  const auto pool = open({});
  // A call of a fifth of a second: two more rounds do not fit into a quarter.
  auto slow = ask(*pool, 0);
  wait_at_gate(1);
  std::this_thread::sleep_for(200ms);
  open_gate();
  EXPECT_EQ(value_of(std::move(slow)), 0);
  {
    const std::lock_guard lock(control_.mutex);
    control_.is_open = false;
    control_.at_gate = 0;
  }
  auto running = ask(*pool, 0);
  wait_at_gate(1);
  auto waiting = ask(*pool, 1, 20s);
  const Outcome refused = ask(*pool, 2, 250ms).get();
  EXPECT_EQ(refused.failure.status, 503);
  EXPECT_EQ(refused.failure.code, "overloaded");
  auto patient = ask(*pool, 3, 20s);
  open_gate();
  EXPECT_EQ(value_of(std::move(running)), 0);
  EXPECT_EQ(value_of(std::move(waiting)), 2);
  EXPECT_EQ(value_of(std::move(patient)), 6);
}

TEST_F(WorkerPoolTest, AsksAnotherWorkerWhereOneWasKilledWhileItWasIdle) {
  const auto pool = open({});
  {
    const std::lock_guard lock(control_.mutex);
    control_.killed_when_idle = 3;
  }
  EXPECT_EQ(value_of(ask(*pool, 3)), 6);
  EXPECT_EQ(pool->numbers().restarts.at("died"), 3u);
  const std::lock_guard lock(control_.mutex);
  EXPECT_EQ(control_.made, 4);
}

TEST(CallTimes, ForgetsWhatWasSlow) {
  CallTimes times;
  EXPECT_EQ(times.expected(100, 1), 0ns) << "nothing is known";
  times.add(10s);
  for (int i = 0; i < 200; ++i) times.add(10ms);
  EXPECT_LT(times.expected(0, 1), 50ms);
  EXPECT_LT(times.quick(), 11ms);
  EXPECT_GT(times.expected(100, 2), 500ms);
}

TEST_F(WorkerPoolTest, TakesWaitingRowsInOneCall) {
  const auto pool = open({.most_rows = 100});
  auto stuck = ask(*pool, 0);
  wait_at_gate(1);
  std::vector<std::future<Outcome>> waiting;
  for (int i = 1; i <= 50; ++i) waiting.push_back(ask(*pool, i));
  open_gate();
  for (int i = 1; i <= 50; ++i) EXPECT_EQ(value_of(std::move(waiting[static_cast<std::size_t>(i - 1)])), 2 * i);
  const std::lock_guard lock(control_.mutex);
  EXPECT_EQ(control_.calls, (std::vector<std::size_t>{1, 50}));
}

TEST_F(WorkerPoolTest, WaitsForThoseWhoWereAnsweredTogether) {
  control_.takes = 400ms;  // so that a call's eighth is more than a busy machine's pauses
  const auto pool = open({.least = 1, .most = 1, .most_rows = 100});
  auto first = ask(*pool, 1);
  while (control_.begun() == 0) std::this_thread::yield();
  std::vector<std::future<Outcome>> all;
  for (int i = 2; i <= 4; ++i) all.push_back(ask(*pool, i));  // wait together behind the first
  EXPECT_EQ(value_of(std::move(first)), 2);
  for (auto& one : all) EXPECT_GT(value_of(std::move(one)), 0);
  all.clear();
  for (int i = 5; i <= 7; ++i) {
    all.push_back(ask(*pool, i));
    std::this_thread::sleep_for(2ms);
  }
  for (auto& one : all) EXPECT_GT(value_of(std::move(one)), 0);
  const auto begin = Steady::now();
  EXPECT_EQ(value_of(ask(*pool, 8)), 16);  // alone: nobody comes, and it is not kept for long
  EXPECT_LT(Steady::now() - begin, 2s);
  EXPECT_EQ(control_.calls, (std::vector<std::size_t>{1, 3, 3, 1}));
}

TEST_F(WorkerPoolTest, FailsAPoisonousRowOfABatchAlone) {
  for (const double poison : {-1.0, -2.0}) {
    const auto pool = open({.most_rows = 100});
    {
      const std::lock_guard lock(control_.mutex);
      control_.is_open = false;
      control_.at_gate = 0;
    }
    auto stuck = ask(*pool, 0);
    wait_at_gate(1);
    std::vector<std::future<Outcome>> waiting;
    for (int i = 1; i <= 40; ++i) waiting.push_back(ask(*pool, i == 17 ? poison : i));
    open_gate();
    for (int i = 1; i <= 40; ++i) {
      const double value = value_of(std::move(waiting[static_cast<std::size_t>(i - 1)]));
      EXPECT_EQ(value, i != 17 ? 2 * i : poison == -1 ? -500 : -502) << i;
    }
  }
}

TEST_F(WorkerPoolTest, TellsAJobOfABatchThatItsDeadlineHasPassed) {
  const auto pool = open({.most_rows = 100});
  auto first = ask(*pool, 0);
  wait_at_gate(1);
  auto brief = ask(*pool, 0, 200ms);  // both in the next call, which hangs
  auto patient = ask(*pool, 1);
  {
    const std::lock_guard lock(control_.mutex);
    control_.at_gate = 0;
  }
  EXPECT_EQ(value_of(std::move(brief)), -504);
  open_gate();
  EXPECT_EQ(value_of(std::move(patient)), 2);
}

TEST_F(WorkerPoolTest, ReplacesAWorkerThatHasHadItsShareWithoutAFailure) {
  control_.last_after = 3;
  const auto pool = open({});
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(value_of(ask(*pool, i)), 2 * i);
  EXPECT_EQ(pool->numbers().restarts.at("recycled"), 3u);
}

TEST_F(WorkerPoolTest, GrowsWhenJobsWait) {
  const auto pool = open({.least = 1, .most = 3, .patience = 5ms});
  std::vector<std::future<Outcome>> stuck;
  for (int i = 0; i < 3; ++i) stuck.push_back(ask(*pool, 0));
  wait_at_gate(3);  // three at once: there are three workers
  open_gate();
  for (auto& one : stuck) EXPECT_EQ(value_of(std::move(one)), 0);
}

TEST_F(WorkerPoolTest, ShrinksWhenWorkersAreIdle) {
  const auto pool = open({.least = 1, .most = 3, .patience = 1ms, .idle = 20ms});
  std::vector<std::future<Outcome>> stuck;
  for (int i = 0; i < 3; ++i) stuck.push_back(ask(*pool, 0));
  wait_at_gate(3);
  open_gate();
  for (auto& one : stuck) EXPECT_EQ(value_of(std::move(one)), 0);
  const auto until = Steady::now() + 20s;
  while (pool->numbers().workers.at("idle") > 1 && Steady::now() < until) std::this_thread::yield();
  EXPECT_EQ(pool->numbers().workers.at("idle"), 1u);
  EXPECT_EQ(value_of(ask(*pool, 4)), 8);
}

TEST_F(WorkerPoolTest, SaysThatNoWorkerCanBeHadWhileItTriesAgain) {
  const auto pool = open({.first_backoff = 1ms, .most_backoff = 2ms});
  {
    const std::lock_guard lock(control_.mutex);
    control_.broken_starts = 5;
  }
  EXPECT_EQ(value_of(ask(*pool, -2)), -502);
  const auto until = Steady::now() + 20s;
  double value = -503;
  while (value == -503 && Steady::now() < until) value = value_of(ask(*pool, 3));
  EXPECT_EQ(value, 6);
  EXPECT_EQ(pool->numbers().restarts.at("start"), 5u);
}

TEST_F(WorkerPoolTest, AnswersWhatWaitsWhenItEnds) {
  auto pool = open({});
  auto stuck = ask(*pool, 0, 300ms);
  wait_at_gate(1);
  auto waiting = ask(*pool, 1);
  pool.reset();
  EXPECT_EQ(value_of(std::move(waiting)), -503);
  EXPECT_EQ(value_of(std::move(stuck)), -504);
}

TEST_F(WorkerPoolTest, EndsWhatRunsWhenItIsStopped) {
  const auto pool = open({.least = 1, .most = 1, .most_rows = 10});
  auto first = ask(*pool, 0);
  wait_at_gate(1);
  auto waits = ask(*pool, 2);
  pool->stop();
  EXPECT_EQ(first.get().failure.code, "stopped");
  EXPECT_EQ(waits.get().failure.code, "stopped");
  EXPECT_EQ(ask(*pool, 3).get().failure.code, "stopped");
}

TEST_F(WorkerPoolTest, WaitsForNoWorkerThatLoadsWhenItEnds) {
  auto pool = open({});
  control_.loads_for_ever = true;
  EXPECT_EQ(value_of(ask(*pool, -2)), -502);  // its successor loads now
  const auto begin = Steady::now();
  pool.reset();
  EXPECT_LT(Steady::now() - begin, 10s);
}

TEST_F(WorkerPoolTest, IsNotOpenedWhereOneOfItsWorkersCannotStart) {
  control_.broken_starts = 1;
  for (int i = 0; i < 50; ++i) {
    std::atomic<int> starts = 0;
    const auto pool =
        WorkerPool::open({.least = 2, .most = 2}, [&](const std::stop_token&) -> Result<std::unique_ptr<ScriptWorker>> {
          if (starts++ == 0) return Error{Code::unavailable, "no such package"};
          return std::unique_ptr<ScriptWorker>(new Fake(control_));
        });
    ASSERT_FALSE(pool.ok());
    EXPECT_EQ(pool.error().message, "no such package");
  }
}

TEST_F(WorkerPoolTest, AnswersWhatItsOwnExceptionEnded) {
  const auto pool = open({});
  EXPECT_EQ(ask(*pool, -3).get().failure.code, "failed");
  EXPECT_EQ(value_of(ask(*pool, 4)), 8);
  EXPECT_EQ(pool->numbers().restarts.at("failed"), 1u);
}

TEST_F(WorkerPoolTest, ForgetsWhatACallbackOwnsBeforeTheNextOne) {
  const auto pool = open({.least = 1, .most = 1, .most_rows = 10});
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = owned;
  std::promise<void> answered;
  pool->submit(Question(one_row(1)), Steady::now() + 20s, [owned, &answered](const Outcome&) { answered.set_value(); });
  owned.reset();
  answered.get_future().get();
  EXPECT_EQ(value_of(ask(*pool, 2)), 4);
  EXPECT_TRUE(watched.expired());
}

TEST(WorkersToAdd, WaitsForPatienceAndCountsThoseThatStart) {
  const PoolOptions options{.least = 1, .most = 4, .patience = 20ms};
  EXPECT_EQ(workers_to_add(options, 0ms, 0, 0, 0), 1u) << "below the least";
  EXPECT_EQ(workers_to_add(options, 10ms, 3, 1, 0), 0u) << "too early";
  EXPECT_EQ(workers_to_add(options, 20ms, 2, 1, 0), 2u);
  EXPECT_EQ(workers_to_add(options, 20ms, 9, 1, 0), 3u) << "at most four";
  EXPECT_EQ(workers_to_add(options, 20ms, 2, 3, 2), 0u) << "two are on their way";
}

TEST(PoolMetrics, HaveTheFamiliesOfTheHouse) {
  PoolNumbers numbers{.runtime = "r"};
  numbers.queue.add(0.0003);
  numbers.rejected["overloaded"] = 2;
  numbers.workers["idle"] = 1;
  const std::string text = pool_metrics(numbers, R"(service="s",version="1")");
  EXPECT_NE(text.find(R"(serve_queue_duration_seconds_bucket{service="s",version="1",le="0.0005"} 1)"),
            std::string::npos);
  EXPECT_NE(text.find(R"(serve_rejected_total{service="s",version="1",reason="overloaded"} 2)"), std::string::npos);
  EXPECT_NE(text.find(R"(serve_workers{service="s",version="1",runtime="r",state="idle"} 1)"), std::string::npos);
}

}  // namespace
}  // namespace scoria::serve::script
