// The sensors' models of the data beside the repository, as scikit-learn 0.19.2 wrote them, against what it answered. Skipped without
// SCORIA_SHARED.
// Threads: one test at a time.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/file.h"
#include "model/loaders.h"
#include "table/csv.h"

namespace scoria {
namespace {

namespace fs = std::filesystem;

// Rows that scikit-learn flags, and rows, of each sensor of each device.
struct Flagged {
  const char* name;
  std::size_t rows;
  std::size_t flagged;
};
constexpr Flagged kFlagged[] = {
    {"1_1", 1195, 189}, {"1_2", 1154, 1154}, {"1_3", 1279, 358}, {"1_4", 1168, 85},   {"1_5", 1136, 1136},
    {"2_1", 1204, 305}, {"2_2", 1156, 229},  {"2_3", 1193, 314}, {"2_4", 1219, 83},   {"2_5", 1133, 1133},
    {"3_1", 1213, 10},  {"3_2", 1181, 135},  {"3_3", 1192, 156}, {"3_4", 1176, 1176}, {"3_5", 1169, 294},
};

table::Table read_table(const fs::path& path) {
  auto file = FileBytes::open(path);
  EXPECT_TRUE(file.ok()) << path;
  auto table = table::read_csv(file.value().text());
  EXPECT_TRUE(table.ok()) << path;
  return std::move(table).value();
}

double number(const table::Column& column, std::size_t row) {
  return column.type() == table::Type::integer ? column.integers()[row] : column.reals()[row];
}

class SeedSensors : public testing::TestWithParam<Flagged> {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("SCORIA_SHARED");
    folder_ = fs::path(shared == nullptr ? "" : shared) / "data/sensors";
    if (shared == nullptr || !fs::exists(folder_ / "models")) GTEST_SKIP() << "SCORIA_SHARED has no data/sensors";
  }

  // Decision values and flags of readings, in that order.
  table::Table answers(const std::vector<double>& readings, model::SimdTarget simd) const {
    auto file = FileBytes::open(folder_ / ("models/model_" + std::string(GetParam().name)));
    EXPECT_TRUE(file.ok());
    auto model = model::open_model(file.value().bytes());
    EXPECT_TRUE(model.ok()) << model.error().message;
    table::Table rows(readings.size());
    rows.add("x0", table::Column::real(std::vector<double>(readings)));
    InlineExecutor executor;
    auto prediction = model.value()->score(rows, {.types = {"decision", "predict"}, .simd = simd}, executor);
    EXPECT_TRUE(prediction.ok()) << prediction.error().message;
    return std::move(prediction).value().table;
  }

  std::vector<double> readings() const {
    const table::Table all = read_table(folder_ / "sensor_data.csv");
    const std::string name = GetParam().name;
    std::vector<double> out;
    for (std::size_t row = 0; row < all.rows(); ++row) {
      const bool is_own =
          number(*all.find("Device"), row) == name[0] - '0' && number(*all.find("Sensor"), row) == name[2] - '0';
      if (is_own) out.push_back(number(*all.find("Value"), row));
    }
    return out;
  }

  fs::path folder_;
};

// NOLINTNEXTLINE(readability-identifier-naming): googletest looks for this name
void PrintTo(const Flagged& flagged, std::ostream* out) { *out << flagged.name; }

INSTANTIATE_TEST_SUITE_P(All, SeedSensors, testing::ValuesIn(kFlagged),
                         [](const auto& tested) { return std::string(tested.param.name); });

// Those of device 3 are known by their counts only.
class AnsweredSensors : public SeedSensors {};

INSTANTIATE_TEST_SUITE_P(All, AnsweredSensors, testing::ValuesIn(kFlagged, kFlagged + 10),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(SeedSensors, FlagTheRowsThatScikitLearnFlags) {
  const std::vector<double> values = readings();
  EXPECT_EQ(values.size(), GetParam().rows);
  for (const model::SimdTarget simd : {model::SimdTarget::plain, model::SimdTarget::automatic}) {
    const table::Table answered = answers(values, simd);
    std::size_t flagged = 0;
    for (std::size_t row = 0; row < answered.rows(); ++row)
      flagged += answered.column(1)->integers()[row] == -1 ? 1 : 0;
    EXPECT_EQ(flagged, GetParam().flagged);
  }
}

TEST_P(AnsweredSensors, DecideAsScikitLearnDecidedRowByRow) {
  const fs::path path = folder_ / ("expected/preds_" + std::string(GetParam().name) + ".csv");
  const table::Table expected = read_table(path);
  std::vector<double> values;
  for (std::size_t row = 0; row < expected.rows(); ++row) values.push_back(number(*expected.find("Val"), row));
  const table::Table answered = answers(values, model::SimdTarget::automatic);
  for (std::size_t row = 0; row < expected.rows(); ++row) {
    const double theirs = number(*expected.find("decision"), row);
    const double ours = answered.column(0)->reals()[row];
    ASSERT_LE(std::fabs(ours - theirs), std::max(1e-12 * std::fabs(theirs), 1e-15)) << "row " << row + 1;
    // Their column says 1 for an anomaly.
    ASSERT_EQ(answered.column(1)->integers()[row] == -1 ? 1 : 0, number(*expected.find("Prediction"), row))
        << "row " << row + 1;
  }
}

}  // namespace
}  // namespace scoria
