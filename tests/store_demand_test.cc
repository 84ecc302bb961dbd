// examples/store-demand/plan.yaml beside R's own answer to it: a model per store, joins, fill, complete and two kinds of models.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/executor.h"
#include "base/file.h"
#include "expr/scalar.h"
#include "plan/run.h"
#include "table/csv.h"

namespace scoria::plan {
namespace {

table::Table read(const std::filesystem::path& file) {
  return table::read_csv(FileBytes::open(file).value().text()).value();
}

class StoreDemand : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "store-demand-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::copy(kExample, folder_, std::filesystem::copy_options::recursive);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path kExample = std::filesystem::path(SCORIA_SOURCE_DIR) / "examples/store-demand";
  std::filesystem::path folder_;
};

TEST_F(StoreDemand, IsWhatRAnswers) {
  const auto plan = read_plan(folder_ / "plan.yaml", {});
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  InlineExecutor executor;
  const auto result = run_plan(plan.value(), {}, executor);
  ASSERT_TRUE(result.ok()) << result.error().message;
  const table::Table ours = read(folder_ / "out/demand.csv");
  const table::Table expected = read(kExample / "expected.csv");
  ASSERT_EQ(ours.names(), expected.names());
  ASSERT_EQ(ours.rows(), expected.rows());
  ASSERT_GT(expected.rows(), 50u);
  for (std::size_t i = 0; i < expected.columns(); ++i) {
    const table::Column& a = *ours.column(i);
    const table::Column& b = *expected.column(i);
    for (std::size_t row = 0; row < expected.rows(); ++row) {
      const std::string where = expected.names()[i] + ", row " + std::to_string(row + 1);
      ASSERT_EQ(a.is_null(row), b.is_null(row)) << where;
      if (a.is_null(row)) continue;
      if (a.type() == table::Type::real && b.type() == table::Type::real) {
        ASSERT_LE(std::abs(a.reals()[row] - b.reals()[row]), 1e-12 * std::abs(b.reals()[row])) << where;
      } else {
        ASSERT_EQ(expr::Scalar::from(a, row).text(), expr::Scalar::from(b, row).text()) << where;
      }
    }
  }
  EXPECT_EQ(result.value().counts.missing_models, 1u);
  EXPECT_EQ(result.value().missing_model, "models/demand_6.rds");
  EXPECT_EQ(result.value().counts.missing_rows, 12u) << "rows of store 6";
}

}  // namespace
}  // namespace scoria::plan
