// Model sets, packs and plans as services: what scikit-learn's models of the sensor example say, and what R wrote of the store example.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "serve/open_version.h"
#include "serve/protocols.h"
#include "table/csv.h"

namespace scoria::serve {
namespace {

using Json = nlohmann::json;

const std::filesystem::path kExamples = SCORIA_SOURCE_DIR "/examples";

Json ask(const ServiceVersionPtr& version, const std::string& body, const std::string& query_type = "",
         const char* media = "application/json") {
  InlineExecutor executor;
  net::HttpRequest request;
  request.headers = {{"Content-Type", media}};
  request.body = body;
  Exchange exchange{.version = version, .request = std::move(request), .query = {}};
  if (!query_type.empty()) exchange.query.items = {{"type", query_type}};
  table::Table rows;
  Problem problem;
  if (!kPlumberForm.read(exchange, rows, problem)) return Json::parse(kPlumberForm.refuse(problem).body);
  const Outcome outcome = version->score(rows, exchange.wanted, executor);
  return Json::parse(
      (outcome.is_scored ? kPlumberForm.write(exchange, outcome.predictions) : kPlumberForm.refuse(outcome.problem))
          .body);
}

VersionSpec spec(const std::filesystem::path& model) {
  VersionSpec made;
  made.service = "s";
  made.version = "1";
  made.model = model.string();
  return made;
}

TEST(SetVersion, ScoresEachRowByItsKeysModel) {
  auto settings = spec(kExamples / "sensor-anomaly/models/model_{Device}_{Sensor}");
  settings.features = {"Value"};
  const auto opened = open_version(settings);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_STREQ(opened.value()->kind(), "set");
  // scikit-learn's decision_function of the first two readings, in examples/sensor-anomaly/expected.csv.gz.
  const Json answer =
      ask(opened.value(), R"({"df":[{"Device":1,"Sensor":1,"Value":12.57},{"Device":"1","Sensor":"2","Value":34.14}]})",
          "decision");
  ASSERT_EQ(answer.size(), 2u) << answer;
  EXPECT_NEAR(answer[0].get<double>(), 0.5117400250216315, 1e-12);
  EXPECT_NEAR(answer[1].get<double>(), 0.45652901240967747, 1e-12);
  const Json refused = ask(opened.value(), R"({"df":[{"Device":9,"Sensor":1,"Value":1}]})");
  EXPECT_EQ(refused["status"], 400) << refused;
  EXPECT_NE(refused["detail"].get<std::string>().find("model_9_1"), std::string::npos) << refused;
  EXPECT_EQ(ask(opened.value(), R"({"df":[{"Device":"../x","Sensor":1,"Value":1}]})")["status"], 400);
}

TEST(SetVersion, KeepsItsModelsWhateverAClientAsksAndSeesNewOnes) {
  namespace fs = std::filesystem;
  const fs::path folder = testing::TempDir() + "scoria-set-version", models = kExamples / "sensor-anomaly/models";
  fs::remove_all(folder);
  fs::create_directories(folder);
  fs::copy(models / "model_1_1", folder);
  auto settings = spec(folder / "model_{Device}_{Sensor}");
  settings.features = {"Value"};
  const auto opened = open_version(settings);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const char* known = R"({"df":[{"Device":1,"Sensor":1,"Value":12.57}]})";
  const char* later = R"({"df":[{"Device":1,"Sensor":5,"Value":105}]})";
  const Json first = ask(opened.value(), known, "decision");
  ASSERT_TRUE(first.is_array()) << first;
  ASSERT_TRUE(write_file(folder / "model_1_1", "x").ok());
  EXPECT_EQ(ask(opened.value(), later, "decision")["status"], 400);
  EXPECT_EQ(ask(opened.value(), known, "decision"), first) << "a client's mistake made it read its models again";
  fs::copy(models / "model_1_5", folder);
  EXPECT_TRUE(ask(opened.value(), later, "decision").is_array());
  fs::remove_all(folder);
}

TEST(PlanVersion, RunsThePlanOverTheRequestsRows) {
  const auto opened = open_version(spec(kExamples / "store-demand/plan.yaml"));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_STREQ(opened.value()->kind(), "plan");
  const auto sales = FileBytes::open(kExamples / "store-demand/data/sales.csv");
  const auto wanted = FileBytes::open(kExamples / "store-demand/expected.csv");
  const auto expected = table::read_csv(wanted.value().text()).value();
  const Json answer = ask(opened.value(), std::string(sales.value().text()), "", "text/csv");
  ASSERT_EQ(answer.size(), expected.rows()) << answer.dump().substr(0, 300);
  const auto demand = expected.find("demand");
  ASSERT_NE(demand, nullptr);
  for (std::size_t row = 0; row < expected.rows(); ++row) {
    EXPECT_EQ(answer[row]["sku"], std::string(expected.find("sku")->text_at(row)));
    EXPECT_NEAR(answer[row]["demand"].get<double>(), demand->reals()[row], 1e-9 * std::abs(demand->reals()[row]));
  }
}

TEST(PlanVersion, KeepsItsModelsWhateverAClientAsks) {
  namespace fs = std::filesystem;
  const fs::path folder = testing::TempDir() + "scoria-plan-version";
  fs::remove_all(folder);
  fs::copy(kExamples / "store-demand", folder, fs::copy_options::recursive);
  const auto opened = open_version(spec(folder / "plan.yaml"));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto sales = FileBytes::open(folder / "data/sales.csv");
  const std::string body(sales.value().text());
  const fs::path model = fs::directory_iterator(folder / "models")->path();
  const std::string whole(FileBytes::open(model).value().text());
  ASSERT_TRUE(write_file(model, "x").ok());
  EXPECT_FALSE(ask(opened.value(), body, "", "text/csv").is_array()) << "one of its models is none";
  ASSERT_TRUE(write_file(model, whole).ok());
  const Json first = ask(opened.value(), body, "", "text/csv");
  ASSERT_TRUE(first.is_array()) << "it is tried again: " << first.dump().substr(0, 300);
  for (const auto& one : fs::directory_iterator(folder / "models")) ASSERT_TRUE(write_file(one.path(), "x").ok());
  EXPECT_EQ(ask(opened.value(), body, "", "text/csv"), first);
  EXPECT_FALSE(ask(opened.value(), "sku\n1\n", "", "text/csv").is_array());
  EXPECT_EQ(ask(opened.value(), body, "", "text/csv"), first) << "a client's mistake made it read its models again";
  fs::remove_all(folder);
}

TEST(PlanVersion, RefusesAPlanWithoutASingleAnswer) {
  const auto opened = open_version(spec(kExamples / "retail-forecast/plan.yaml"));
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::unsupported) << opened.error().message;
}

TEST(SelfTest, ComparesWhatIsAnsweredWithWhatIsExpected) {
  InlineExecutor executor;
  const std::filesystem::path folder = testing::TempDir() + "scoria-self-test";
  std::filesystem::create_directories(folder);
  const auto golden = FileBytes::open(SCORIA_SOURCE_DIR "/tests/golden/rf_reg_boston/input.csv");
  ASSERT_TRUE(write_file(folder / "sample.csv", golden.value().text()).ok());
  const auto r = FileBytes::open(SCORIA_SOURCE_DIR "/tests/golden/rf_reg_boston/expected.csv");
  const auto expected = table::read_csv(r.value().text()).value();
  Json wanted = Json::array();
  for (const double value : expected.column(0)->reals()) wanted.push_back(std::isnan(value) ? Json("NA") : Json(value));
  auto settings = spec(SCORIA_SOURCE_DIR "/tests/golden/rf_reg_boston/model.rds");
  settings.sample = (folder / "sample.csv").string();
  settings.expected = (folder / "expected.json").string();
  const auto opened = open_version(settings);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto test = [&] {
    const Status written = write_file(folder / "expected.json", wanted.dump());
    return written.ok() ? self_test(opened.value(), settings, executor) : written;
  };
  const Status same = test();
  EXPECT_TRUE(same.ok()) << same.error().message;
  ASSERT_NE(opened.value()->baseline(), nullptr);
  EXPECT_EQ(opened.value()->baseline()->predictions.rows(), wanted.size()) << "what drift is measured against";
  wanted[1] = wanted[1].get<double>() * 1.001;
  const Status other = test();
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.error().message.find("the answer[1]"), std::string::npos) << other.error().message;
  settings.tolerance = 0.01;
  EXPECT_TRUE(test().ok());
  wanted.erase(wanted.begin());
  const Status shorter = test();
  ASSERT_FALSE(shorter.ok());
  const std::string counts =
      "the answer has " + std::to_string(wanted.size() + 1) + " elements, not " + std::to_string(wanted.size());
  EXPECT_NE(shorter.error().message.find(counts), std::string::npos) << shorter.error().message;
  ASSERT_TRUE(write_file(folder / "sample.csv", "a,b\n1,2\n").ok());
  EXPECT_FALSE(test().ok());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace scoria::serve
