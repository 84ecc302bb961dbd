// Expected figures are NumPy's and SciPy's: np.quantile (its default, type 7), np.searchsorted(side="left"), np.log; see each test.
#include "serve/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/na.h"

namespace scoria::serve {
namespace {

using testing::HasSubstr;
using testing::Not;

table::Table numbers(std::size_t rows, const std::function<double(std::size_t)>& value) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows; ++i) values.push_back(value(i));
  table::Table table;
  table.add("x", table::Column::real(std::move(values)));
  return table;
}

table::Table levels(const std::vector<std::pair<std::string, int>>& counts) {
  std::vector<std::string> values;
  for (const auto& [level, count] : counts) values.insert(values.end(), static_cast<std::size_t>(count), level);
  table::Table table;
  table.add("g", table::Column::text(values));
  return table;
}

Drift::Figures only(const Drift& drift) {
  const auto all = drift.figures();
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? Drift::Figures{} : all[0];
}

TEST(Drift, FindsTheFiguresThatNumpyFinds) {
  // b = ((i*i) % 1009) / 8 for i < 1000; s = ((j*7) % 97) * 1.25 + (j % 3) * 10 for j < 800.
  // scipy.stats.ks_2samp(b, s), which looks at every value, says 0.07975; at the percentiles it can be a little less.
  Drift drift(numbers(1000, [](std::size_t i) { return static_cast<double>(i * i % 1009) / 8; }), {});
  drift.observe(
      numbers(800,
              [](std::size_t j) { return static_cast<double>(j * 7 % 97) * 1.25 + static_cast<double>(j % 3) * 10; }),
      {}, {});
  const auto figures = only(drift);
  EXPECT_NEAR(figures.psi, 0.05776731381148365, 1e-12);
  EXPECT_NEAR(figures.ks, 0.07624999999999998, 1e-12);
  EXPECT_EQ(figures.rows, 800u);
  EXPECT_EQ(figures.missing, 0);
}

TEST(Drift, CountsEqualValuesInOneBin) {
  // b = i % 4 for i < 200, s = j % 5 for j < 90; scipy.stats.ks_2samp(b, s) says 0.2, too.
  Drift drift(numbers(200, [](std::size_t i) { return static_cast<double>(i % 4); }), {});
  drift.observe(numbers(90, [](std::size_t j) { return static_cast<double>(j % 5); }), {}, {});
  EXPECT_NEAR(only(drift).psi, 1.5640491119253044, 1e-12);
  EXPECT_NEAR(only(drift).ks, 0.19999999999999996, 1e-12);
}

TEST(Drift, IsZeroOfTheBaselineItself) {
  const auto rows = numbers(500, [](std::size_t i) { return std::sin(static_cast<double>(i)); });
  Drift drift(rows, {});
  drift.observe(rows, {}, {});
  EXPECT_NEAR(only(drift).psi, 0, 1e-12);
  EXPECT_EQ(only(drift).ks, 0);
}

TEST(Drift, CountsLevelsAndThoseThatTheBaselineHasNot) {
  // e = [.5, .3, .2, 1e-4], a = [.2, .2, .5, .1]: ((a - e) * np.log(a / e)).sum()
  Drift drift(levels({{"a", 50}, {"b", 30}, {"c", 20}}), {});
  drift.observe(levels({{"a", 20}, {"b", 20}, {"c", 50}, {"new", 10}}), {}, {});
  EXPECT_NEAR(only(drift).psi, 1.280405702305625, 1e-12);
  EXPECT_NEAR(only(drift).unseen, 0.1, 1e-15);
}

TEST(Drift, CountsMissingValuesApart) {
  Drift drift(numbers(100, [](std::size_t i) { return static_cast<double>(i); }), {});
  drift.observe(numbers(100, [](std::size_t i) { return i % 4 == 0 ? na_real() : static_cast<double>(i); }), {}, {});
  EXPECT_NEAR(only(drift).missing, 0.25, 1e-15);
  EXPECT_LT(only(drift).psi, 0.05);
}

TEST(Drift, TakesTheFirstRowsSeenForTheBaseline) {
  Drift drift(100);
  const auto rows = numbers(60, [](std::size_t i) { return static_cast<double>(i); });
  drift.observe(rows, {}, {});
  EXPECT_EQ(drift.baseline_rows(), 0u);
  EXPECT_TRUE(drift.figures().empty());
  drift.observe(rows, {}, {});
  EXPECT_EQ(drift.baseline_rows(), 120u);
  EXPECT_TRUE(drift.figures().empty());
  drift.observe(rows, {}, {});
  EXPECT_NEAR(only(drift).psi, 0, 1e-12);
  EXPECT_EQ(only(drift).rows, 60u);
}

TEST(Drift, ForgetsWhatIsLongAgo) {
  Drift drift(numbers(100, [](std::size_t i) { return static_cast<double>(i); }), {}, 100);
  drift.observe(numbers(100, [](std::size_t) { return 1000.0; }), {}, {});
  EXPECT_GT(only(drift).psi, 1);
  for (int i = 0; i < 2; ++i) {
    drift.observe(numbers(100, [](std::size_t row) { return static_cast<double>(row); }), {}, {});
  }
  EXPECT_NEAR(only(drift).psi, 0, 1e-12);
  EXPECT_EQ(only(drift).rows, 200u);
}

TEST(Drift, WritesItsFiguresForPrometheus) {
  const auto rows = numbers(100, [](std::size_t i) { return static_cast<double>(i); });
  Drift drift(rows, rows);
  drift.observe(rows, rows, {});
  const std::string text = drift_metrics({{"boston", "1", &drift}});
  EXPECT_THAT(text, HasSubstr("# TYPE serve_feature_psi gauge\n"));
  EXPECT_THAT(text, HasSubstr("serve_feature_psi{service=\"boston\",version=\"1\",feature=\"x\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("serve_feature_rows{service=\"boston\",version=\"1\",feature=\"prediction:x\"} 100\n"));
  EXPECT_THAT(drift_metrics({}), Not(HasSubstr("feature=")));
}

}  // namespace
}  // namespace scoria::serve
