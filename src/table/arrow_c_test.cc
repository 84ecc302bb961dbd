#include "table/arrow_c.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/na.h"
#include "table/arrow_for_tests.h"

namespace scoria::table {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Table imported(ArrowBatchForTests& batch, const ArrowImportOptions& options = {}) {
  auto table = import_table(batch.schema(), batch.array(), options);
  EXPECT_TRUE(table.ok()) << table.error().message;
  return std::move(table).value();
}

std::vector<std::string> texts(const Column& column) {
  std::vector<std::string> out;
  for (std::size_t row = 0; row < column.size(); ++row) {
    out.push_back(column.is_null(row)              ? "<null>"
                  : column.type() == Type::text    ? std::string(column.text_at(row))
                  : column.type() == Type::factor  ? column.levels()[static_cast<std::size_t>(column.codes()[row])]
                  : column.type() == Type::integer ? std::to_string(column.integers()[row])
                  : column.type() == Type::logical ? std::to_string(column.logicals()[row])
                                                   : std::to_string(column.reals()[row]));
  }
  return out;
}

TEST(ArrowImport, EveryNumberTypeKeepsItsValues) {
  ArrowBatchForTests batch(2);
  batch.add_values<std::int8_t>("c", "int8", {-128, 127});
  batch.add_values<std::uint8_t>("C", "uint8", {0, 255});
  batch.add_values<std::int16_t>("s", "int16", {-32768, 32767});
  batch.add_values<std::uint16_t>("S", "uint16", {0, 65535});
  batch.add_values<std::int32_t>("i", "int32", {-2147483647, 2147483647});
  batch.add_values<std::uint32_t>("I", "uint32", {0, 4294967295u});
  batch.add_values<std::int64_t>("l", "int64", {-(1ll << 53), 1ll << 53});
  batch.add_values<std::uint64_t>("L", "uint64", {0, 1ull << 53});
  batch.add_values<std::uint16_t>("e", "half", {0x3C00, 0xBC00});
  batch.add_values<float>("f", "float", {0.1f, -0.5f});
  batch.add_values<double>("g", "double", {0.1, -0.5});
  batch.add_values<std::int64_t>("d:9,2,64", "decimal", {-12345, 10});
  batch.add("b", "bool", {"", std::string("\x02", 1)});
  const Table table = imported(batch);
  EXPECT_THAT(table.find("int8")->integers(), ElementsAre(-128, 127));
  EXPECT_THAT(table.find("uint8")->integers(), ElementsAre(0, 255));
  EXPECT_THAT(table.find("int16")->integers(), ElementsAre(-32768, 32767));
  EXPECT_THAT(table.find("uint16")->integers(), ElementsAre(0, 65535));
  EXPECT_THAT(table.find("int32")->integers(), ElementsAre(-2147483647, 2147483647));
  EXPECT_THAT(table.find("uint32")->reals(), ElementsAre(0, 4294967295.0));
  EXPECT_THAT(table.find("int64")->reals(), ElementsAre(-0x1p53, 0x1p53));
  EXPECT_THAT(table.find("uint64")->reals(), ElementsAre(0, 0x1p53));
  EXPECT_THAT(table.find("half")->reals(), ElementsAre(1, -1));
  EXPECT_THAT(table.find("float")->reals(), ElementsAre(static_cast<double>(0.1f), -0.5));
  EXPECT_THAT(table.find("double")->reals(), ElementsAre(0.1, -0.5));
  EXPECT_THAT(table.find("decimal")->reals(), ElementsAre(-123.45, 0.1));
  EXPECT_THAT(table.find("bool")->logicals(), ElementsAre(0, 1));
}

TEST(ArrowImport, BothStructuresAreReleasedOnceWhetherItWorksOrNot) {
  ArrowBatchForTests good(1);
  good.add_values<double>("g", "x", {1});
  imported(good);
  EXPECT_EQ(good.schema_releases, 1);
  EXPECT_EQ(good.array_releases, 1);
  ArrowBatchForTests bad(1);
  bad.add_values<double>("w:8", "x", {1});
  EXPECT_THAT(refusal(bad), HasSubstr("column 'x': Arrow type 'w:8' is not read"));
  EXPECT_EQ(bad.schema_releases, 1);
  EXPECT_EQ(bad.array_releases, 1);
}

TEST(ArrowImport, AReleasedOrAbsentStructureIsAnErrorAndTheOtherIsReleased) {
  ArrowBatchForTests batch(1);
  batch.add_values<double>("g", "x", {1});
  EXPECT_FALSE(import_table(nullptr, batch.array()).ok());
  EXPECT_EQ(batch.array_releases, 1);
  auto again = import_table(batch.schema(), batch.array());
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().message, HasSubstr("its array is a null pointer or was released before"));
  EXPECT_EQ(batch.array_releases, 1);
  EXPECT_EQ(batch.schema_releases, 1);
}

TEST(ArrowImport, NullsComeFromTheBitmapAtTheOffset) {
  ArrowBatchForTests batch(3);
  auto& x = batch.add("g", "x", {std::string("\x2a", 1), bytes_of<double>({9, 9, 1, 2, 3})});  // 101010
  x.array.offset = 2;
  EXPECT_THAT(texts(*imported(batch).find("x")), ElementsAre("<null>", "2.000000", "<null>"));
}

TEST(ArrowImport, NaNIsAValueAndRsNaIsMissing) {
  ArrowBatchForTests batch(2);
  batch.add_values<double>("g", "x", {std::nan(""), na_real()});
  const Table table = imported(batch);
  EXPECT_FALSE(table.find("x")->is_null(0));
  EXPECT_TRUE(table.find("x")->is_null(1));
}

TEST(ArrowImport, OffsetsOfTheTableAndOfAColumnAddUp) {
  ArrowBatchForTests batch(2);
  auto& x = batch.add_values<std::int32_t>("i", "x", {0, 10, 20, 30, 40});
  auto& flags = batch.add("b", "b", {"", std::string("\x10", 1)});
  auto& text = batch.add("u", "t", {"", bytes_of<std::int32_t>({0, 1, 2, 3, 5, 6}), "abcdef"});
  batch.array()->offset = 1;
  for (auto* column : {&x, &flags, &text}) {
    column->array.offset = 2;
    column->array.length = 3;
  }
  const Table table = imported(batch);
  EXPECT_THAT(table.find("x")->integers(), ElementsAre(30, 40));
  EXPECT_THAT(table.find("b")->logicals(), ElementsAre(0, 1));
  EXPECT_THAT(texts(*table.find("t")), ElementsAre("de", "f"));
}

TEST(ArrowImport, TextOfEveryLayoutReadsTheSame) {
  ArrowBatchForTests batch(3);
  const std::string bitmap("\x05", 1);
  const std::string long_text = "thirteen and more";
  batch.add("u", "small", {bitmap, bytes_of<std::int32_t>({0, 2, 3, 20}), "hix" + long_text});
  batch.add("U", "large", {bitmap, bytes_of<std::int64_t>({0, 2, 3, 20}), "hix" + long_text});
  std::string views(48, '\0');
  views[0] = 2;
  views.replace(4, 2, "hi");
  views[32] = static_cast<char>(long_text.size());
  views.replace(36, 4, long_text.substr(0, 4));
  views[44] = 1;  // offset 1 of buffer 0
  const auto stored = static_cast<std::int64_t>(long_text.size()) + 1;
  batch.add("vu", "view", {bitmap, views, "-" + long_text, bytes_of<std::int64_t>({stored})});
  const Table table = imported(batch);
  for (const char* name : {"small", "large", "view"}) {
    EXPECT_THAT(texts(*table.find(name)), ElementsAre("hi", "<null>", long_text)) << name;
  }
}

TEST(ArrowImport, DatesAndTimesBecomeTheTextOfACsvFile) {
  ArrowBatchForTests batch(1);
  batch.add_values<std::int32_t>("tdD", "date32", {18266});
  batch.add_values<std::int64_t>("tdm", "date64", {18266ll * 86'400'000});
  batch.add_values<std::int64_t>("tsu:", "local", {1578218400250000});
  batch.add_values<std::int64_t>("tss:Europe/Paris", "zoned", {1578218400});
  batch.add_values<std::int32_t>("ttm", "time", {36'000'000});
  const Table table = imported(batch);
  EXPECT_THAT(texts(*table.find("date32")), ElementsAre("2020-01-05"));
  EXPECT_THAT(texts(*table.find("date64")), ElementsAre("2020-01-05"));
  EXPECT_THAT(texts(*table.find("local")), ElementsAre("2020-01-05 10:00:00.25"));
  EXPECT_THAT(texts(*table.find("zoned")), ElementsAre("2020-01-05 10:00:00Z"));
  EXPECT_THAT(texts(*table.find("time")), ElementsAre("10:00:00"));
}

TEST(ArrowImport, ADictionaryBecomesAFactorWithAllItsLevels) {
  ArrowBatchForTests batch(4);
  auto& column = batch.add("c", "f", {std::string("\x0b", 1), bytes_of<std::int8_t>({2, 0, 99, 2})});
  column.schema.flags |= ARROW_FLAG_DICTIONARY_ORDERED;
  batch.add_dictionary(column, "u", {"", bytes_of<std::int32_t>({0, 1, 2, 3}), "abc"}, 3);
  const Table table = imported(batch);
  const Column& factor = *table.find("f");
  EXPECT_EQ(factor.type(), Type::factor);
  EXPECT_TRUE(factor.ordered());
  EXPECT_THAT(factor.levels(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(texts(factor), ElementsAre("c", "a", "<null>", "c"));
}

TEST(ArrowImport, EntriesThatAreNullOrRepeatedAreNoLevels) {
  ArrowBatchForTests batch(3);
  auto& column = batch.add_values<std::uint64_t>("L", "f", {0, 1, 2});
  batch.add_dictionary(column, "U", {std::string("\x05", 1), bytes_of<std::int64_t>({0, 1, 2, 3}), "a?a"}, 3);
  const Table table = imported(batch);
  EXPECT_THAT(table.find("f")->levels(), ElementsAre("a"));
  EXPECT_THAT(texts(*table.find("f")), ElementsAre("a", "<null>", "a"));
}

TEST(ArrowImport, ADictionaryOfWholeNumbersHasTheirTextAsLevels) {
  ArrowBatchForTests batch(2);
  auto& column = batch.add_values<std::int32_t>("i", "f", {1, 0});
  batch.add_dictionary(column, "l", {"", bytes_of<std::int64_t>({-7, 1'000'000})}, 2);
  EXPECT_THAT(texts(*imported(batch).find("f")), ElementsAre("1000000", "-7"));
}

TEST(ArrowImport, AColumnOfNullsIsAllMissing) {
  ArrowBatchForTests batch(2);
  batch.add("n", "x", {});
  EXPECT_THAT(texts(*imported(batch).find("x")), ElementsAre("<null>", "<null>"));
}

TEST(ArrowImport, NoRowsNeedNoBuffers) {
  ArrowBatchForTests batch(0);
  for (const char* format : {"g", "i", "b", "l", "tdD", "d:5,2"})
    batch.add(format, format, {"", ""}).pointers = {nullptr, nullptr};
  for (const char* format : {"u", "U"}) batch.add(format, format, {"", "", ""}).pointers = {nullptr, nullptr, nullptr};
  EXPECT_EQ(imported(batch).columns(), 8u);
}

TEST(ArrowImport, ColumnsThatAreNotWantedMayBeAnything) {
  ArrowBatchForTests batch(1);
  batch.add("+l", "nested", {});
  batch.add_values<double>("g", "x", {1});
  batch.add("nonsense", "x y", {});
  const Table table = imported(batch, {.only = std::vector<std::string>{"x", "absent"}});
  EXPECT_THAT(table.names(), ElementsAre("x"));
}

TEST(ArrowImport, NumbersThatWouldChangeAreRefusedByRow) {
  ArrowBatchForTests large(2);
  large.add_values<std::int64_t>("l", "id", {1, (1ll << 53) + 1});
  EXPECT_THAT(refusal(large), HasSubstr("row 2, column 'id': 9007199254740993 is beyond 2^53"));
  ArrowBatchForTests unsigned_large(1);
  unsigned_large.add_values<std::uint64_t>("L", "id", {~0ull});
  EXPECT_THAT(refusal(unsigned_large), HasSubstr("18446744073709551615 is beyond 2^53"));
  ArrowBatchForTests missing(1);
  missing.add_values<std::int32_t>("i", "x", {std::numeric_limits<std::int32_t>::min()});
  EXPECT_THAT(refusal(missing, {.first_row = 11}), HasSubstr("row 11, column 'x': -2147483648 is R's missing integer"));
}

TEST(ArrowImport, WhatANullRowHoldsIsNotLookedAt) {
  ArrowBatchForTests batch(1);
  const std::string null("\0", 1);
  batch.add("l", "large", {null, bytes_of<std::int64_t>({~(1ll << 63)})});
  batch.add("i", "na", {null, bytes_of<std::int32_t>({std::numeric_limits<std::int32_t>::min()})});
  batch.add("u", "text", {null, bytes_of<std::int32_t>({0, 1}), "\xff"});
  batch.add("tdD", "date", {null, bytes_of<std::int32_t>({2'147'483'647})});
  batch.add("vu", "view", {null, std::string(16, '\xff'), ""});
  auto& factor = batch.add("i", "factor", {null, bytes_of<std::int32_t>({77})});
  batch.add_dictionary(factor, "u", {"", bytes_of<std::int32_t>({0}), ""}, 0);
  const Table table = imported(batch);
  for (std::size_t i = 0; i < table.columns(); ++i) EXPECT_TRUE(table.column(i)->is_null(0)) << table.names()[i];
}

Table every_type() {
  Validity second_is_null(3);
  second_is_null.set_null(1);
  Table table;
  table.add("real", Column::real({0.1, na_real(), std::numeric_limits<double>::infinity()}));
  table.add("integer", Column::integer({1, kNaInt, -3}));
  table.add("logical", Column::logical({1, 0, 1}, second_is_null));
  table.add("text", Column::text(std::vector<std::string>{"a", "", "\u00e9t\u00e9"}, second_is_null));
  const auto levels = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"low", "high"});
  table.add("factor", Column::factor({1, -1, 0}, levels, true));
  table.add("full", Column::real({1, 2, 3}));
  return table;
}

TEST(ArrowExport, WhatIsExportedIsImportedTheSame) {
  const Table before = every_type();
  ArrowSchema schema;
  ArrowArray array;
  export_table(before, &schema, &array);
  auto after = import_table(&schema, &array);
  ASSERT_TRUE(after.ok()) << after.error().message;
  ASSERT_EQ(after.value().names(), before.names());
  for (std::size_t i = 0; i < before.columns(); ++i) {
    EXPECT_EQ(after.value().column(i)->type(), before.column(i)->type()) << before.names()[i];
    EXPECT_EQ(texts(*after.value().column(i)), texts(*before.column(i))) << before.names()[i];
  }
  EXPECT_TRUE(after.value().find("factor")->ordered());
  EXPECT_THAT(after.value().find("factor")->levels(), ElementsAre("low", "high"));
}

TEST(ArrowExport, BuffersOutliveTheTableAndChildrenMayBeMovedAway) {
  ArrowSchema schema;
  ArrowArray array;
  export_table(every_type(), &schema, &array);
  EXPECT_EQ(array.length, 3);
  EXPECT_EQ(array.children[0]->null_count, 1);
  const OwnedArray moved(array.children[0]);
  schema.release(&schema);
  EXPECT_EQ(schema.release, nullptr);
  array.release(&array);
  EXPECT_EQ(array.release, nullptr);
  EXPECT_EQ(static_cast<const double*>(moved.get().buffers[1])[0], 0.1);
}

TEST(ArrowExport, NumbersAreNotCopied) {
  const Table table = every_type();
  ArrowSchema schema;
  ArrowArray array;
  export_table(table, &schema, &array);
  EXPECT_EQ(array.children[0]->buffers[1], table.column(0)->reals().data());
  EXPECT_EQ(array.children[5]->buffers[0], nullptr);
  schema.release(&schema);
  array.release(&array);
}

TEST(ArrowExport, ATableWithoutColumnsKeepsItsRows) {
  ArrowSchema schema;
  ArrowArray array;
  export_table(Table(4), &schema, &array);
  auto table = import_table(&schema, &array);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table.value().rows(), 4u);
}

}  // namespace
}  // namespace scoria::table
