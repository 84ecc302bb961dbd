#include "table/json_lines.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/na.h"
#include "table/csv_reference.h"

namespace scoria::table {
namespace {

using reference::DribblingSource;

Result<Table> read(std::string_view text, CsvOptions options = {}, std::size_t piece = 7) {
  SCORIA_TRY(reader, JsonLinesReader::open(std::make_unique<DribblingSource>(text, piece), std::move(options)));
  SCORIA_TRY(batch, reader.next(1'000'000));
  return batch ? *batch : Table();
}

std::string json_refusal(std::string_view text, CsvOptions options = {}) {
  const auto result = read(text, std::move(options));
  return result.ok() ? "accepted" : result.error().message;
}

std::string json_text(const Table& table) {
  std::string out;
  append_json_lines(table, out);
  return out;
}

TEST(JsonLines, InfersTheTypesOfR) {
  const Table table = read(R"({"a":1,"b":2.5,"c":true,"d":"x","e":null})"
                           "\n"
                           R"({"a":-7,"b":3,"c":false,"d":"y","e":null})"
                           "\n")
                          .value();
  EXPECT_EQ(table.names(), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(table.find("a")->integers()[1], -7);
  EXPECT_EQ(table.find("b")->reals()[1], 3.0);
  EXPECT_EQ(table.find("c")->logicals()[0], 1);
  EXPECT_EQ(table.find("d")->text_at(1), "y");
  EXPECT_EQ(table.find("e")->type(), Type::logical);
  EXPECT_TRUE(table.find("e")->is_null(0));
}

TEST(JsonLines, NullAndAbsentKeysAreMissing) {
  const Table table = read("{\"a\":1}\n{\"b\":\"x\"}\n{\"a\":null,\"b\":null}\n{}\n").value();
  ASSERT_EQ(table.rows(), 4u);
  for (const std::size_t row : {1u, 2u, 3u}) EXPECT_TRUE(table.find("a")->is_null(row));
  for (const std::size_t row : {0u, 2u, 3u}) EXPECT_TRUE(table.find("b")->is_null(row));
}

TEST(JsonLines, NumbersAreCorrectlyRoundedWhateverTheirLength) {
  const Table table =
      read(
          "{\"a\":9007199254740993}\n{\"a\":123456789012345678901234567890}\n{\"a\":1e400}\n{\"a\":-0}\n"
          "{\"a\":0.1000000000000000055511151231257827021181583404541015626}\n")
          .value();
  EXPECT_EQ(table.column(0)->reals()[0], 9007199254740992.0);
  EXPECT_EQ(table.column(0)->reals()[1], 123456789012345678901234567890.0);
  EXPECT_EQ(table.column(0)->reals()[2], std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::signbit(table.column(0)->reals()[3]));
  EXPECT_EQ(table.column(0)->reals()[4], 0.1);
}

TEST(JsonLines, AnIntegerColumnWidensToDouble) {
  const Table table = read("{\"a\":1}\n{}\n{\"a\":2147483648}\n").value();
  EXPECT_EQ(table.column(0)->type(), Type::real);
  EXPECT_EQ(table.column(0)->reals()[0], 1.0);
  EXPECT_TRUE(table.column(0)->is_null(1));
}

TEST(JsonLines, NaNAndInfinitiesAreStringsInANumberColumn) {
  const Table table = read("{\"a\":\"NaN\"}\n{\"a\":\"-Inf\"}\n{}\n{\"a\":1}\n{\"a\":\"Inf\"}\n").value();
  ASSERT_EQ(table.column(0)->type(), Type::real);
  EXPECT_TRUE(std::isnan(table.column(0)->reals()[0]) && !table.column(0)->is_null(0));
  EXPECT_EQ(table.column(0)->reals()[1], -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(table.column(0)->is_null(2));
  EXPECT_EQ(read("{\"a\":\"NaN\"}\n{\"a\":\"x\"}\n").value().column(0)->type(), Type::text);
}

TEST(JsonLines, GivenTypesHold) {
  CsvOptions options;
  options.types = {{"a", Type::real}, {"b", Type::text}, {"c", Type::factor}, {"d", Type::integer}};
  const Table given = read("{\"a\":1,\"b\":70,\"c\":\"u\",\"d\":5.0}\n{\"a\":\"Inf\",\"c\":\"v\"}\n", options).value();
  EXPECT_EQ(given.find("a")->type(), Type::real);
  EXPECT_EQ(given.find("b")->text_at(0), "70");
  EXPECT_EQ(given.find("c")->levels(), (std::vector<std::string>{"u", "v"}));
  EXPECT_EQ(given.find("d")->integers()[0], 5);
  EXPECT_NE(json_refusal("{\"d\":5.5}\n", options).find("line 1, key 'd'"), std::string::npos);
  EXPECT_NE(json_refusal("{\"a\":\"x\"}\n", options).find("must hold numbers"), std::string::npos);
}

TEST(JsonLines, RefusalsNameLineAndKey) {
  const struct {
    const char* text;
    const char* expected;
  } cases[] = {
      {"{\"age\":1}\n\n{\"age\":\"x\"}\n", "line 3, key 'age': the string \"x\""},
      {"{\"age\":true}\n{\"age\":1}\n", "line 2, key 'age': the number 1"},
      {"{\"age\":\"x\"}\n{\"age\":1}\n", "line 2, key 'age'"},
      {"{\"age\":{}}\n", "line 1, key 'age': an object"},
      {"{\"age\":[1]}\n", "line 1, key 'age': an array"},
      {"{\"age\":1,\"age\":2}\n", "line 1, key 'age': the key stands twice"},
      {"{\"a\":1}\n{\"a\":1\n", "line 2"},
      {"{\"a\":1} {\"a\":2}\n", "line 1: text after the object"},
      {"[1]\n", "line 1"},
      {"5\n", "line 1"},
      {"{\"a\":01}\n", "line 1, key 'a'"},
      {"{\"a\":1.}\n", "line 1, key 'a'"},
      {"{\"a\":-}\n", "line 1, key 'a'"},
      {"{\"a\":NaN}\n", "line 1, key 'a'"},
      {"{\"a\":nul}\n", "line 1, key 'a'"},
      {"{\"a\":truth}\n", "line 1, key 'a'"},
      {"{\"a\":\"\\ud800\"}\n", "line 1, key 'a'"},
      {"{\"a\":\"\\u0000\"}\n", "line 1, key 'a': a string with a NUL"},
      {"{\"a\":\"\xFF\"}\n", "line 1"},
      {"{\"a\\u0000\":1}\n", "line 1: a key with a NUL"},
      {"{\"a\":1,}\n", "line 1"},
      {"{'a':1}\n", "line 1"},
  };
  for (const auto& one : cases) {
    EXPECT_NE(json_refusal(one.text).find(one.expected), std::string::npos) << one.text << json_refusal(one.text);
  }
}

TEST(JsonLines, LimitsHold) {
  CsvOptions options;
  options.max_record_bytes = 20;
  EXPECT_NE(json_refusal("{\"a\":1}\n{\"a\":\"0123456789abcdef\"}\n", options).find("line 2: longer"),
            std::string::npos);
  options = {};
  options.max_columns = 2;
  EXPECT_NE(json_refusal("{\"a\":1,\"b\":1}\n{\"c\":1}\n", options).find("line 2: more than 2"), std::string::npos);
}

TEST(JsonLines, KeysThatAreDataAreRefusedBeforeTheyFillTheMemory) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "{\"k" + std::to_string(i) + "\":1}\n";
  const auto result = read(text, {}, 1 << 16);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::too_large);
}

TEST(JsonLines, DeepNestingIsRefusedNotFollowed) {
  EXPECT_NE(json_refusal("{\"a\":" + std::string(100'000, '[') + "\n").find("line 1"), std::string::npos);
}

TEST(JsonLines, OnlyTheWantedKeysAreKeptAndTheOthersChecked) {
  CsvOptions options;
  options.only = {{"b", "z"}};
  const Table table = read("{\"a\":1,\"b\":2,\"c\":\"x\"}\n{\"a\":\"mixed\",\"b\":3}\n", options).value();
  EXPECT_EQ(table.names(), (std::vector<std::string>{"b"}));
  EXPECT_NE(json_refusal("{\"a\":01,\"b\":2}\n", options), "accepted");
}

TEST(JsonLines, BatchesFollowEachOtherAndEnd) {
  const std::string text = "\xEF\xBB\xBF{\"a\":1}\r\n{\"a\":2}\r\n\r\n{\"b\":3}";
  auto reader = JsonLinesReader::open(std::make_unique<DribblingSource>(text, 3), {}).value();
  EXPECT_EQ(reader.next(2).value()->rows(), 2u);
  const auto last = reader.next(2).value();
  EXPECT_EQ(last->names(), (std::vector<std::string>{"b"}));
  EXPECT_EQ(reader.next(2).value(), std::nullopt);
  EXPECT_EQ(read("").value().rows(), 0u);
}

TEST(JsonLines, AnErrorStays) {
  auto reader = JsonLinesReader::open(std::make_unique<DribblingSource>("x\n{}\n", 3), {}).value();
  EXPECT_FALSE(reader.next(1).ok());
  EXPECT_FALSE(reader.next(1).ok());
}

TEST(JsonLines, WhatIsWrittenIsStandardJson) {
  Table table;
  table.add("n", Column::real({0.1, 1e-5, 100000, std::numeric_limits<double>::quiet_NaN(), na_real()}));
  table.add("i", Column::integer({1, kNaInt, -3, 4, 5}));
  const std::vector<std::string> words{"a\"b\\c", "\n\r\t\x01", "\xC3\xA9", "", "x"};
  table.add("a \"key\"", Column::text(words));
  EXPECT_EQ(json_text(table),
            "{\"n\":0.1,\"i\":1,\"a \\\"key\\\"\":\"a\\\"b\\\\c\"}\n"
            "{\"n\":1e-05,\"i\":null,\"a \\\"key\\\"\":\"\\n\\r\\t\\u0001\"}\n"
            "{\"n\":100000,\"i\":-3,\"a \\\"key\\\"\":\"\xC3\xA9\"}\n"
            "{\"n\":\"NaN\",\"i\":4,\"a \\\"key\\\"\":\"\"}\n"
            "{\"n\":null,\"i\":5,\"a \\\"key\\\"\":\"x\"}\n");
  EXPECT_TRUE(reference::same(read(json_text(table)).value(), table));
}

TEST(JsonLines, ATableWithoutColumnsWritesEmptyObjects) {
  EXPECT_EQ(json_text(Table(2)), "{}\n{}\n");
  EXPECT_EQ(read("{}\n{}\n").value().rows(), 2u);
}

}  // namespace
}  // namespace scoria::table
