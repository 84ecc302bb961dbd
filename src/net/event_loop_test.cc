#include "net/event_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "net/raw_client_for_tests.h"

namespace scoria::net {
namespace {

class Called final : public EventLoop::Watcher {
 public:
  explicit Called(std::function<void()> does = [] {}) : does_(std::move(does)) {}
  void ready() noexcept override {
    does_();
    ++times;
  }
  std::atomic<int> times = 0;

 private:
  std::function<void()> does_;
};

class EventLoopTest : public testing::Test {
 protected:
  EventLoopTest() {
    EXPECT_TRUE(loop.open().ok());
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    watch = loop.add(ends[0]);
  }
  ~EventLoopTest() override {
    loop.stop();
    threads.clear();
    loop.remove(*watch);
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void run(int count) {
    for (int i = 0; i < count; ++i) threads.emplace_back([this] { loop.run(); });
  }

  EventLoop loop;
  int ends[2] = {-1, -1};
  EventLoop::Watch* watch = nullptr;
  std::vector<std::jthread> threads;
};

TEST_F(EventLoopTest, CallsWhoWaitsOnceWhenThereIsSomethingToRead) {
  run(2);
  const auto watcher = std::make_shared<Called>();
  EXPECT_FALSE(loop.wait(*watch, EventLoop::Want::read, watcher));
  ASSERT_EQ(::write(ends[1], "a", 1), 1);
  EXPECT_TRUE(comes_true([&] { return watcher->times == 1; }));
  ASSERT_EQ(::write(ends[1], "b", 1),
            1);  // nobody waits: it is kept, unless it comes only now, and calls who waits by then
  const auto next = std::make_shared<Called>();
  EXPECT_TRUE(comes_true([&] { return next->times > 0 || loop.wait(*watch, EventLoop::Want::read, next); }));
  EXPECT_EQ(watcher->times, 1);
}

TEST_F(EventLoopTest, NeverForgetsThatTheOtherSideHasEnded) {
  run(1);
  const auto watcher = std::make_shared<Called>();
  EXPECT_FALSE(loop.wait(*watch, EventLoop::Want::read, watcher));
  ::shutdown(ends[1], SHUT_WR);
  EXPECT_TRUE(comes_true([&] { return watcher->times == 1; }));
  EXPECT_TRUE(loop.wait(*watch, EventLoop::Want::read, watcher));
  EXPECT_TRUE(loop.wait(*watch, EventLoop::Want::read, watcher));
}

TEST_F(EventLoopTest, LetsGoWhoWaitsForADescriptorThatIsRemoved) {
  auto watcher = std::make_shared<Called>();
  const std::weak_ptr<Called> seen = watcher;
  EXPECT_FALSE(loop.wait(*watch, EventLoop::Want::read, std::move(watcher)));
  EXPECT_FALSE(seen.expired());
  loop.remove(*watch);
  EXPECT_TRUE(seen.expired());
  watch = loop.add(ends[0]);
}

TEST_F(EventLoopTest, CallsOthersWhileOneIsSlow) {
  run(2);
  std::atomic<bool> goes_on = false;
  const auto slow = std::make_shared<Called>([&] { comes_true([&] { return goes_on.load(); }); });
  const auto quick = std::make_shared<Called>();
  EXPECT_FALSE(loop.wait(*watch, EventLoop::Want::read, quick));
  loop.post(slow);
  ASSERT_EQ(::write(ends[1], "a", 1), 1);
  EXPECT_TRUE(comes_true([&] { return quick->times == 1; }));
  EXPECT_EQ(slow->times, 0);
  goes_on = true;
  EXPECT_TRUE(comes_true([&] { return slow->times == 1; }));
}

// One thread, and someone who always comes back: what is to be read is still seen.
TEST_F(EventLoopTest, AsksTheKernelAlsoWhileThereIsAlwaysSomethingToDo) {
  std::atomic<bool> is_over = false;
  std::shared_ptr<Called> busy;
  busy = std::make_shared<Called>([&] {
    if (!is_over) loop.post(busy);
  });
  const auto watcher = std::make_shared<Called>([&] { is_over = true; });
  EXPECT_FALSE(loop.wait(*watch, EventLoop::Want::read, watcher));
  ASSERT_EQ(::write(ends[1], "a", 1), 1);
  loop.post(busy);
  run(1);
  EXPECT_TRUE(comes_true([&] { return watcher->times == 1; }));
  busy = nullptr;
}

TEST_F(EventLoopTest, TicksWhetherOrNotSomethingHappens) {
  std::atomic<int> ticks = 0;
  loop.set_tick(std::chrono::milliseconds(5), [&] { ++ticks; });
  run(2);
  EXPECT_TRUE(comes_true([&] { return ticks >= 3; }));
}

}  // namespace
}  // namespace scoria::net
