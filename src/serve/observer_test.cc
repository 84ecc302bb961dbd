// Observer: what drift is measured against.
#include "serve/observer.h"

#include <gtest/gtest.h>

#include <vector>

namespace scoria::serve {
namespace {

class Named final : public ServiceVersion {
 public:
  Named() : ServiceVersion("boston", "1") {}
  const char* kind() const override { return "model"; }
  const std::string& sha256() const override { return sum_; }
  const model::Description& description() const override { return description_; }
  const Schema* schema() const override { return nullptr; }

 private:
  std::string sum_ = "0";
  model::Description description_;
};

table::Table numbers(std::size_t rows, double from) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows; ++i) values.push_back(from + static_cast<double>(i));
  table::Table made(rows);
  made.add("x", table::Column::real(std::move(values)));
  return made;
}

// Of a version that is asked for 50 rows once.
std::string metrics_of(const Named& version) {
  ObserverOptions options;
  options.sample = 1;
  options.drift_baseline = 1000;
  const auto observer = Observer::open(options);
  EXPECT_TRUE(observer.ok());
  observer.value()->observe(std::make_shared<Note>(), version, numbers(50, 500), numbers(50, 0));
  return observer.value()->metrics();
}

TEST(Observer, MeasuresDriftAgainstTheRowsOfItsVersion) {
  Named version;
  version.set_baseline({.rows = numbers(100, 0), .predictions = numbers(100, 0)});
  // All 50 rows are above the baseline's: psi = (1 - 0.1) log(1 / 0.1) + 9 (1e-4 - 0.1) log(1e-4 / 0.1) = 8.279..., by the formula in drift.h.
  const std::string text = metrics_of(version);
  EXPECT_NE(text.find("serve_feature_psi{service=\"boston\",version=\"1\",feature=\"x\"} 8.2"), std::string::npos)
      << text;
}

TEST(Observer, WaitsForTheFirstRowsWhereFewAreStored) {
  Named version;
  version.set_baseline({.rows = numbers(99, 0), .predictions = numbers(99, 0)});
  EXPECT_EQ(metrics_of(version).find("serve_feature_psi{"), std::string::npos);
}

}  // namespace
}  // namespace scoria::serve
