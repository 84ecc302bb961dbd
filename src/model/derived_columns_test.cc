#include "model/derived_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scoria::model {
namespace {

using table::Column;
using testing::ElementsAre;
using testing::HasSubstr;

using Labels = std::vector<std::string>;

DerivedColumns parsed(const Labels& labels) {
  auto derived = DerivedColumns::parse(labels, {});
  EXPECT_TRUE(derived.ok()) << (derived.ok() ? "" : derived.error().message);
  return std::move(derived).value();
}

std::string refusal(const Labels& labels) {
  const auto derived = DerivedColumns::parse(labels, {});
  if (!derived.ok()) return derived.error().message;
  std::vector<Feature> features;
  for (const std::string& name : derived.value().names()) features.push_back({.name = name});
  const auto inputs = derived.value().inputs(features);
  return inputs.ok() ? "it was taken" : inputs.error().message;
}

TEST(DerivedColumns, AreTheVariablesOfTermsInOrderOfAppearance) {
  EXPECT_THAT(parsed({"b", "a:b", "log(p):g", "g"}).names(), ElementsAre("b", "a", "log(p)", "g"));
}

TEST(DerivedColumns, StripBackticksOfNames) {
  const DerivedColumns derived = parsed({"`net price (EUR)`", "`2nd`"});
  EXPECT_THAT(derived.names(), ElementsAre("net price (EUR)", "2nd"));
  EXPECT_TRUE(derived.is_plain());
}

TEST(DerivedColumns, TakeANameThatIsAColumnAsItStands) {
  const Labels columns{"net price"};
  const auto derived = DerivedColumns::parse(columns, columns);
  ASSERT_TRUE(derived.ok());
  EXPECT_THAT(derived.value().names(), ElementsAre("net price"));
}

TEST(DerivedColumns, AreComputedRowByRow) {
  const DerivedColumns derived = parsed({"log(p)", "I(b^2)", "factor(k)", "g"});
  table::Table rows;
  rows.add("g", Column::real({7, 8}));
  rows.add("k", Column::integer({5, 6}));
  rows.add("b", Column::real({-3, 2}));
  rows.add("p", Column::real({1, 0}));
  const auto table = derived.table(rows, 1);
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_THAT(table.value().names(), ElementsAre("log(p)", "I(b^2)", "factor(k)", "g"));
  EXPECT_THAT(table.value().column(0)->reals(), ElementsAre(0, -std::numeric_limits<double>::infinity()));
  EXPECT_THAT(table.value().column(1)->reals(), ElementsAre(9, 4));
}

TEST(DerivedColumns, SayWhichColumnsATableNeeds) {
  const DerivedColumns derived = parsed({"log(p)", "factor(k)", "factor(t)", "factor(z)", "as.numeric(g == 'mid')"});
  const std::vector<Feature> features{{.name = "log(p)"},
                                      {.name = "factor(k)", .kind = FeatureKind::factor, .levels = {"1", "2"}},
                                      {.name = "factor(t)", .kind = FeatureKind::factor, .levels = {"FALSE", "TRUE"}},
                                      {.name = "factor(z)", .kind = FeatureKind::factor, .levels = {"x", "y"}},
                                      {.name = "as.numeric(g == 'mid')"}};
  const auto inputs = derived.inputs(features);
  ASSERT_TRUE(inputs.ok()) << inputs.error().message;
  std::vector<std::string> found;
  for (const Feature& input : inputs.value()) {
    found.push_back(input.name + " " + std::string(feature_kind_name(input.kind)));
  }
  EXPECT_THAT(found, ElementsAre("p number", "k number", "t logical", "z factor", "g factor"));
}

TEST(DerivedColumns, NameLackingColumnsAndCellsThatAreNoNumbers) {
  const DerivedColumns derived = parsed({"log(p)", "b"});
  table::Table rows;
  const std::vector<std::string> cells{"1", "x"};
  rows.add("p", Column::text(cells));
  EXPECT_EQ(derived.table(rows, 1).error().message, "the input lacks column 'b'");
  rows.add("b", Column::real({1, 2}));
  EXPECT_EQ(derived.table(rows, 11).error().message, "row 12, column 'p': 'x' is not a number");
}

TEST(DerivedColumns, RefuseWhatIsNotUnderstoodByName) {
  EXPECT_THAT(refusal({"poly(x, 2)"}), HasSubstr("term 'poly(x, 2)': the function 'poly' is not one"));
  EXPECT_THAT(refusal({"x[, 1]"}), HasSubstr("term 'x[, 1]'"));
  EXPECT_THAT(refusal({"factor(k, levels = 1:3)"}), HasSubstr("factor() is understood with one argument only"));
  EXPECT_THAT(refusal({"log('a')"}), HasSubstr("term 'log('a')'"));
  EXPECT_THAT(refusal({"t$x"}), HasSubstr("t$x"));
}

TEST(DerivedColumns, RefuseWhatDependsOnTheOtherRows) {
  for (const char* term : {"I(x - mean(x))", "lag(x)", "cumsum(x)", "I(x / max(x))"}) {
    EXPECT_THAT(refusal({term}), HasSubstr("depends on which rows are scored together")) << term;
  }
}

TEST(DerivedColumns, RefuseAColumnTakenForANumberAndForText) {
  EXPECT_THAT(refusal({"as.numeric(g == 'a')", "log(g)"}),
              HasSubstr("'g' for a number in one place, for text in another"));
  const DerivedColumns derived = parsed({"g", "as.numeric(g)"});
  const std::vector<Feature> features{{.name = "g", .kind = FeatureKind::factor, .levels = {"1", "2"}},
                                      {.name = "as.numeric(g)"}};
  EXPECT_THAT(derived.inputs(features).error().message, HasSubstr("'g' for a number in one place, for a factor"));
}

TEST(DerivedColumns, TakeManyVariablesInReasonableTime) {
  Labels labels;
  for (int i = 0; i < 20'000; ++i) labels.push_back("log(x" + std::to_string(i) + ")");
  const DerivedColumns derived = parsed(labels);
  std::vector<Feature> features(labels.size());
  EXPECT_EQ(derived.inputs(features).value().size(), labels.size());
}

}  // namespace
}  // namespace scoria::model
