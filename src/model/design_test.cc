#include "model/design.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scoria::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

table::Table two_columns(const std::string& first, const std::string& second) {
  table::Table table;
  table.add(first, table::Column::real({1, 2, 3}));
  table.add(second, table::Column::integer({4, 5, 6}));
  return table;
}

// The first row's numbers.
std::vector<double> first_row(const DesignRows& rows) {
  std::vector<double> numbers;
  InlineExecutor executor;
  rows.for_each_block(executor, [&](const DesignBlock& block) {
    for (const double* column : block.columns) numbers.push_back(column[0]);
  });
  return numbers;
}

TEST(Design, FindsColumnsByNameInAnyOrder) {
  const Design design = Design::of_columns({"b", "a"}, 2);
  const auto table = two_columns("a", "b");
  const auto rows = design.bind(table, 1);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_THAT(first_row(rows.value()), ElementsAre(4, 1));
  const auto absent = design.bind(two_columns("a", "c"), 1);
  ASSERT_FALSE(absent.ok());
  EXPECT_THAT(absent.error().message, HasSubstr("lacks column 'b'"));
}

TEST(Design, TakesColumnsByPositionWhereTheModelKeepsNoNames) {
  for (const std::vector<std::string>& names : {std::vector<std::string>{}, std::vector<std::string>{"1", "2"}}) {
    const Design design = Design::of_columns(names, 2);
    const auto table = two_columns("p", "q");
    const auto rows = design.bind(table, 1);
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    EXPECT_THAT(first_row(rows.value()), ElementsAre(1, 4));
    EXPECT_THAT(rows.value().notes(), ElementsAre(HasSubstr("keeps no names")));
    Description description;
    design.describe(description);
    EXPECT_TRUE(description.by_position);
  }
}

TEST(Design, PrefersTheNamesThatRGivesToUnnamedColumns) {
  const Design design = Design::of_columns({}, 2);
  table::Table table = two_columns("V2", "V1");
  table.add("more", table::Column::real({7, 8, 9}));
  const auto rows = design.bind(table, 1);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_THAT(first_row(rows.value()), ElementsAre(4, 1));
}

TEST(Design, FindsColumnsThatAreReallyCalledByNumbers) {
  const Design design = Design::of_columns({"1", "2"}, 2);
  const auto table = two_columns("2", "1");
  const auto rows = design.bind(table, 1);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_THAT(first_row(rows.value()), ElementsAre(4, 1));
  EXPECT_TRUE(rows.value().notes().empty());
}

TEST(Design, RefusesAnotherNumberOfUnnamedColumns) {
  const Design design = Design::of_columns({}, 3);
  const auto rows = design.bind(two_columns("p", "q"), 1);
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.error().message, HasSubstr("has 2 columns and the model 3"));
  EXPECT_THAT(rows.error().message, HasSubstr("'V1', 'V2', 'V3'"));
}

TEST(Design, GivesEveryRowOnceInBlocks) {
  std::vector<double> numbers(1000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
  table::Table table;
  table.add("x", table::Column::real(numbers));
  const Design design = Design::of_columns({"x"}, 1);
  const auto rows = design.bind(table, 1);
  ASSERT_TRUE(rows.ok());
  std::vector<double> seen(1000, -1);
  InlineExecutor executor;
  rows.value().for_each_block(executor, [&](const DesignBlock& block) {
    for (std::size_t i = 0; i < block.count; ++i) seen[block.first + i] = block.columns[0][i];
  });
  EXPECT_EQ(seen, numbers);
}

}  // namespace
}  // namespace scoria::model
