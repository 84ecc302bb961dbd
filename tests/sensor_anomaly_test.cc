// examples/sensor-anomaly/plan.yaml beside scikit-learn's own answer, and where SCORIA_SHARED has them the seed's fifteen models
// over its readings: the same flags, decision values to 1e-12.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/byte_source.h"
#include "base/executor.h"
#include "base/file.h"
#include "expr/scalar.h"
#include "plan/model_set.h"
#include "plan/provenance.h"
#include "plan/run.h"
#include "table/csv.h"

namespace scoria::plan {
namespace {

using table::Table;

Table read(const std::filesystem::path& file) {
  const auto bytes = FileBytes::open(file);
  EXPECT_TRUE(bytes.ok()) << file;
  const auto text = decompress(bytes.value().bytes());
  EXPECT_TRUE(text.ok()) << file;
  table::CsvOptions options;
  options.types = {{"TS", table::Type::text}, {"Device", table::Type::text}, {"Sensor", table::Type::text}};
  return table::read_csv(text.value(), options).value();
}

std::string text_at(const Table& rows, const char* column, std::size_t row) {
  return expr::Scalar::from(*rows.find(column), row).text();
}

// The columns that both have, cell by cell.
void expect_equal(const Table& ours, const Table& expected, const std::string& what) {
  ASSERT_EQ(ours.rows(), expected.rows()) << what;
  for (const char* column : {"TS", "Device", "Sensor", "Val", "Prediction"}) {
    for (std::size_t row = 0; row < expected.rows(); ++row) {
      ASSERT_EQ(text_at(ours, column, row), text_at(expected, column, row))
          << what << ", " << column << ", row " << row + 1;
    }
  }
}

class SensorAnomaly : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "sensor-anomaly-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::copy(kExample, folder_, std::filesystem::copy_options::recursive);
    std::filesystem::remove_all(folder_ / "out");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Result<RunResult> run(const std::vector<Setting>& settings, const RunOptions& options = {}) {
    const auto plan = read_plan(folder_ / "plan.yaml", settings);
    if (!plan.ok()) return plan.error();
    InlineExecutor executor;
    return run_plan(plan.value(), options, executor);
  }
  // Decisions of models by key for the rows of a table with a column of values.
  Table decisions(const std::string& models, const Table& rows, const std::string& value, SetTally& tally) {
    const auto set = open_model_set(models).value();
    InlineExecutor executor;
    auto scored = set->score(rows, {.types = {"predict", "decision"}}, {.features = {value}}, tally, executor);
    EXPECT_TRUE(scored.ok()) << scored.error().message;
    return scored.value().table;
  }

  const std::filesystem::path kExample = std::filesystem::path(SCORIA_SOURCE_DIR) / "examples/sensor-anomaly";
  std::filesystem::path folder_;
};

TEST_F(SensorAnomaly, IsWhatScikitLearnAnswers) {
  const auto result = run({});
  ASSERT_TRUE(result.ok()) << result.error().message;
  const Table expected = read(kExample / "expected.csv.gz");
  ASSERT_GT(expected.rows(), 5000u);
  expect_equal(read(folder_ / "out/predictions.csv"), expected, "all");
  EXPECT_EQ(result.value().split_files, 15u);
  EXPECT_THAT(result.value().warnings, testing::ElementsAre("models/model_3_4 flags 350 of 350 rows"));
  std::map<std::string, std::vector<std::uint32_t>> rows;
  for (std::uint32_t row = 0; row < expected.rows(); ++row) {
    rows[text_at(expected, "Device", row) + "_" + text_at(expected, "Sensor", row)].push_back(row);
  }
  for (const auto& [key, of_key] : rows) {
    expect_equal(read(folder_ / ("out/preds_" + key + ".csv")), expected.take(of_key), key);
  }
}

TEST_F(SensorAnomaly, HasScikitLearnsDecisions) {
  const Table expected = read(kExample / "expected.csv.gz");
  SetTally tally;
  const Table ours = decisions((folder_ / "models/model_{Device}_{Sensor}").string(), expected, "Val", tally);
  for (std::size_t row = 0; row < expected.rows(); ++row) {
    const double theirs = expected.find("decision")->reals()[row];
    ASSERT_LE(std::abs(ours.find("decision")->reals()[row] - theirs), 1e-12) << "row " << row + 1;
  }
}

TEST_F(SensorAnomaly, RunsAgainOnlyWhenAFileOfAKeyHasChanged) {
  ASSERT_TRUE(run({}).ok());
  const auto again = run({}, {.resume = true});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value().counts.partitions_skipped, 1u);
  std::filesystem::remove(folder_ / "out/preds_2_3.csv");
  const auto repaired = run({}, {.resume = true});
  ASSERT_TRUE(repaired.ok());
  EXPECT_EQ(repaired.value().counts.partitions_skipped, 0u);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/preds_2_3.csv"));
}

// Rows and flagged rows of each of the seed's models over its readings, counted with scikit-learn 1.2.1.
constexpr struct {
  const char* key;
  std::uint64_t rows;
  std::uint64_t flagged;
} kSeedCounts[] = {{"1_1", 1195, 189},  {"1_2", 1154, 1154}, {"1_3", 1279, 358}, {"1_4", 1168, 85},
                   {"1_5", 1136, 1136}, {"2_1", 1204, 305},  {"2_2", 1156, 229}, {"2_3", 1193, 314},
                   {"2_4", 1219, 83},   {"2_5", 1133, 1133}, {"3_1", 1213, 10},  {"3_2", 1181, 135},
                   {"3_3", 1192, 156},  {"3_4", 1176, 1176}, {"3_5", 1169, 294}};

TEST_F(SensorAnomaly, GivesTheSeedsPredictionsFileByFile) {
  const char* shared = std::getenv("SCORIA_SHARED");
  if (shared == nullptr) GTEST_SKIP() << "SCORIA_SHARED names no folder with data/sensors";
  const std::filesystem::path seed = std::filesystem::path(shared) / "data/sensors";
  const auto result = run({{"input.readings", (seed / "sensor_data.csv").string()},
                           {"models.1.file", "'" + (seed / "models").string() + "/model_{Device}_{Sensor}'"}});
  ASSERT_TRUE(result.ok()) << result.error().message;
  std::size_t compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(seed / "expected")) {
    const std::string name = entry.path().filename().string();
    const Table expected = read(entry.path());
    expect_equal(read(folder_ / "out" / name), expected, name);
    SetTally tally;
    const Table ours = decisions((seed / "models/model_{Device}_{Sensor}").string(), expected, "Val", tally);
    for (std::size_t row = 0; row < expected.rows(); ++row) {
      const double theirs = expected.find("decision")->reals()[row];
      ASSERT_LE(std::abs(ours.find("decision")->reals()[row] - theirs), 1e-12) << name << ", row " << row + 1;
    }
    ++compared;
  }
  EXPECT_EQ(compared, 10u);
  for (const auto& [key, rows, flagged] : kSeedCounts) {
    const Table ours = read(folder_ / ("out/preds_" + std::string(key) + ".csv"));
    std::uint64_t count = 0;
    for (std::size_t row = 0; row < ours.rows(); ++row) count += text_at(ours, "Prediction", row) == "1" ? 1 : 0;
    EXPECT_EQ(ours.rows(), rows) << key;
    EXPECT_EQ(count, flagged) << key;
  }
  EXPECT_EQ(result.value().warnings.size(), 4u);
  const auto provenance = read_provenance(folder_ / "out/predictions.csv");
  ASSERT_TRUE(provenance.ok());
  EXPECT_EQ(provenance.value().flagged.size(), 15u);
  EXPECT_EQ(provenance.value().split.size(), 15u);
}

}  // namespace
}  // namespace scoria::plan
