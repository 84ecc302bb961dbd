#include "table/column.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/na.h"
#include "base/result.h"

namespace scoria::table {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::shared_ptr<const std::vector<std::string>> levels(std::vector<std::string> names) {
  return std::make_shared<const std::vector<std::string>>(std::move(names));
}

TEST(Column, AColumnWithoutNullsHasNoBitmap) {
  EXPECT_TRUE(Column::real({1, 2, kNaN})->validity().all_valid());
  Validity validity(3);
  EXPECT_TRUE(Column::integer({1, 2, 3}, validity)->validity().all_valid());
}

TEST(Column, NaIsNullAndNaNIsAValue) {
  const ColumnPtr column = Column::real({1, na_real(), kNaN});
  EXPECT_FALSE(column->is_null(0));
  EXPECT_TRUE(column->is_null(1));
  EXPECT_FALSE(column->is_null(2));
  EXPECT_EQ(column->validity().null_count(3), 1u);
}

TEST(Column, ANullSlotHoldsTheMissingValue) {
  Validity validity(2);
  validity.set_null(1);
  EXPECT_TRUE(is_na(Column::real({1, 2}, validity)->reals()[1]));
  EXPECT_EQ(Column::integer({1, 2}, validity)->integers()[1], kNaInt);
  EXPECT_EQ(Column::logical({1, 1}, validity)->logicals()[1], 0);
  EXPECT_EQ(Column::factor({0, 0}, levels({"a"}), false, validity)->codes()[1], -1);
  const std::vector<std::string> words{"abc", "de"};
  EXPECT_EQ(Column::text(words, validity)->text_at(1), "");
  EXPECT_EQ(Column::text(words, validity)->text_at(0), "abc");
}

TEST(Column, RsMissingIntegerAndCodeBecomeNulls) {
  EXPECT_TRUE(Column::integer({1, kNaInt})->is_null(1));
  EXPECT_TRUE(Column::factor({0, -1}, levels({"a"}))->is_null(1));
}

TEST(Column, LogicalsAreZeroOrOne) { EXPECT_EQ(Column::logical({7})->logicals()[0], 1); }

TEST(Column, ACodeBeyondTheLevelsIsABug) { EXPECT_THROW((void)Column::factor({1}, levels({"a"})), Bug); }

TEST(Column, ReadingAnotherTypeIsABug) {
  EXPECT_THROW((void)Column::real({1})->integers(), Bug);
  EXPECT_THROW((void)Column::integer({1})->text_at(0), Bug);
}

TEST(Column, TakeKeepsOrderRepeatsAndNulls) {
  const std::vector<std::uint32_t> rows{2, 0, 2, 1};
  const ColumnPtr column = Column::real({1, na_real(), 3})->take(rows);
  EXPECT_EQ(column->reals()[0], 3);
  EXPECT_EQ(column->reals()[2], 3);
  EXPECT_TRUE(column->is_null(3));
  const std::vector<std::string> words{"a", "bb", "ccc"};
  EXPECT_EQ(Column::text(words)->take(rows)->text_at(3), "bb");
  EXPECT_EQ(Column::factor({0, 1, 0}, levels({"x", "y"}), true)->take(rows)->codes()[3], 1);
  EXPECT_TRUE(Column::factor({0, 1, 0}, levels({"x", "y"}), true)->take(rows)->ordered());
}

TEST(Column, ASliceReadsAsItsRowsAcrossBitmapWords) {
  std::vector<std::int32_t> values(200);
  for (std::size_t i = 0; i < 200; ++i) values[i] = i % 3 == 0 ? kNaInt : static_cast<std::int32_t>(i);
  const ColumnPtr slice = Column::integer(values)->slice(61, 100);
  ASSERT_EQ(slice->size(), 100u);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(slice->is_null(i), (61 + i) % 3 == 0);
  EXPECT_EQ(slice->integers()[1], 62);
}

TEST(Column, ASliceOfTextKeepsItsBytes) {
  const std::vector<std::string> words{"a", "bb", "", "ccc"};
  const ColumnPtr slice = Column::text(words)->slice(1, 3);
  EXPECT_EQ(slice->text_at(0), "bb");
  EXPECT_EQ(slice->text_at(1), "");
  EXPECT_EQ(slice->text_at(2), "ccc");
  EXPECT_EQ(Column::text(words)->slice(4, 0)->size(), 0u);
}

TEST(Column, TypesAreNamedAsRNamesThem) {
  EXPECT_EQ(type_name(Type::real), "double");
  EXPECT_EQ(type_name(Type::text), "character");
}

TEST(Column, ColumnsOfOneBlockAreEachTheirOwn) {
  ColumnBlock columns = Column::reals({1, 2, na_real(), 4, 5, kNaN}, 2);
  ASSERT_EQ(columns->size(), 3u);
  EXPECT_TRUE((*columns)[0].validity().all_valid());
  EXPECT_TRUE((*columns)[1].is_null(0));
  EXPECT_FALSE((*columns)[1].is_null(1));
  EXPECT_TRUE((*columns)[2].validity().all_valid());  // NaN is a value
  const ColumnPtr last(columns, &(*columns)[2]);
  columns = nullptr;  // their memory stays
  EXPECT_EQ(last->reals()[0], 5);
  EXPECT_EQ(last->slice(0, 1)->reals()[0], 5);
  const std::uint32_t rows[] = {1, 0};
  EXPECT_EQ(last->take(rows)->reals()[1], 5);
  EXPECT_THROW((void)Column::reals({1, 2, 3}, 2), Bug);
}

}  // namespace
}  // namespace scoria::table
