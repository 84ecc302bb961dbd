#include "table/table.h"

#include <gtest/gtest.h>

namespace scoria::table {
namespace {

Table two_columns() {
  Table table;
  table.add("a", Column::integer({1, 2, 3}));
  table.add("b", Column::real({0.5, 1.5, 2.5}));
  return table;
}

TEST(Table, TheFirstColumnSetsTheRows) {
  const Table table = two_columns();
  EXPECT_EQ(table.rows(), 3u);
  EXPECT_EQ(table.columns(), 2u);
}

TEST(Table, AColumnOfAnotherLengthIsABug) {
  Table table = two_columns();
  EXPECT_THROW(table.add("c", Column::real({1})), Bug);
  Table sized(2);
  EXPECT_THROW(sized.add("c", Column::real({1})), Bug);
}

TEST(Table, FindsTheFirstColumnOfAName) {
  Table table = two_columns();
  table.add("a", Column::real({9, 9, 9}));
  EXPECT_EQ(table.find("a")->type(), Type::integer);
  EXPECT_EQ(table.position("b"), 1u);
  EXPECT_EQ(table.find("none"), nullptr);
  EXPECT_EQ(table.position("none"), std::nullopt);
}

TEST(Table, TakeAndSliceKeepColumnsTogether) {
  const std::vector<std::uint32_t> rows{2, 0};
  const Table taken = two_columns().take(rows);
  EXPECT_EQ(taken.column(0)->integers()[0], 3);
  EXPECT_EQ(taken.column(1)->reals()[1], 0.5);
  const Table sliced = two_columns().slice(1, 2);
  EXPECT_EQ(sliced.rows(), 2u);
  EXPECT_EQ(sliced.column(0)->integers()[0], 2);
}

TEST(Table, ATableWithoutColumnsKeepsItsRows) {
  const std::vector<std::uint32_t> rows{0, 1, 1};
  EXPECT_EQ(Table(2).take(rows).rows(), 3u);
  EXPECT_EQ(Table(5).slice(2, 3).rows(), 3u);
}

TEST(Table, AColumnOfABlockOutlivesItsTable) {
  const auto names = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"a", "b"});
  auto table = std::make_unique<Table>(1, names, Column::reals({1, 2}, 1));
  EXPECT_EQ(table->columns(), 2u);
  EXPECT_EQ(table->column(0)->reals()[0], 1);
  EXPECT_THROW((void)table->column(2), Bug);
  const ColumnPtr kept = table->column(1);
  const ColumnPtr found = table->find("b");
  table.reset();
  EXPECT_EQ(kept->reals()[0], 2);
  EXPECT_EQ(kept, found);
}

TEST(Table, SharedNamesAreNotChangedByAnotherColumn) {
  const auto names = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"a", "b"});
  Table table(1, names, Column::reals({1, 2}, 1));
  Table copy = table;
  copy.add("c", Column::real({3}));
  EXPECT_EQ(table.names(), *names);
  EXPECT_EQ(copy.names(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(copy.find("b")->reals()[0], 2);
  EXPECT_EQ(table.take(std::vector<std::uint32_t>{0, 0}).names(), *names);
  EXPECT_THROW(Table(1, names, Column::reals({1}, 1)), Bug);
  EXPECT_THROW(Table(2, names, Column::reals({1, 2}, 1)), Bug);
}

}  // namespace
}  // namespace scoria::table
