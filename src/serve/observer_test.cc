// Observer: what drift is measured against.
#include "serve/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "serve/app.h"
#include "serve/version_for_tests.h"

namespace scoria::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

table::Table numbers(std::size_t rows, double from) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows; ++i) values.push_back(from + static_cast<double>(i));
  table::Table made(rows);
  made.add("x", table::Column::real(std::move(values)));
  return made;
}

std::unique_ptr<Observer> observer() {
  ObserverOptions options;
  options.sample = 1;
  options.drift_baseline = 1000;
  auto opened = Observer::open(options);
  EXPECT_TRUE(opened.ok());
  return std::move(opened).value();
}

// As after a request of 50 rows, all of them above those of 0 to 99.
void ask(Observer& observer, const ServiceVersionPtr& version) {
  observer.observe(std::make_shared<Note>(), version, numbers(50, 500), numbers(50, 0));
}

std::shared_ptr<VersionForTests> version_with(std::size_t rows, double from, const char* sum = "0") {
  auto made = std::make_shared<VersionForTests>("boston", "1", sum);
  made->set_baseline({.rows = numbers(rows, from), .predictions = numbers(rows, 0)});
  return made;
}

// All 50 rows are above the baseline's: psi = (1 - 0.1) log(1 / 0.1) + 9 (1e-4 - 0.1) log(1e-4 / 0.1) = 8.279..., by the formula in drift.h.
constexpr const char* kFar = "serve_feature_psi{service=\"boston\",version=\"1\",feature=\"x\"} 8.2";

TEST(Observer, MeasuresDriftAgainstTheRowsOfItsVersion) {
  Catalog catalog;
  catalog.put(version_with(100, 0));
  const auto kept = observer();
  ask(*kept, catalog.find("boston", "1"));
  EXPECT_THAT(kept->metrics(*catalog.services()), HasSubstr(kFar));
}

TEST(Observer, WaitsForTheFirstRowsWhereFewAreStored) {
  Catalog catalog;
  catalog.put(version_with(99, 0));
  const auto kept = observer();
  ask(*kept, catalog.find("boston", "1"));
  EXPECT_THAT(kept->metrics(*catalog.services()), Not(HasSubstr("serve_feature_psi{")));
}

TEST(Observer, MeasuresAVersionOfTheSameNameAnew) {
  Catalog catalog;
  const auto kept = observer();
  catalog.put(version_with(100, 0));
  ask(*kept, catalog.find("boston", "1"));
  ASSERT_THAT(kept->metrics(*catalog.services()), HasSubstr(kFar));
  ASSERT_TRUE(catalog.remove("boston").ok());
  // The model is the same, the rows that it was made for are not.
  for (const char* sum : {"0", "1"}) {
    catalog.put(version_with(50, 500, sum));
    EXPECT_THAT(kept->metrics(*catalog.services()), Not(HasSubstr("serve_feature"))) << "nothing was asked of it yet";
    catalog.put(version_with(100, 450, sum));
    ask(*kept, catalog.find("boston", "1"));
    EXPECT_THAT(kept->metrics(*catalog.services()), Not(HasSubstr(kFar)));
    EXPECT_THAT(kept->metrics(*catalog.services()), HasSubstr("serve_feature_psi{"));
  }
}

TEST(Observer, ForgetsAVersionThatIsServedNoMore) {
  Catalog catalog;
  const auto kept = observer();
  catalog.put(version_with(100, 0));
  const auto running = catalog.find("boston", "1");
  ask(*kept, running);
  catalog.put(version_with(100, 0, "1"));
  ask(*kept, running);  // a request that held it
  EXPECT_THAT(kept->metrics(*catalog.services()), Not(HasSubstr("serve_feature")));
  ask(*kept, catalog.find("boston", "1"));
  const std::string text = kept->metrics(*catalog.services());
  EXPECT_EQ(text.find(kFar), text.rfind(kFar)) << "one line of each: " << text;
  ASSERT_TRUE(catalog.remove("boston").ok());
  EXPECT_EQ(kept->metrics(*catalog.services()), "");
}

TEST(Observer, LogsWhatIsRefusedByItsHead) {
  const auto file = std::filesystem::temp_directory_path() / ("scoria-refused-" + std::to_string(::getpid()));
  ObserverOptions options;
  options.access_log = file.string();
  auto logs = Observer::open(options).value();
  Catalog catalog;
  InlineExecutor executor;
  App app(catalog, executor, {}, nullptr, logs.get());
  net::HttpRequest head;
  head.method = "POST";
  head.target = "/score";
  head.headers = {{"Content-Encoding", "br"}};
  const auto plan = app.plan_body(head);
  ASSERT_TRUE(plan.refuse);
  EXPECT_TRUE(net::find_header(plan.refuse->headers, "X-Request-Id"));
  logs.reset();
  std::ifstream written(file);
  const auto line = nlohmann::json::parse(written);
  EXPECT_EQ(line["status"], 415);
  EXPECT_EQ(line["path"], "/score");
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace scoria::serve
