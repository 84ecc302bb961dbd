#include "plan/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/folder_for_tests.h"
#include "plan/provenance.h"
#include "table/csv.h"

namespace scoria::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Partitions a and b of three groups, scored by two of R's gbm models (features a and b).
constexpr const char* kSmallPlan = R"(name: small
partition: part
input:
  rows: "data/{part}.csv"
let: {least: min(rows$week)}
each: {step: "1:2"}
features:
  from: rows
  group_by: id
  arrange: week
  mutate:
    before: lag(a, step)
    a: ifelse(is.na(before), a, before)
  filter: week >= least + step
  drop_incomplete: true
models:
  file: "model_{half}.rds"
  half: [1, 2]
  column: "p{half}"
  then: prediction * 2
output: "out/{part}.csv"
)";

class Run : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    const std::filesystem::path golden = std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/golden";
    std::filesystem::copy_file(golden / "gbm_default_trees_cv/model.rds", folder_ / "model_1.rds");
    std::filesystem::copy_file(golden / "gbm_default_trees_test/model.rds", folder_ / "model_2.rds");
    put("plan.yaml", kSmallPlan);
    put("data/a.csv",
        "id,week,a,b,g\n2,2,0.5,0.25,mid\n2,1,-0.5,0.75,low\n1,1,1.5,-1,high\n1,2,2.5,0,low\n1,3,0,1,mid\n");
    put("data/b.csv", "id,week,a,b,g\n7,1,0,0,low\n7,2,NA,1,mid\n7,3,1,NA,high\n");
  }

  Result<RunResult> run(RunOptions options = {}) {
    auto plan = read_plan(folder_ / "plan.yaml", {});
    if (!plan.ok()) return plan.error();
    InlineExecutor executor;
    return run_plan(plan.value(), options, executor);
  }
  std::string error_of(const Result<RunResult>& result) { return result.ok() ? "no error" : result.error().message; }
};

TEST_F(Run, WritesEachPartitionInTheOrderOfItsGroups) {
  const auto result = run();
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_THAT(get("out/a.csv"), testing::StartsWith("id,week,step,p1,p2\n1,2,1,"));
  EXPECT_THAT(get("out/a.csv"), HasSubstr("\n1,3,1,"));
  EXPECT_THAT(get("out/a.csv"), HasSubstr("\n1,3,2,"));
  EXPECT_THAT(get("out/a.csv"), HasSubstr("\n2,2,1,"));
  EXPECT_EQ(result.value().counts.rows, 4u + 1u);
  EXPECT_EQ(result.value().counts.operations, 2 * result.value().counts.rows);
  EXPECT_EQ(result.value().counts.models, 2u);
}

TEST_F(Run, LeavesOutIncompleteRows) {
  ASSERT_TRUE(run().ok());
  // Week 3 lacks b; week 2 has the a of week 1.
  EXPECT_THAT(get("out/b.csv"), testing::MatchesRegex("id,week,step,p1,p2\n7,2,1,[^\n]+\n"));
}

TEST_F(Run, EachOutputSaysWhereItCameFrom) {
  ASSERT_TRUE(run({.command_line = "scoria run plan.yaml", .version = "1.2.3"}).ok());
  const auto from = read_provenance(folder_ / "out/a.csv");
  ASSERT_TRUE(from.ok()) << from.error().message;
  EXPECT_EQ(from.value().partition, "a");
  EXPECT_EQ(from.value().version, "1.2.3");
  EXPECT_EQ(from.value().rows, 4u);
  EXPECT_EQ(from.value().inputs[0].path, "data/a.csv");
  EXPECT_EQ(from.value().models.size(), 2u);
  EXPECT_EQ(from.value().output.bytes, get("out/a.csv").size());
}

TEST_F(Run, ResumeSkipsWhatIsUpToDate) {
  ASSERT_TRUE(run().ok());
  const auto again = run({.resume = true});
  EXPECT_EQ(again.value().counts.partitions_skipped, 2u);
  EXPECT_EQ(again.value().counts.partitions_done, 0u);
}

TEST_F(Run, ResumeRunsWhatHasChanged) {
  ASSERT_TRUE(run().ok());
  put("data/b.csv", "id,week,a,b,g\n7,1,0,0,low\n7,2,2,2,mid\n");  // an input
  EXPECT_EQ(run({.resume = true}).value().counts.partitions_done, 1u);
  put("out/a.csv", "id\n");  // an output
  EXPECT_EQ(run({.resume = true}).value().counts.partitions_done, 1u);
  put("plan.yaml", std::string(kSmallPlan) + "# changed\n");  // the plan
  EXPECT_EQ(run({.resume = true}).value().counts.partitions_done, 2u);
}

TEST_F(Run, OnlyNamesItsPartitions) {
  ASSERT_TRUE(run({.only = {"b"}}).ok());
  EXPECT_THAT(get("out/a.csv"), HasSubstr("No such file"));
  EXPECT_THAT(error_of(run({.only = {"c"}})), HasSubstr("there is no partition 'c'; there are 'a', 'b'"));
}

TEST_F(Run, AFailingPartitionIsNamedAndLeavesNothingBehind) {
  put("data/a.csv", "id,week,a,b,g\n1,1,x,1,low\n1,2,1,1,low\n");
  EXPECT_THAT(error_of(run()), HasSubstr("part 'a': "));
  for (const std::string& file : files()) EXPECT_THAT(file, testing::Not(HasSubstr("out/a"))) << file;
  for (const std::string& file : files()) EXPECT_THAT(file, testing::Not(HasSubstr(".tmp-"))) << file;
}

TEST_F(Run, AMissingModelIsNamed) {
  std::filesystem::remove(folder_ / "model_2.rds");
  EXPECT_THAT(error_of(run()), HasSubstr("model_2.rds"));
}

TEST_F(Run, AColumnThatOnlyAModelWantsIsTold) {
  put("data/a.csv", "id,week,a\n1,1,1\n1,2,1\n");
  EXPECT_THAT(error_of(run()), HasSubstr("column 'b', which model 'model_1.rds' needs"));
}

TEST_F(Run, AnUnknownNameIsToldWithItsDefinition) {
  std::string plan = kSmallPlan;
  plan.replace(plan.find("lag(a, step)"), 12, "lag(c, step)");
  put("plan.yaml", plan);
  EXPECT_THAT(error_of(run()), HasSubstr("features.mutate.before"));
  EXPECT_THAT(error_of(run()), HasSubstr("'c'"));
}

TEST_F(Run, AStoppedRunWritesNothing) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THAT(error_of(run({.stop = stop.get_token()})), HasSubstr("interrupted"));
  EXPECT_THAT(files(), ElementsAre("data/a.csv", "data/b.csv", "model_1.rds", "model_2.rds", "plan.yaml"));
}

TEST_F(Run, SortAcrossPutsEachRowsValuesInOrder) {
  ASSERT_TRUE(run().ok());
  const table::Table crossed = table::read_csv(get("out/a.csv")).value();
  std::string plan = kSmallPlan;
  plan.replace(plan.find("then: prediction * 2"), 20, "then: prediction * 2\n  sort_across: true");
  put("plan.yaml", plan);
  ASSERT_TRUE(run().ok());
  const table::Table sorted = table::read_csv(get("out/a.csv")).value();
  bool some_crossed = false;
  for (std::size_t row = 0; row < sorted.rows(); ++row) {
    const double p1 = crossed.find("p1")->reals()[row];
    const double p2 = crossed.find("p2")->reals()[row];
    some_crossed = some_crossed || p1 > p2;
    EXPECT_EQ(sorted.find("p1")->reals()[row], std::min(p1, p2));
    EXPECT_EQ(sorted.find("p2")->reals()[row], std::max(p1, p2));
  }
  EXPECT_TRUE(some_crossed) << "the test needs a row whose values cross";
}

TEST_F(Run, ProgressIsToldAfterEachPartition) {
  std::vector<std::size_t> done;
  ASSERT_TRUE(run({.progress = [&](const RunCounts& counts) { done.push_back(counts.partitions_done); }}).ok());
  EXPECT_THAT(done, ElementsAre(1, 2));
}

}  // namespace
}  // namespace scoria::plan
