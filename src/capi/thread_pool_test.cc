#include "capi/thread_pool.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "capi/process_for_tests.h"

namespace scoria::capi {
namespace {

TEST(ThreadPool, EveryPieceIsDoneExactlyOnce) {
  ThreadPool pool(4);
  EXPECT_EQ(pool.concurrency(), 4u);
  for (const std::size_t count : {0u, 1u, 2u, 3u, 1000u}) {
    std::vector<std::atomic<int>> done(count);
    pool.parallel_for(count, [&](std::size_t i) { ++done[i]; });
    for (const auto& times : done) EXPECT_EQ(times, 1);
  }
}

TEST(ThreadPool, NoThreadIsStartedBeforeThereIsSomethingToShare) {
  const std::size_t before = threads_of_this_process();
  ThreadPool pool(3);
  pool.parallel_for(1, [](std::size_t) {});
  EXPECT_EQ(threads_of_this_process(), before);
  pool.parallel_for(2, [](std::size_t) {});
  EXPECT_EQ(threads_of_this_process(), before + 2);
}

TEST(ThreadPool, OfOneThreadStartsNone) {
  const std::size_t before = threads_of_this_process();
  ThreadPool pool(1);
  pool.parallel_for(100, [](std::size_t) {});
  EXPECT_EQ(threads_of_this_process(), before);
}

TEST(ThreadPool, ItsThreadsEndWithIt) {
  const std::size_t before = threads_of_this_process();
  {
    ThreadPool pool(4);
    pool.parallel_for(100, [](std::size_t) {});
  }
  EXPECT_EQ(threads_of_this_process(), before);
}

TEST(ThreadPool, LoopsWithinLoopsEnd) {
  ThreadPool pool(3);
  std::atomic<int> pieces{0};
  pool.parallel_for(20, [&](std::size_t) {
    pool.parallel_for(20, [&](std::size_t) { pool.parallel_for(5, [&](std::size_t) { ++pieces; }); });
  });
  EXPECT_EQ(pieces, 20 * 20 * 5);
}

TEST(ThreadPool, SeveralCallersShareIt) {
  ThreadPool pool(3);
  std::atomic<int> pieces{0};
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&] {
        for (int k = 0; k < 50; ++k) pool.parallel_for(10, [&](std::size_t) { ++pieces; });
      });
    }
  }
  EXPECT_EQ(pieces, 4 * 50 * 10);
}

TEST(ThreadPool, AnExceptionComesOutAndTheNextLoopWorks) {
  ThreadPool pool(4);
  EXPECT_THROW(
      pool.parallel_for(1000, [](std::size_t i) { i == 500 ? throw std::runtime_error("piece 500") : void(); }),
      std::runtime_error);
  std::atomic<int> pieces{0};
  pool.parallel_for(100, [&](std::size_t) { ++pieces; });
  EXPECT_EQ(pieces, 100);
}

TEST(ThreadPool, AChildStartsItsOwnThreadsAndMayEndThePool) {
  if (!kThreadsMayFollowAFork) GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork";
  auto pool = std::make_unique<ThreadPool>(3);
  pool->parallel_for(10, [](std::size_t) {});
  EXPECT_EQ(in_child([&] {
              if (threads_of_this_process() != 1) return 1;
              std::atomic<int> pieces{0};
              pool->parallel_for(100, [&](std::size_t) { ++pieces; });
              if (pieces != 100) return 2;
              if (threads_of_this_process() != 3) return 3;
              pool.reset();
              return threads_of_this_process() == 1 ? 0 : 4;
            }),
            0);
  std::atomic<int> pieces{0};
  pool->parallel_for(100, [&](std::size_t) { ++pieces; });
  EXPECT_EQ(pieces, 100);
}

TEST(ThreadPool, AChildMayEndAPoolThatItNeverUsed) {
  auto pool = std::make_unique<ThreadPool>(3);
  pool->parallel_for(10, [](std::size_t) {});
  EXPECT_EQ(in_child([&] {
              pool.reset();
              return 0;
            }),
            0);
}

}  // namespace
}  // namespace scoria::capi
