#include "serve/script/job_queue.h"

#include <gtest/gtest.h>

namespace scoria::serve::script {
namespace {

using namespace std::chrono_literals;

const Time kStart{};

JobPtr job(double value, Time deadline = kStart + 10s, const std::string& column = "x", std::size_t rows = 1) {
  auto made = std::make_shared<Job>();
  table::Table table(rows);
  table.add(column, table::Column::real(std::vector<double>(rows, value)));
  made->question = std::move(table);
  made->rows = rows;
  made->since = kStart;
  made->deadline = deadline;
  return made;
}

TEST(JobQueue, TakesOneJobAtATimeWhereTheyDoNotShareCalls) {
  JobQueue queue(10, 0);
  queue.push(job(1));
  queue.push(job(2));
  EXPECT_EQ(queue.calls(), 2u);
  EXPECT_EQ(queue.take().size(), 1u);
  EXPECT_EQ(queue.take().size(), 1u);
  EXPECT_TRUE(queue.take().empty());
}

TEST(JobQueue, RefusesMoreThanItHolds) {
  JobQueue queue(1, 0);
  EXPECT_TRUE(queue.push(job(1)));
  EXPECT_FALSE(queue.push(job(2)));
}

TEST(JobQueue, TakesJobsTogetherUpToTheMostRows) {
  JobQueue queue(10, 3);
  for (int i = 0; i < 5; ++i) queue.push(job(i));
  EXPECT_EQ(queue.calls(), 2u);
  const auto taken = queue.take();
  ASSERT_EQ(taken.size(), 3u);
  const auto rows = join_rows(taken);
  ASSERT_EQ(rows.rows(), 3u);
  EXPECT_EQ(rows.column(0)->reals()[2], 2);
  EXPECT_EQ(queue.take().size(), 2u);
}

TEST(JobQueue, TakesAJobLargerThanACallByItself) {
  JobQueue queue(10, 3);
  queue.push(job(1, kStart + 10s, "x", 7));
  queue.push(job(2));
  EXPECT_EQ(queue.take().size(), 1u);
}

TEST(JobQueue, KeepsTablesOfOtherColumnsApart) {
  JobQueue queue(10, 100);
  queue.push(job(1, kStart + 10s, "x"));
  queue.push(job(2, kStart + 10s, "y"));
  EXPECT_EQ(queue.take().size(), 1u);
}

TEST(JobQueue, DropsJobsWhoseDeadlineHasPassed) {
  JobQueue queue(10, 0);
  queue.push(job(1, kStart + 1s));
  queue.push(job(2, kStart + 3s));
  EXPECT_EQ(queue.next_deadline(), kStart + 1s);
  EXPECT_EQ(queue.take_expired(kStart + 1s).size(), 1u);
  EXPECT_EQ(queue.size(), 1u);
}

TEST(JobQueue, PutsJobsBackInFrontAndTakesNoMoreTogetherThanTheyAllow) {
  JobQueue queue(4, 100);
  for (int i = 0; i < 4; ++i) queue.push(job(i));
  auto taken = queue.take();
  ASSERT_EQ(taken.size(), 4u);
  queue.push(job(9));
  for (const auto& one : taken) one->most_together = 2;
  queue.put_back(taken);
  EXPECT_EQ(queue.size(), 5u);
  EXPECT_EQ(queue.take().front(), taken[0]);
  EXPECT_EQ(queue.take().front(), taken[2]);
  EXPECT_EQ(queue.take().size(), 1u);
}

}  // namespace
}  // namespace scoria::serve::script
