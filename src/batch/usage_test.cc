#include "batch/usage.h"

#include "batch/pools_for_tests.h"

namespace scoria::batch {
namespace {

class UsageTest : public PoolsTest {
 protected:
  double node_seconds(std::string_view kind = "dedicated", std::string_view state_name = "") {
    double sum = 0;
    const auto report = usage_report(*state, "", "");
    for (const Json& line : report.value()["pools"]) {
      if (line["kind"] == kind && (state_name.empty() || line["state"] == state_name)) {
        sum += line["nodeSeconds"].get<double>();
      }
    }
    return sum;
  }
  // Nodes are heard of in between.
  void pass(int seconds) {
    for (int i = 0; i < seconds; i += 5) {
      advance(std::chrono::seconds(5));
      for (const auto& [key, request] : std::map(asked)) sync(key.first, key.second);
    }
  }
};

TEST_F(UsageTest, NodesAreChargedBySecondsInTheirState) {
  ASSERT_TRUE(add({{"id", "p"}, {"vmSize", "standard_d2_v2"}, {"targetDedicatedNodes", 2}}).ok());
  come_up();
  pass(60);
  EXPECT_DOUBLE_EQ(node_seconds("dedicated", "idle"), 120);
  EXPECT_DOUBLE_EQ(usage_report(*state, "", "").value()["pools"][0]["coreSeconds"].get<double>(), 240);
}

TEST_F(UsageTest, KindsAreChargedApart) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}, {"targetLowPriorityNodes", 1}}).ok());
  come_up();
  pass(30);
  EXPECT_DOUBLE_EQ(node_seconds("dedicated"), 30);
  EXPECT_DOUBLE_EQ(node_seconds("lowpriority"), 30);
}

TEST_F(UsageTest, AJobIsChargedItsSlotsTimesTheirSeconds) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  add_job_with("j", "p", 1);
  come_up();
  pass(40);
  end("p", node("p").id, 0);
  const Json jobs = usage_report(*state, "", "").value()["jobs"];
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0]["jobId"], "j");
  EXPECT_DOUBLE_EQ(jobs[0]["slotSeconds"].get<double>(), 40);
  EXPECT_EQ(jobs[0]["attempts"], 1);
}

TEST_F(UsageTest, DaysAreChargedApartAndCanBeAskedFor) {
  now.wall = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 30)) - std::chrono::seconds(20);
  state->now = now;
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  pass(60);
  const auto of = [&](const char* day) {
    double sum = 0;
    const auto report = usage_report(*state, day, day);
    for (const Json& line : report.value()["pools"]) sum += line["nodeSeconds"].get<double>();
    return sum;
  };
  EXPECT_DOUBLE_EQ(of("2026-11-29"), 20);
  EXPECT_DOUBLE_EQ(of("2026-11-30"), 40);
  EXPECT_EQ(code_of(usage_report(*state, "yesterday", "")), "InvalidQueryParameterValue");
}

TEST_F(UsageTest, PricesTurnTimeIntoMoney) {
  settings.prices["standard_d2_v2"] = {.dedicated = 3.6, .low_priority = 0.36};
  settings.currency = "EUR";
  start();
  ASSERT_TRUE(
      add({{"id", "p"}, {"vmSize", "Standard_D2_v2"}, {"targetDedicatedNodes", 1}, {"targetLowPriorityNodes", 1}})
          .ok());
  come_up();
  pass(1000);
  const Json report = usage_report(*state, "", "").value();
  EXPECT_EQ(report["currency"], "EUR");
  EXPECT_NEAR(report["cost"].get<double>(), 1.1, 1e-9);
}

TEST_F(UsageTest, ARestartLosesNoTime) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  pass(35);
  now.wall += std::chrono::seconds(100);  // down; its node lived on
  now.steady += std::chrono::seconds(100);
  start();
  sync("p", node("p").id);
  pass(15);
  EXPECT_DOUBLE_EQ(node_seconds(), 150);
}

TEST_F(UsageTest, AClockThatJumpsBackChargesNothingTwice) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  come_up();
  pass(30);
  jump_wall(-std::chrono::seconds(30));
  pass(30);
  EXPECT_DOUBLE_EQ(node_seconds(), 30);
}

}  // namespace
}  // namespace scoria::batch
