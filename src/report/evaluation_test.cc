// Expected numbers are R's: tests/data/report/make.R.
#include "report/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "report/format.h"
#include "report/tables_for_tests.h"

namespace scoria::report {
namespace {

using Measures = std::map<std::string, double>;

void put(Measures& measures, const std::string& prefix, const PointScore& score) {
  measures[prefix + " rows"] = static_cast<double>(score.rows);
  measures[prefix + " zero_actuals"] = static_cast<double>(score.zero_actuals);
  measures[prefix + " pinball"] = score.pinball;
  measures[prefix + " mape"] = score.mape;
  measures[prefix + " wape"] = score.wape;
  measures[prefix + " rmse"] = score.rmse;
}

// A score under the names that make.R gives its numbers.
Measures named(const Score& score) {
  Measures measures = {{"forecasts", score.forecasts},
                       {"scored", score.scored},
                       {"without_actual", score.without_actual},
                       {"incomplete", score.incomplete},
                       {"mean_pinball", score.mean_pinball},
                       {"crossing", score.crossing},
                       {"skill", score.skill},
                       {"best_naive", score.best_naive ? static_cast<double>(*score.best_naive) : kUndefined}};
  for (const QuantileScore& quantile : score.quantiles) {
    measures["pinball " + quantile.quantile.column] = quantile.pinball;
    measures["at_or_below " + quantile.quantile.column] = quantile.at_or_below;
  }
  for (const BandScore& band : score.bands) {
    measures["coverage " + plain_number(band.band.nominal)] = band.coverage;
    measures["width " + plain_number(band.band.nominal)] = band.width;
  }
  put(measures, "median", score.median);
  put(measures, "compared", score.compared);
  const char* names[] = {"naive_last", "naive_four", "naive_all"};
  for (std::size_t i = 0; i < kNaives; ++i) put(measures, names[i], score.naive[i]);
  return measures;
}

void expect_scores_of_r(const Evaluation& evaluation, const char* file) {
  std::map<std::string, Measures> ours;
  for (const Score& step : evaluation.steps) ours[plain_number(*step.step)] = named(step);
  ours["all"] = named(evaluation.overall);
  const Result<table::Table> read = read_table(std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/report" / file);
  ASSERT_TRUE(read.ok()) << read.error().message;
  const table::Table& expected = read.value();
  ASSERT_GT(expected.rows(), 0u);
  std::size_t count = 0;
  for (const auto& [group, measures] : ours) count += measures.size();
  EXPECT_EQ(expected.rows(), count) << "every number has one in R";
  for (std::size_t row = 0; row < expected.rows(); ++row) {
    const std::string group(expected.find("group")->text_at(row));
    const std::string measure(expected.find("measure")->text_at(row));
    ASSERT_TRUE(ours.count(group) == 1 && ours[group].count(measure) == 1) << group << " " << measure;
    const double value = ours[group][measure];
    if (expected.find("value")->is_null(row)) {
      EXPECT_TRUE(std::isnan(value)) << group << " " << measure << " is " << value;
    } else {
      const double wanted = expected.find("value")->reals()[row];
      EXPECT_NEAR(value, wanted, 1e-12 * std::max(1.0, std::abs(wanted))) << group << " " << measure;
    }
  }
}

Evaluation scored(const Case& c) {
  Result<Evaluation> evaluation = evaluate(c.forecast, c.actual, c.history, c.spec);
  EXPECT_TRUE(evaluation.ok()) << evaluation.error().message;
  return evaluation.ok() ? std::move(evaluation).value() : Evaluation{};
}

std::string refusal(const Case& c) {
  const Result<Evaluation> evaluation = evaluate(c.forecast, c.actual, c.history, c.spec);
  return evaluation.ok() ? "not refused" : evaluation.error().message;
}

Case two_weeks() {
  return {.spec = {.keys = {"sku"}, .time = "week", .step = "", .value = "sales", .quantiles = {{0.5, "q50"}}},
          .forecast = csv("sku,week,q50\n1,10,5\n1,11,6\n2,10,7\n2,11,8\n"),
          .history = csv("sku,week,sales\n1,8,3\n1,9,5\n"),
          .actual = csv("sku,week,sales\n1,10,4\n1,11,6\n2,10,9\n2,11,8\n")};
}

TEST(Evaluation, ScoresTheHostileFixtureAsRDoes) {
  const Result<Case> hostile = hostile_case(SCORIA_SOURCE_DIR);
  ASSERT_TRUE(hostile.ok()) << hostile.error().message;
  expect_scores_of_r(scored(hostile.value()), "scores.csv");
}

TEST(Evaluation, ScoresTheRetailExampleAsRDoes) {
  const Result<Case> retail = retail_case(SCORIA_SOURCE_DIR);
  ASSERT_TRUE(retail.ok()) << retail.error().message;
  expect_scores_of_r(scored(retail.value()), "retail_scores.csv");
}

TEST(Evaluation, DoesNotDependOnTheOrderOfRows) {
  Case hostile = hostile_case(SCORIA_SOURCE_DIR).value();
  const std::string before = evaluation_json(scored(hostile));
  std::mt19937 random(7);
  for (table::Table* table : {&hostile.history, &hostile.actual}) {
    std::vector<std::uint32_t> order(table->rows());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    *table = table->take(order);
  }
  EXPECT_EQ(evaluation_json(scored(hostile)), before);
}

TEST(Evaluation, CountsStepsFromTheTimesWhereThereIsNoStepColumn) {
  const Evaluation evaluation = scored(two_weeks());
  ASSERT_EQ(evaluation.steps.size(), 2u);
  EXPECT_EQ(evaluation.steps[1].step, 2);
  EXPECT_EQ(evaluation.steps[1].scored, 2u);
}

TEST(Evaluation, MatchesAKeyWrittenAsTextInOneTableAndAsANumberInAnother) {
  Case c = two_weeks();
  c.actual = csv("sku,week,sales\n\"1\",10,4\n\"2\",10,9\n\"x\",10,1\n");
  const Evaluation evaluation = scored(c);
  EXPECT_EQ(evaluation.overall.scored, 2u);
  EXPECT_EQ(evaluation.overall.without_actual, 2u);
  EXPECT_EQ(evaluation.unused_actuals, 1u);
}

TEST(Evaluation, ComparesOnlySeriesWithHistoryWithNaiveForecasts) {
  const Evaluation evaluation = scored(two_weeks());
  EXPECT_EQ(evaluation.overall.compared.rows, 2u);
  EXPECT_EQ(evaluation.overall.naive[0].pinball, 0.5);  // forecasts 5, came 4 and 6
  EXPECT_EQ(evaluation.overall.best_naive, 0u);
  EXPECT_EQ(evaluation.overall.skill, 0.5);
}

TEST(Evaluation, DoesNotCompareWithoutHistory) {
  Case c = two_weeks();
  c.history = {};
  const Evaluation evaluation = scored(c);
  EXPECT_FALSE(evaluation.overall.best_naive.has_value());
  EXPECT_TRUE(std::isnan(evaluation.overall.skill));
  EXPECT_NE(evaluation_text(evaluation).find("not compared"), std::string::npos);
}

TEST(Evaluation, NaiveForecastsDoNotSeeTheOriginOrLater) {
  Case c = two_weeks();
  c.history = csv("sku,week,sales\n1,8,3\n1,9,5\n1,10,1000\n1,11,1000\n");
  EXPECT_EQ(scored(c).overall.naive[0].pinball, 0.5);
}

TEST(Evaluation, ARowWithoutAStepCountsOnlyOverall) {
  Case c = two_weeks();
  c.spec.step = "step";
  c.forecast = csv("sku,week,step,q50\n1,10,1,5\n1,11,NA,6\n2,10,1,7\n");
  const Evaluation evaluation = scored(c);
  ASSERT_EQ(evaluation.steps.size(), 1u);
  EXPECT_EQ(evaluation.steps[0].forecasts, 2u);
  EXPECT_EQ(evaluation.overall.incomplete, 1u);
}

TEST(Evaluation, WithoutAnyActualEveryMeasureIsUndefined) {
  Case c = two_weeks();
  c.actual = csv("sku,week,sales\n9,10,4\n");
  const Evaluation evaluation = scored(c);
  EXPECT_EQ(evaluation.overall.without_actual, 4u);
  EXPECT_TRUE(std::isnan(evaluation.overall.mean_pinball));
  EXPECT_NE(evaluation_json(evaluation).find("\"mean_pinball\": null"), std::string::npos);
}

TEST(Evaluation, RefusesTwoActualValuesOfOneTime) {
  Case c = two_weeks();
  c.actual = csv("sku,week,sales\n1,10,4\n1,10,5\n");
  EXPECT_EQ(refusal(c), "the actual table has two rows for sku 1, week 10; are all key columns named?");
}

TEST(Evaluation, RefusesAForecastThatRepeatsATime) {
  Case c = two_weeks();
  c.spec.keys = {};
  EXPECT_EQ(refusal(c),
            "the forecast table has two rows for the series, week 10; are all key columns and the step column named?");
}

TEST(Evaluation, NamesTheColumnThatIsMissing) {
  Case c = two_weeks();
  c.spec.value = "units";
  EXPECT_EQ(refusal(c), "the actual table has no column 'units'; its columns: sku, week, sales");
}

TEST(Evaluation, RefusesDatesBesideNumbers) {
  Case c = two_weeks();
  c.actual = csv("sku,week,sales\n1,2026-11-20,4\n");
  EXPECT_EQ(refusal(c), "column 'week' holds dates in one of the tables forecast and actual and numbers in the other");
}

TEST(Evaluation, RefusesAForecastWithoutQuantiles) {
  Case c = two_weeks();
  c.spec.quantiles = {};
  EXPECT_NE(refusal(c).find("no quantile columns"), std::string::npos);
}

TEST(EvaluationText, HasALineForEveryStepAndOneForAll) {
  const std::string text = evaluation_text(scored(retail_case(SCORIA_SOURCE_DIR).value()));
  EXPECT_NE(text.find("\n  13     880  "), std::string::npos) << text;
  EXPECT_NE(text.find("\n all  11,440   59.6%  "), std::string::npos) << text;
}

}  // namespace
}  // namespace scoria::report
