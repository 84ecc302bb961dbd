#include "plan/ordering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/na.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::Table;
using testing::ElementsAre;
using testing::HasSubstr;

Table one(const char* name, table::ColumnPtr column) {
  Table table(column->size());
  table.add(name, std::move(column));
  return table;
}

TEST(Ordering, OrdersByGroupThenByTheArrangedColumn) {
  Table table(5);
  table.add("g", Column::integer({2, 1, 2, 1, 2}));
  table.add("week", Column::integer({3, 2, 1, 1, 2}));
  const Ordering ordering = order_rows(table, {"g"}, {"week"}).value();
  EXPECT_THAT(ordering.rows, ElementsAre(3, 1, 2, 4, 0));
  EXPECT_THAT(ordering.group_starts, ElementsAre(0, 2));
}

TEST(Ordering, KeepsEqualRowsInTheirOrder) {
  EXPECT_THAT(order_rows(one("x", Column::integer({1, 0, 1, 0})), {}, {"x"}).value().rows, ElementsAre(1, 3, 0, 2));
}

TEST(Ordering, PutsMissingValuesLast) {
  EXPECT_THAT(order_rows(one("x", Column::integer({kNaInt, 5, -3})), {}, {"x"}).value().rows, ElementsAre(2, 1, 0));
  EXPECT_THAT(order_rows(one("x", Column::real({na_real(), std::nan(""), 1, -INFINITY})), {}, {"x"}).value().rows,
              ElementsAre(3, 2, 1, 0));
}

TEST(Ordering, HandlesWholeNumbersFarApart) {
  const auto rows = order_rows(one("x", Column::integer({2147483647, -2147483647, 0})), {}, {"x"}).value().rows;
  EXPECT_THAT(rows, ElementsAre(1, 2, 0));
}

TEST(Ordering, OrdersTextByItsBytes) {
  const std::vector<std::string> words{"b", "B", "a", "ä"};
  EXPECT_THAT(order_rows(one("x", Column::text(words)), {}, {"x"}).value().rows, ElementsAre(1, 2, 0, 3));
}

TEST(Ordering, WithoutGroupsAllRowsAreOne) {
  EXPECT_THAT(order_rows(one("x", Column::integer({2, 1})), {}, {"x"}).value().group_starts, ElementsAre(0));
}

TEST(Ordering, AnEmptyTableHasNoGroups) {
  EXPECT_TRUE(order_rows(one("x", Column::integer({})), {"x"}, {}).value().group_starts.empty());
}

TEST(Ordering, NamesAColumnThatIsNotThere) {
  EXPECT_THAT(order_rows(one("x", Column::integer({1})), {"sku"}, {}).error().message, HasSubstr("'sku'"));
}

}  // namespace
}  // namespace scoria::plan
