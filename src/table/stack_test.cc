#include <gtest/gtest.h>

#include "base/na.h"
#include "table/table.h"

namespace scoria::table {
namespace {

Table one(std::string name, ColumnPtr column) {
  Table table;
  table.add(std::move(name), std::move(column));
  return table;
}

ColumnPtr words(std::vector<std::string> values) { return Column::text(values); }

ColumnPtr factor(std::vector<std::int32_t> codes, std::vector<std::string> levels, bool ordered = false) {
  return Column::factor(std::move(codes), std::make_shared<const std::vector<std::string>>(std::move(levels)), ordered);
}

TEST(Stack, MatchesColumnsByNameAndFillsWithNulls) {
  Table above = one("a", Column::integer({1, 2}));
  above.add("b", words({"x", "y"}));
  Table below = one("c", Column::logical({1}));
  below.add("a", Column::integer({3}));
  const Table out = stack(above, below).value();
  EXPECT_EQ(out.names(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(out.rows(), 3u);
  EXPECT_EQ(out.find("a")->integers()[2], 3);
  EXPECT_TRUE(out.find("b")->is_null(2));
  EXPECT_TRUE(out.find("c")->is_null(0));
  EXPECT_EQ(out.find("c")->logicals()[2], 1);
}

TEST(Stack, NumbersWidenAndNullsStay) {
  const Table out = stack(one("a", Column::integer({1, kNaInt})), one("a", Column::real({0.5, na_real()}))).value();
  EXPECT_EQ(out.column(0)->type(), Type::real);
  EXPECT_EQ(out.column(0)->reals()[0], 1.0);
  EXPECT_TRUE(out.column(0)->is_null(1));
  EXPECT_EQ(out.column(0)->reals()[2], 0.5);
  EXPECT_TRUE(out.column(0)->is_null(3));
}

TEST(Stack, LogicalBecomesTheNumberItMeets) {
  const Table out = stack(one("a", Column::logical({1, 0})), one("a", Column::integer({5}))).value();
  EXPECT_EQ(out.column(0)->type(), Type::integer);
  EXPECT_EQ(out.column(0)->integers()[0], 1);
}

TEST(Stack, FactorsJoinLevels) {
  const Table out = stack(one("a", factor({1, 0}, {"x", "y"})), one("a", factor({0, 1, -1}, {"z", "y"}))).value();
  EXPECT_EQ(out.column(0)->levels(), (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(out.column(0)->codes()[2], 2);
  EXPECT_EQ(out.column(0)->codes()[3], 1);
  EXPECT_TRUE(out.column(0)->is_null(4));
}

TEST(Stack, AnOrderSurvivesOnlyBetweenEqualLevels) {
  EXPECT_TRUE(stack(one("a", factor({0}, {"x", "y"}, true)), one("a", factor({1}, {"x", "y"}, true)))
                  .value()
                  .column(0)
                  ->ordered());
  EXPECT_FALSE(stack(one("a", factor({0}, {"x", "y"}, true)), one("a", factor({1}, {"y", "x"}, true)))
                   .value()
                   .column(0)
                   ->ordered());
}

TEST(Stack, TextAndFactorMeetAsText) {
  const Table out = stack(one("a", factor({1}, {"x", "y"})), one("a", words({"w"}))).value();
  EXPECT_EQ(out.column(0)->text_at(0), "y");
  EXPECT_EQ(out.column(0)->text_at(1), "w");
}

TEST(Stack, TextUnderANumberIsRefusedByName) {
  const auto out = stack(one("age", Column::real({1})), one("age", words({"x"})));
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().code, Code::invalid);
  EXPECT_NE(out.error().message.find("'age'"), std::string::npos);
}

TEST(Stack, AColumnOfNullsTakesTheTypeItMeets) {
  Validity validity(1);
  validity.set_null(0);
  const Table out = stack(one("a", Column::logical({0}, validity)), one("a", words({"x"}))).value();
  EXPECT_TRUE(out.column(0)->is_null(0));
  EXPECT_EQ(out.column(0)->text_at(1), "x");
}

TEST(Stack, RepeatedNamesAreRefused) {
  Table twice = one("a", Column::real({1}));
  twice.add("a", Column::real({2}));
  EXPECT_FALSE(stack(twice, one("a", Column::real({1}))).ok());
  EXPECT_FALSE(stack(one("a", Column::real({1})), twice).ok());
}

}  // namespace
}  // namespace scoria::table
