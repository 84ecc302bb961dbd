// The retail forecast from its plan, compared with R's answers bit by bit: the example's small models, and where SCORIA_SHARED
// has them the full-size ones.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/file.h"
#include "plan/plan.h"
#include "plan/run.h"
#include "plan/tbb_executor.h"
#include "table/csv.h"

namespace scoria {
namespace {

constexpr const char* kQuantiles[] = {"q5", "q25", "q50", "q75", "q95"};

class Retail : public testing::TestWithParam<model::SimdTarget> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-retail-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Runs the example's plan with `settings`; expects the numbers of `expected`: columns q5 to q95 one after the other.
  void expect_equal(std::vector<plan::Setting> settings, const std::filesystem::path& expected) {
    settings.push_back({"output", "'" + (folder_ / "{product}.csv").string() + "'"});
    const auto plan =
        plan::read_plan(std::filesystem::path(SCORIA_SOURCE_DIR) / "examples/retail-forecast/plan.yaml", settings);
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    plan::TbbExecutor executor(2);
    const auto result = plan::run_plan(plan.value(), {.simd = GetParam()}, executor);
    // Only a processor without the vector target may skip: anything else that is unsupported is a failure.
    const bool lacks_target = !result.ok() && result.error().message.find("this processor has no") != std::string::npos;
    if (lacks_target) GTEST_SKIP() << result.error().message;
    ASSERT_TRUE(result.ok()) << result.error().message;

    const auto bytes = FileBytes::open(expected);
    ASSERT_TRUE(bytes.ok()) << bytes.error().message;
    const std::string numbers = decompress(bytes.value().bytes()).value();
    std::vector<double> theirs(numbers.size() / sizeof(double));
    std::memcpy(theirs.data(), numbers.data(), theirs.size() * sizeof(double));

    const auto ours = table::read_csv(FileBytes::open(folder_ / "product1.csv").value().text());
    ASSERT_TRUE(ours.ok()) << ours.error().message;
    const std::size_t rows = theirs.size() / std::size(kQuantiles);
    ASSERT_EQ(ours.value().rows(), rows);
    std::size_t differ = 0;
    for (std::size_t k = 0; k < std::size(kQuantiles); ++k) {
      const auto column = ours.value().find(kQuantiles[k]);
      ASSERT_NE(column, nullptr) << kQuantiles[k];
      for (std::size_t row = 0; row < rows; ++row) differ += column->reals()[row] != theirs[k * rows + row] ? 1 : 0;
    }
    EXPECT_EQ(differ, 0u) << "of " << theirs.size();
  }

  std::filesystem::path folder_;
};

TEST_P(Retail, TheExamplesForecastIsRs) {
  expect_equal({}, std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/retail_expected.bin.gz");
}

TEST_P(Retail, TheFullSizeForecastIsRs) {
  const char* shared = std::getenv("SCORIA_SHARED");
  if (shared == nullptr) GTEST_SKIP() << "SCORIA_SHARED names no folder with data/retail";
  const std::filesystem::path data = std::filesystem::path(shared) / "data/retail";
  expect_equal({{"input.history", "'" + (data / "history/{product}.csv").string() + "'"},
                {"input.future", "'" + (data / "futurex/{product}.csv").string() + "'"},
                {"models.file", "'" + (data / "models").string() + "/gbm_t{min(step, 7)}_q{quantile}.rds'"}},
               data / "expected_product1.bin");
}

std::string target_name(const testing::TestParamInfo<model::SimdTarget>& info) {
  constexpr const char* kNames[] = {"automatic", "plain", "avx2", "avx512"};
  return kNames[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Targets, Retail,
                         testing::Values(model::SimdTarget::automatic, model::SimdTarget::plain,
                                         model::SimdTarget::avx2, model::SimdTarget::avx512),
                         target_name);

}  // namespace
}  // namespace scoria
