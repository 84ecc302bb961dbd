#include "serve/csv_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/na.h"
#include "serve/schema_for_tests.h"

namespace scoria::serve {
namespace {

struct CsvRead {
  bool is_ok = false;
  table::Table table;
  Problem problem;
};

template <typename Reader>
CsvRead read_with(Reader reader, std::string body, const model::Description& description, const JsonLimits& limits) {
  const Schema schema(description);
  CsvRead result;
  RowBuilder rows(schema);
  result.is_ok = rows.finish(reader(body, limits, rows, result.problem), result.table, result.problem);
  return result;
}

CsvRead read_csv(std::string body, const JsonLimits& limits = {},
                 const model::Description& description = description_for_tests()) {
  return read_with(read_csv_rows, std::move(body), description, limits);
}
CsvRead read_lines(std::string body, const JsonLimits& limits = {}) {
  return read_with(read_json_line_rows, std::move(body), description_for_tests(), limits);
}

model::Description two_columns_without_names() {
  model::Description description;
  description.features = {{.name = "x0", .levels = {}}, {.name = "x1", .levels = {}}};
  description.by_position = true;
  return description;
}

TEST(CsvRows, ReadsCellsAsTheirFeatureAsks) {
  const CsvRead got = read_csv("note,kind,more,x,on,size\r\n\"a,\"\"b\",10,?,1.5,TRUE,L\r\n,NA,?,NA,0,S\r\n");
  ASSERT_TRUE(got.is_ok) << got.problem.message();
  EXPECT_EQ(got.table.column(0)->reals()[0], 1.5);
  EXPECT_TRUE(is_na(got.table.column(0)->reals()[1]));
  EXPECT_EQ(got.table.column(2)->codes()[0], 2);
  EXPECT_EQ(got.table.column(4)->text_at(0), "a,\"b");
}

TEST(CsvRows, PassesOverAnIndexWithoutAName) {
  const CsvRead got = read_csv(",x,on,kind,size,note\n0,1.5,1,a,S,n\n");
  ASSERT_TRUE(got.is_ok) << got.problem.message();
  EXPECT_EQ(got.table.column(0)->reals()[0], 1.5);
}

TEST(CsvRows, TakesRowsWithoutNamesByPositionWhereTheModelHasNone) {
  const CsvRead bare = read_csv("1,2\n3,4\n", {}, two_columns_without_names());
  ASSERT_TRUE(bare.is_ok) << bare.problem.message();
  EXPECT_EQ(bare.table.rows(), 2u);
  EXPECT_EQ(bare.table.column(1)->reals()[1], 4);
  const CsvRead named = read_csv("x1,x0\n1,2\n", {}, two_columns_without_names());
  ASSERT_TRUE(named.is_ok);
  EXPECT_EQ(named.table.column(0)->reals()[0], 2);
}

TEST(CsvRows, TellsWhatIsWrong) {
  EXPECT_EQ(read_csv("").problem.mistakes.at(0).code, "bad_csv");
  EXPECT_EQ(read_csv("x,on,kind,size,note\n").problem.mistakes.at(0).code, "bad_request");
  EXPECT_EQ(read_csv("x,x\n1,2\n").problem.mistakes.at(0).code, "bad_csv");
  EXPECT_EQ(read_csv("x,on\n1\n").problem.mistakes.at(0).code, "bad_csv");
  EXPECT_EQ(read_csv("x,on,kind,size\n1,1,a,S\n").problem.mistakes.at(0).code, "missing_column");
  const CsvRead got = read_csv("x,on,kind,size,note\n1,1,a,S,n\nabc,1,z,S,n\n");
  ASSERT_EQ(got.problem.mistakes.size(), 2u);
  EXPECT_EQ(got.problem.mistakes[0].row, 2u);
}

TEST(CsvRows, NamesTheColumnsThatAreMissingWhereNoneIsKnown) {
  const CsvRead got = read_csv("note2\nSo\n");
  ASSERT_FALSE(got.is_ok);
  EXPECT_EQ(got.problem.mistakes.at(0).code, "missing_column");
  EXPECT_EQ(got.problem.mistakes.at(0).column, "x");
}

TEST(CsvRows, CountsTheRowsOfAModelWithoutFeatures) {
  const CsvRead got = read_csv("a\n1\n2\n", {}, model::Description{});
  ASSERT_TRUE(got.is_ok);
  EXPECT_EQ(got.table.rows(), 2u);
}

TEST(CsvRows, HoldsItsLimits) {
  EXPECT_EQ(read_csv("x,on,kind,size,note\n1,1,a,S,n\n1,1,a,S,n\n", {.rows = 1}).problem.status, 413);
  EXPECT_EQ(read_csv("a,b,c\n1,1,1\n", {.keys = 2}).problem.status, 413);
}

TEST(JsonLines, ReadsARowOnEachLine) {
  const CsvRead got =
      read_lines("{\"x\":1,\"on\":0,\"kind\":\"a\",\"size\":\"S\",\"note\":\"\"}\r\n\n[2,1,\"b\",\"L\",\"n\",0]\n");
  ASSERT_TRUE(got.is_ok) << got.problem.message();
  EXPECT_EQ(got.table.rows(), 2u);
  EXPECT_EQ(got.table.column(0)->reals()[1], 2);
}

TEST(JsonLines, TellsWhatIsWrong) {
  EXPECT_FALSE(read_lines("").is_ok);
  EXPECT_FALSE(read_lines("1\n").is_ok);
  EXPECT_FALSE(read_lines("{\"x\":1\n}\n").is_ok);
}

}  // namespace
}  // namespace scoria::serve
