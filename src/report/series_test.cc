#include "report/series.h"

#include <gtest/gtest.h>

#include <cmath>

#include "report/forecast.h"
#include "report/tables_for_tests.h"

namespace scoria::report {
namespace {

std::vector<std::string> columns_of(const std::vector<Quantile>& quantiles) {
  std::vector<std::string> names;
  for (const Quantile& quantile : quantiles) names.push_back(quantile.column);
  return names;
}

TEST(QuantileColumns, FindsQAndANumberAndNothingElse) {
  const auto quantiles =
      quantile_columns(csv("sku,q95,q5,quantity,q,q2.5,q50,q100,q0,q-5,q1e1\n1,1,1,1,1,1,1,1,1,1,1\n"));
  EXPECT_EQ(columns_of(quantiles), (std::vector<std::string>{"q2.5", "q5", "q50", "q95"}));
  EXPECT_EQ(quantiles[0].level, 0.025);
  EXPECT_EQ(quantiles[3].level, 0.95);
}

TEST(QuantileColumns, ReadsFractionsWhereAllAreBelowOne) {
  const auto quantiles = quantile_columns(csv("q0.05,q0.5,q0.95\n1,1,1\n"));
  ASSERT_EQ(quantiles.size(), 3u);
  EXPECT_EQ(quantiles[0].level, 0.05);
  EXPECT_EQ(median_of(quantiles), 1u);
}

TEST(CentralBands, ArePairsAroundTheMedianWidestFirst) {
  const auto bands = central_bands(quantile_columns(csv("q5,q10,q25,q50,q75,q95\n1,1,1,1,1,1\n")));
  ASSERT_EQ(bands.size(), 2u);
  EXPECT_EQ(bands[0].lower, 0u);
  EXPECT_EQ(bands[0].upper, 5u);
  EXPECT_NEAR(bands[1].nominal, 0.5, 1e-15);
}

TEST(SeriesIndex, NumbersTablesAlikeWhateverTheTypeOfTheKeys) {
  SeriesIndex index({"sku", "store"});
  const auto first = index.number(csv("sku,store\n1,8\n2,8\n1,9\n1,8\n"), "forecast");
  const auto second = index.number(csv("store,sku\n\"8\",1.0\n\"9\",1\n\"9\",2\n"), "history");
  EXPECT_EQ(first.value(), (std::vector<std::uint32_t>{0, 1, 2, 0}));
  EXPECT_EQ(second.value(), (std::vector<std::uint32_t>{0, 2, 3}));
  EXPECT_EQ(index.title(3), "sku 2, store 9");
}

TEST(SeriesIndex, LeavesOutRowsWithAMissingKey) {
  SeriesIndex index({"sku", "store"});
  const auto series = index.number(csv("sku,store\nNA,8\n2,NA\n2,8\n"), "forecast");
  EXPECT_EQ(series.value(), (std::vector<std::uint32_t>{kNoSeries, kNoSeries, 0}));
}

TEST(SeriesIndex, WithoutKeysTheTableIsOneSeries) {
  SeriesIndex index({});
  EXPECT_EQ(index.number(csv("week\n1\n2\n"), "forecast").value(), (std::vector<std::uint32_t>{0, 0}));
  EXPECT_EQ(index.size(), 1u);
}

TEST(Times, ReadsDatesAsDaysAndWritesThemBack) {
  const Times read = times(csv("day\n1970-01-02\n2026-11-20\n2024-02-29T06:30Z\n"), "day", "forecast").value();
  EXPECT_EQ(read.kind, TimeKind::date);
  EXPECT_EQ(read.values[0], 1);
  EXPECT_EQ(time_text(read.kind, read.values[1]), "2026-11-20");
  EXPECT_EQ(time_text(read.kind, read.values[2]), "2024-02-29 06:30");
}

TEST(Times, RefusesWhatIsNeitherANumberNorADate) {
  for (const char* text : {"day\n2026-02-30\n", "day\nMonday\n", "day\n2026-11-20\nx\n", "day\n2026-11-20T99:00\n"}) {
    const Result<Times> read = times(csv(text), "day", "forecast");
    EXPECT_FALSE(read.ok()) << text;
  }
}

TEST(Numbers, NaNAndInfinityAreMissing) {
  const auto read = numbers(csv("x\n1\nNaN\nInf\nNA\n"), "x", "history").value();
  EXPECT_EQ(read[0], 1);
  EXPECT_TRUE(std::isnan(read[1]) && std::isnan(read[2]) && std::isnan(read[3]));
}

TEST(Numbers, RefusesText) {
  const auto read = numbers(csv("x\na\n"), "x", "history");
  EXPECT_EQ(read.error().message, "the history table, column 'x' holds character, must hold numbers");
}

}  // namespace
}  // namespace scoria::report
