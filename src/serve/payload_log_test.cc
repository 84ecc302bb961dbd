#include "serve/payload_log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/na.h"

namespace scoria::serve {
namespace {

using Json = nlohmann::json;

class PayloadLogTest : public testing::Test {
 protected:
  PayloadLogTest() {
    std::string name = std::filesystem::temp_directory_path() / "scoria-payload-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~PayloadLogTest() override { std::filesystem::remove_all(folder); }

  Json line(PayloadLogOptions options) {
    options.file.path = folder / "log";
    auto log = PayloadLog::open(std::move(options));
    EXPECT_TRUE(log.ok());
    table::Table rows, predictions;
    rows.add("x", table::Column::real({0.1, na_real(), std::numeric_limits<double>::infinity()}));
    rows.add("name", table::Column::text(std::vector<std::string>{"ann", "bob", "cy"}));
    rows.add("n", table::Column::integer({1, 2, 3}));
    predictions.add("predict", table::Column::real({25.63, 1.0 / 3, 2}));
    log.value()->observe(rows, predictions, {.request_id = "r", .service = "boston", .version = "1", .sha256 = "9f"});
    log.value()->flush();
    std::string text;
    std::getline(std::ifstream(folder / "log"), text);
    Json read = Json::parse(text);
    read.erase("time");
    return read;
  }

  std::filesystem::path folder;
};

TEST_F(PayloadLogTest, WritesColumnsWithTheSameDoubles) {
  EXPECT_EQ(line({}), Json::parse(R"({"request_id":"r","service":"boston","version":"1","sha256":"9f","rows":3,
    "inputs":{"x":[0.1,null,"Inf"],"name":["ann","bob","cy"],"n":[1,2,3]},"predictions":{"predict":[25.63,0.3333333333333333,2.0]}})"));
}

TEST_F(PayloadLogTest, MasksColumnsAndLeavesMissingValuesVisible) {
  const Json got = line({.masked = {"name", "x"}});
  EXPECT_EQ(got["inputs"]["name"], Json::parse(R"(["***","***","***"])"));
  EXPECT_EQ(got["inputs"]["x"], Json::parse(R"(["***",null,"***"])"));
  EXPECT_EQ(got.dump().find("ann"), std::string::npos);
}

TEST_F(PayloadLogTest, WritesTheFirstRowsOfALargeRequest) {
  const Json got = line({.most_rows = 2});
  EXPECT_EQ(got["rows"], 3);
  EXPECT_EQ(got["inputs"]["n"], Json::parse("[1,2]"));
  EXPECT_EQ(got["predictions"]["predict"].size(), 2u);
}

TEST(Sampler, TakesAboutAsManyAsAsked) {
  EXPECT_FALSE(Sampler(0).takes());
  EXPECT_TRUE(Sampler(1).takes());
  const Sampler sampler(0.01);
  int taken = 0;
  for (int i = 0; i < 1'000'000; ++i) taken += sampler.takes() ? 1 : 0;
  // 10,000 expected with a standard deviation of 99.5: ten of them.
  EXPECT_NEAR(taken, 10'000, 1'000);
}

}  // namespace
}  // namespace scoria::serve
