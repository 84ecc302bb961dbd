#include "expr/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/na.h"
#include "expr/functions.h"
#include "expr/parse.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Table;
using table::Type;
using testing::ElementsAre;
using testing::HasSubstr;

// Two groups: rows 0-2 and 3-5.
Table sales() {
  Table rows(6);
  rows.add("sales", Column::real({1, 2, 4, 8, na_real(), 32}));
  rows.add("week", Column::integer({1, 2, 3, 1, 2, 3}));
  rows.add("store", Column::text(std::vector<std::string>{"a", "a", "a", "b", "b", "b"}));
  return rows;
}

Frame two_groups() { return Frame(sales(), {0, 3}); }

Expression parsed(std::string_view text) { return parse(text).value(); }

// A column as text, NA as "NA".
std::vector<std::string> texts(const ColumnPtr& column) {
  std::vector<std::string> out;
  for (std::size_t row = 0; row < column->size(); ++row) out.push_back(Scalar::from(*column, row).text());
  return out;
}

std::vector<std::string> values(const Frame& frame, std::string_view text) {
  auto column = frame.evaluate(parsed(text));
  return column.ok() ? texts(column.value()) : std::vector<std::string>{column.error().message};
}

std::string refusal(const Frame& frame, std::string_view text) {
  auto column = frame.evaluate(parsed(text));
  return column.ok() ? "accepted" : column.error().message;
}

TEST(Frame, LagsWithinGroups) {
  EXPECT_THAT(values(two_groups(), "lag(sales)"), ElementsAre("NA", "1", "2", "NA", "8", "NA"));
  EXPECT_THAT(values(two_groups(), "lead(week, 2, default = 0L)"), ElementsAre("3", "0", "0", "3", "0", "0"));
  EXPECT_THAT(values(two_groups(), "lag(store, 1, 'none')"), ElementsAre("none", "a", "a", "none", "b", "b"));
  EXPECT_THAT(values(two_groups(), "lag(sales, 99)"), ElementsAre("NA", "NA", "NA", "NA", "NA", "NA"));
}

TEST(Frame, ComputesOnlyTheRowsAskedFor) {
  Frame frame = two_groups();
  ASSERT_TRUE(frame.define("y", parsed("lag(sales * 2)")).ok());
  const std::uint32_t wanted[] = {5, 1, 3, 1};
  EXPECT_THAT(texts(frame.column("y", wanted).value()), ElementsAre("NA", "2", "NA", "2"));
  EXPECT_THAT(texts(frame.evaluate(parsed("mean(week) + y"), wanted).value()), ElementsAre("NA", "4", "NA", "4"));
}

TEST(Frame, ALaterDefinitionSeesTheOldMeaningOfItsName) {
  Frame frame = two_groups();
  ASSERT_TRUE(frame.define("first", parsed("week + 1L")).ok());
  ASSERT_TRUE(frame.define("week", parsed("week * 10L")).ok());
  ASSERT_TRUE(frame.define("week", parsed("week + 1L")).ok());
  EXPECT_THAT(texts(frame.column("week").value()), ElementsAre("11", "21", "31", "11", "21", "31"));
  EXPECT_THAT(texts(frame.column("first").value()), ElementsAre("2", "3", "4", "2", "3", "4"));
}

TEST(Frame, SharesWhatDoesNotReadTheChangedConstant) {
  Frame frame = two_groups();
  ASSERT_TRUE(frame.declare("step", Type::integer).ok());
  ASSERT_TRUE(frame.define("y", parsed("log(sales)")).ok());
  ASSERT_TRUE(frame.define("lag1", parsed("lag(y, step)")).ok());
  const auto one = frame.with({{"step", Scalar{1}}});
  const auto two = frame.with({{"step", Scalar{2}}});
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_THAT(texts(one.value().column("lag1").value()),
              ElementsAre("NA", "0", "0.693147180559945", "NA", "2.07944154167984", "NA"));
  EXPECT_THAT(texts(two.value().column("lag1").value()), ElementsAre("NA", "NA", "0", "NA", "NA", "2.07944154167984"));
  EXPECT_EQ(one.value().column("y").value().get(), two.value().column("y").value().get());
  EXPECT_NE(one.value().column("lag1").value().get(), two.value().column("lag1").value().get());
}

TEST(Frame, SaysThatAConstantHasNoValueYet) {
  Frame frame = two_groups();
  ASSERT_TRUE(frame.declare("step", Type::integer).ok());
  ASSERT_TRUE(frame.define("lag1", parsed("lag(sales, step)")).ok());
  EXPECT_THAT(frame.column("lag1").error().message, HasSubstr("constant 'step' has no value yet"));
  EXPECT_THAT(frame.with({{"stepp", Scalar{1}}}).error().message, HasSubstr("did you mean 'step'?"));
  EXPECT_TRUE(frame.with({{"step", Scalar{2.0}}}).ok());
  EXPECT_THAT(frame.with({{"step", Scalar{2.5}}}).error().message,
              HasSubstr("constant 'step': value 2.5 is double, must be integer"));
  EXPECT_THAT(frame.with({{"step", Scalar{-1}}}).value().column("lag1").error().message,
              HasSubstr("the number of rows to move is -1, must be a whole number of at least 0"));
}

TEST(Frame, RefusesAtDefinitionWhatCannotWork) {
  Frame frame = two_groups();
  ASSERT_TRUE(frame.declare("step", Type::integer).ok());
  const auto refused = [&](std::string_view text) { return frame.define("x", parsed(text)).error().message; };
  EXPECT_EQ(refused("lag(sale, step)"),
            "'x': expression 'lag(sale, step)', column 5: 'sale' is not known here; did you mean 'sales'?");
  EXPECT_THAT(refused("1 + zz"),
              HasSubstr("column 5: 'zz' is not known here; known: 'sales', 'step', 'store', 'week'"));
  EXPECT_THAT(refused("lgo(sales)"), HasSubstr("there is no function 'lgo'; did you mean 'log'"));
  EXPECT_THAT(refused("exp(sales, 2)"), HasSubstr("exp() is given 2 arguments, takes 1; usage: exp(x)"));
  EXPECT_THAT(refused("log(store)"), HasSubstr("log() needs numbers, not character"));
  EXPECT_THAT(refused("lag(sales, by = 2)"),
              HasSubstr("lag() has no argument 'by'; usage: lag(x, n = 1, default = NA)"));
  EXPECT_THAT(refused("lag(sales, week)"), HasSubstr("argument 2 of lag() must be a single value, not a column"));
  EXPECT_THAT(refused("lag(sales, -1)"), HasSubstr("must be a whole number of at least 0"));
  EXPECT_THAT(refused("c(1, 2)"), HasSubstr("gives a vector"));
  EXPECT_THAT(refused("sales + c(1, 2)"), HasSubstr("a column and a vector"));
  EXPECT_THAT(refused("week %in% sales"), HasSubstr("must be constant"));
  EXPECT_THAT(refused("future$week"), HasSubstr("tables cannot be read by '$' here"));
  EXPECT_THAT(refused("sum(sales, na.rm = 1)"), HasSubstr("na.rm must be TRUE or FALSE"));
  EXPECT_THAT(frame.define("step", parsed("1")).error().message, HasSubstr("is a constant"));
  EXPECT_EQ(frame.declare("week", Type::integer).error().code, Code::conflict);
}

TEST(Frame, RefusesWhatRWouldAnswerInASurprisingWay) {
  const Frame frame = two_groups();
  EXPECT_THAT(refusal(frame, "ifelse(TRUE, sales, 0)"), HasSubstr("a single condition gives a single value in R"));
  EXPECT_THAT(refusal(frame, "sum(week * 700000000L)"), HasSubstr("beyond 32 bits, write sum(as.numeric(x))"));
}

TEST(Frame, TheMeanOfTheKnownLeavesUnknownRowsUnknown) {
  Table rows(5);
  rows.add("x", Column::real({na_real(), 2, na_real(), 4, std::nan("")}));
  const Frame frame(rows);
  EXPECT_THAT(values(frame, "cummean_known(x)"), ElementsAre("NA", "2", "NA", "3", "NaN"));
  EXPECT_THAT(values(frame, "cummean_known(lag(x))"), ElementsAre("NA", "NA", "2", "NA", "3"));
  EXPECT_THAT(values(frame, "cummean_known(lag(x, 1, 6))"), ElementsAre("6", "NA", "4", "NA", "4"));
}

TEST(Frame, RefusesAChainOfDefinitionsThatIsTooDeep) {
  Frame frame = two_groups();
  ASSERT_TRUE(frame.define("x", parsed("sales")).ok());
  Code code = Code::conflict;
  for (int i = 0; i < 1000 && code == Code::conflict; ++i)
    if (auto status = frame.define("x", parsed("x + 1")); !status.ok()) code = status.error().code;
  EXPECT_EQ(code, Code::too_large);
  EXPECT_TRUE(frame.column("x").ok());
}

TEST(Frame, DoublingDefinitionsCostNoMoreThanTheirNumber) {
  Frame frame = two_groups();
  ASSERT_TRUE(frame.define("x", parsed("sales")).ok());
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(frame.define("x", parsed("lag(x, 0) + lag(x, 1, 0)")).ok());
  const std::uint32_t wanted[] = {2};
  EXPECT_TRUE(frame.column("x", wanted).ok());
}

TEST(Frame, FiltersWhereTheConditionIsTrueAndNotNa) {
  EXPECT_THAT(two_groups().rows_where(parsed("sales > 1")).value(), ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(two_groups().rows_where(parsed("sales")).error().message, HasSubstr("a condition must be logical"));
  EXPECT_THAT(two_groups().rows_where(parsed("TRUE")).value().size(), 6);
}

TEST(Frame, WorksOnNoRowsAtAll) {
  Table rows(0);
  rows.add("x", Column::real({}));
  Frame frame(rows);
  for (const char* text : {"lag(x) + 1", "cumsum(x)", "mean(x)", "rollmax(x, 3)", "n()", "row_number()", "1", "x == 1",
                           "pmax(x, 1)", "ifelse(x > 1, 'a', NA)", "x %in% c(1, 2)"}) {
    auto column = frame.evaluate(parsed(text));
    ASSERT_TRUE(column.ok()) << text << ": " << column.error().message;
    EXPECT_EQ(column.value()->size(), 0u) << text;
  }
  EXPECT_EQ(refusal(frame, "x"), "accepted");
}

TEST(EvaluateScalar, ReadsTablesAndConstants) {
  const Tables tables = {{"future", sales()}};
  const auto value = [&](std::string_view text) {
    auto scalar = evaluate_scalar(parsed(text), tables, {{"step", Scalar{9}}});
    return scalar.ok() ? scalar.value().text() : scalar.error().message;
  };
  EXPECT_EQ(value("min(future$week)"), "1");
  EXPECT_EQ(value("min(step, 7)"), "7");
  EXPECT_EQ(value("max(future$sales, na.rm = TRUE) / 2"), "16");
  EXPECT_EQ(value("sum(future$week == 2 & future$store == 'a')"), "1");
  EXPECT_THAT(value("future$week"), HasSubstr("gives 6 values, must give one"));
  EXPECT_THAT(value("future$wek"), HasSubstr("table 'future' has no column 'wek'; did you mean 'week'?"));
  EXPECT_THAT(value("past$week"), HasSubstr("table 'past' is not known here; known: 'future'"));
  EXPECT_THAT(value("future$week + c(1, 2)"), HasSubstr("must be of one length"));
  EXPECT_THAT(value("n()"), HasSubstr("need the rows of a frame"));
}

TEST(EvaluateVector, MakesRangesAndVectors) {
  const auto vector = [](std::string_view text) {
    auto column = evaluate_vector(parsed(text), {}, {});
    return column.ok() ? texts(column.value()) : std::vector<std::string>{column.error().message};
  };
  EXPECT_THAT(vector("3:1"), ElementsAre("3", "2", "1"));
  EXPECT_THAT(vector("c(5, 25) * 2"), ElementsAre("10", "50"));
  EXPECT_THAT(vector("c('a', 1, NA, TRUE)"), ElementsAre("a", "1", "NA", "TRUE"));
  EXPECT_THAT(vector("cumsum(1:4)"), ElementsAre("1", "3", "6", "10"));
  EXPECT_THAT(vector("lag(1:3)"), ElementsAre("NA", "1", "2"));
  EXPECT_THAT(vector("1:1e9"), ElementsAre(HasSubstr("must have at most 1000000")));
  EXPECT_THAT(vector("1.5:3"), ElementsAre(HasSubstr("whole numbers")));
}

TEST(Functions, EveryLineIsComplete) {
  for (const FunctionInfo& function : functions()) {
    EXPECT_FALSE(function.usage.empty() || function.r_function.empty() || function.na_rule.empty()) << function.name;
    EXPECT_EQ(find_function(function.name), &function) << "named twice: " << function.name;
    EXPECT_NE(function.type_rule, nullptr) << function.name;
    if (function.name != "lag" && function.name != "lead") {
      EXPECT_NE(function.kernel, nullptr) << function.name;
    }
  }
}

}  // namespace
}  // namespace scoria::expr
