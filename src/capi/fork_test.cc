#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "capi/golden_for_tests.h"
#include "capi/process_for_tests.h"

namespace scoria::capi {
namespace {

constexpr const char* kCase = "gbm_gaussian_cat_na";

// The golden rows again and again, until there is enough for threads to share.
table::Table many_rows() {
  const table::Table rows = read_table(golden_file(std::string(kCase) + "/input.csv"));
  std::vector<std::uint32_t> again(20'000);
  for (std::size_t i = 0; i < again.size(); ++i) again[i] = static_cast<std::uint32_t>(i % rows.rows());
  return rows.take(again);
}

// Whether the answer is R's.
bool is_right(const Answer& answer) {
  if (answer.code != SCORIA_OK || answer.table.rows() != 20'000) return false;
  const table::Table expected = read_table(golden_file(std::string(kCase) + "/expected.csv"));
  const auto r = expected.find("link_120")->reals();
  for (std::size_t row = 0; row < answer.table.rows(); ++row) {
    if (answer.table.column(0)->reals()[row] != r[row % r.size()]) return false;
  }
  return true;
}

Answer score_all(const scoria_model* model, const table::Table& rows) {
  return score_table(model, rows, "link", "n.trees", "120");
}

TEST(Fork, NoThreadExistsBeforeTheFirstParallelCall) {
  if (!kThreadsMayFollowAFork) GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork";
  EXPECT_EQ(in_child([] {
              if (threads_of_this_process() != 1) return 1;
              const ModelHandle model = open_golden(kCase, 4);
              if (threads_of_this_process() != 1) return 2;
              const table::Table rows = many_rows();
              if (!is_right(score_all(model.get(), rows))) return 3;
              return threads_of_this_process() == 4 ? 0 : 4;
            }),
            0);
}

TEST(Fork, WithOneThreadNoneIsEverStarted) {
  EXPECT_EQ(in_child([] {
              const ModelHandle model = open_golden(kCase);
              if (!is_right(score_all(model.get(), many_rows()))) return 1;
              return threads_of_this_process() == 1 ? 0 : 2;
            }),
            0);
}

class ForkWithThreads : public testing::TestWithParam<std::uint32_t> {};

TEST_P(ForkWithThreads, AChildScoresWithItsParentsModel) {
  if (!kThreadsMayFollowAFork) GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork";
  const ModelHandle model = open_golden(kCase, GetParam());
  const table::Table rows = many_rows();
  ASSERT_TRUE(is_right(score_all(model.get(), rows)));
  for (int child = 0; child < 3; ++child) {
    EXPECT_EQ(in_child([&] {
                if (!is_right(score_all(model.get(), rows))) return 1;
                // A child's child finds the threads gone once more.
                return in_child([&] { return is_right(score_all(model.get(), rows)) ? 0 : 2; });
              }),
              0);
  }
  EXPECT_TRUE(is_right(score_all(model.get(), rows)));
}

TEST_P(ForkWithThreads, AChildMayFreeItsParentsModel) {
  ModelHandle model = open_golden(kCase, GetParam());
  ASSERT_TRUE(is_right(score_all(model.get(), many_rows())));
  EXPECT_EQ(in_child([&] {
              model.reset();
              return 0;
            }),
            0);
}

INSTANTIATE_TEST_SUITE_P(Threads, ForkWithThreads, testing::Values(1u, 2u, 4u));

TEST(Concurrent, ManyThreadsUseOneModel) {
  const ModelHandle model = open_golden(kCase, 3);
  const table::Table rows = many_rows();
  std::vector<int> right(4);
  {
    std::vector<std::jthread> callers;
    for (int& answer : right) {
      callers.emplace_back([&] { answer = is_right(score_all(model.get(), rows)) ? 1 : 0; });
    }
  }
  EXPECT_EQ(right, std::vector<int>(4, 1));
}

}  // namespace
}  // namespace scoria::capi
