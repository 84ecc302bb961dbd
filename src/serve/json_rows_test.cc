#include "serve/json_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "base/na.h"
#include "serve/schema_for_tests.h"

namespace scoria::serve {
namespace {

using testing::HasSubstr;

const Envelope kBareEnvelope{.members = {{"df"}, {"data"}}, .may_be_bare = true};
const Envelope kFrames{.members = {{"dataframe_split", Envelope::Rows::split},
                                   {"dataframe_records", Envelope::Rows::records},
                                   {"inputs"}}};
const std::string kJsonRow = R"({"x":1.5,"on":true,"kind":"a","size":"S","note":"n","idle":2})";

struct JsonRead {
  bool is_ok = false;
  table::Table table;
  Problem problem;

  double x(std::size_t row = 0) const { return table.column(0)->reals()[row]; }
  const Mistake& first() const { return problem.mistakes.at(0); }
};

JsonRead read_json(std::string body, const Envelope& envelope = kBareEnvelope, const JsonLimits& limits = {}) {
  static const Schema schema(description_for_tests());
  JsonRead result;
  RowBuilder rows(schema);
  const bool is_read = read_json_rows(body, envelope, limits, rows, result.problem);
  result.is_ok = rows.finish(is_read, result.table, result.problem);
  return result;
}

// One column of numbers, so that a test shows the number alone.
JsonRead json_x(const std::string& value) {
  return read_json(R"({"df":[{"x":)" + value + R"(,"on":0,"kind":"a","size":"S","note":""}]})");
}

TEST(JsonRows, ReadsTheSameRowInEveryShape) {
  const std::string split = R"({"dataframe_split":{"columns":["note","x","on","kind","size","more"],"index":[0],)"
                            R"("data":[["n",1.5,true,"a","S",[1,{}]]]}})";
  for (const auto& [body, envelope] :
       {std::pair{R"({"df":[)" + kJsonRow + "]}", kBareEnvelope},
        std::pair{R"({"df":)" + kJsonRow + "}", kBareEnvelope},
        std::pair{"\xEF\xBB\xBF{\"df\":" + kJsonRow + "}", kBareEnvelope},
        std::pair{"[" + kJsonRow + "]", kBareEnvelope}, std::pair{kJsonRow, kBareEnvelope},
        std::pair{std::string(R"([[1.5,true,"a","S","n",2]])"), kBareEnvelope},
        std::pair{std::string(R"({"df":{"x":[1.5],"on":[true],"kind":["a"],"size":["S"],"note":["n"]}})"),
                  kBareEnvelope},
        std::pair{std::string(R"({"x":[1.5],"on":[1],"kind":["a"],"size":["S"],"note":["n"]})"), kBareEnvelope},
        std::pair{R"({"dataframe_records":[)" + kJsonRow + "]}", kFrames}, std::pair{split, kFrames}}) {
    const JsonRead got = read_json(body, envelope);
    // The last has a value of a column that is passed over, and that is no value.
    ASSERT_TRUE(got.is_ok) << body << ": " << (got.is_ok ? "" : got.problem.message());
    ASSERT_EQ(got.table.rows(), 1u) << body;
    EXPECT_EQ(got.x(), 1.5) << body;
    EXPECT_EQ(got.table.column(1)->logicals()[0], 1) << body;
    EXPECT_EQ(got.table.column(2)->codes()[0], 0) << body;
    EXPECT_EQ(got.table.column(4)->text_at(0), "n") << body;
  }
}

TEST(JsonRows, FindsColumnsOfLaterRecordsInAnyOrder) {
  const JsonRead got = read_json(
      R"([{"x":1,"on":0,"kind":"a","size":"S","note":""},{"note":"","size":"L","more":[[]],"kind":"b","on":1,"x":2}])");
  ASSERT_TRUE(got.is_ok) << got.problem.message();
  EXPECT_EQ(got.x(1), 2);
  EXPECT_EQ(got.table.column(2)->codes()[1], 1);
}

TEST(JsonRows, ReadsNumbersInTextsAsNumbers) {
  for (const auto* text : {R"("6.575")", R"(" 6.575 ")", R"("+6.575")", R"("6575e-3")"}) {
    const JsonRead got = json_x(text);
    ASSERT_TRUE(got.is_ok) << text;
    EXPECT_EQ(got.x(), 6.575) << text;
  }
}

TEST(JsonRows, ReadsWhatJsonHasNoNumberFor) {
  for (const auto* text : {"NaN", R"("NaN")"})
    EXPECT_TRUE(std::isnan(json_x(text).x()) && !is_na(json_x(text).x())) << text;
  for (const auto* text : {"Infinity", R"("Inf")", R"("Infinity")"}) EXPECT_EQ(json_x(text).x(), INFINITY) << text;
  for (const auto* text : {"-Infinity", R"("-Inf")"}) EXPECT_EQ(json_x(text).x(), -INFINITY) << text;
  for (const auto* text : {"null", R"("NA")", R"("")"}) EXPECT_TRUE(is_na(json_x(text).x())) << text;
}

TEST(JsonRows, KeepsTheSignOfZeroAndTheLastBit) {
  EXPECT_TRUE(std::signbit(json_x("-0.0").x()));
  EXPECT_TRUE(std::signbit(json_x(R"("-0")").x()));
  EXPECT_EQ(json_x("0.1").x(), 0.1);
  EXPECT_EQ(json_x("2.2250738585072011e-308").x(), 2.2250738585072011e-308);
  EXPECT_EQ(json_x("9007199254740993").x(), 9007199254740992.0);
  EXPECT_EQ(json_x("123456789012345678901234567890").x(), 123456789012345678901234567890.0);
}

TEST(JsonRows, RefusesNumbersThatADoubleCannotHold) {
  for (const auto* text : {"1e999", "-1e999", R"("1e999")"}) {
    const JsonRead got = json_x(text);
    ASSERT_FALSE(got.is_ok) << text;
    EXPECT_EQ(got.first().code, "out_of_range") << text;
    EXPECT_THAT(got.problem.message(), HasSubstr("1e999"));
  }
}

TEST(JsonRows, RefusesWordsThatAreNoJson) {
  for (const auto* text :
       {"nan", "nul", "NAN", "Inf", "-Inf", "tru", "01", "1.", ".5", "+1", "0x10", "1e", "'a'", "undefined"}) {
    const JsonRead got = json_x(text);
    ASSERT_FALSE(got.is_ok) << text;
    EXPECT_EQ(got.problem.status, 400) << text;
  }
}

TEST(JsonRows, RefusesTextsThatAreNoNumber) {
  for (const auto* text : {R"("abc")", R"("1,5")", R"("0x10")", "\"nan(1)\"", R"("infinit")", R"("1 2")"}) {
    const JsonRead got = json_x(text);
    ASSERT_FALSE(got.is_ok) << text;
    EXPECT_EQ(got.first().code, "wrong_type") << text;
    EXPECT_EQ(got.first().column, "x");
    EXPECT_EQ(got.first().row, 1u);
  }
}

TEST(JsonRows, MatchesLevelsByTextNumberAndTruth) {
  const JsonRead got = read_json(
      R"([{"x":1,"on":"TRUE","kind":10,"size":"L","note":true},{"x":1,"on":"F","kind":"NA","size":null,"note":1.5}])");
  ASSERT_TRUE(got.is_ok) << got.problem.message();
  EXPECT_EQ(got.table.column(1)->logicals()[0], 1);
  EXPECT_EQ(got.table.column(1)->logicals()[1], 0);
  EXPECT_EQ(got.table.column(2)->codes()[0], 2);
  EXPECT_EQ(got.table.column(2)->codes()[1], 3) << "the model knows a level of that name";
  EXPECT_TRUE(got.table.column(3)->is_null(1));
  EXPECT_EQ(got.table.column(4)->text_at(0), "TRUE");
  EXPECT_EQ(got.table.column(4)->text_at(1), "1.5");
}

TEST(JsonRows, NamesRowColumnAndLevelsOfAnUnknownLevel) {
  const JsonRead got = read_json("[" + kJsonRow + R"(,{"x":1,"on":0,"kind":7,"size":"XL","note":""}])");
  ASSERT_EQ(got.problem.mistakes.size(), 2u);
  EXPECT_EQ(got.first().code, "unknown_level");
  EXPECT_EQ(got.first().row, 2u);
  EXPECT_EQ(got.first().column, "kind");
  EXPECT_EQ(got.first().value, "7");
  EXPECT_THAT(got.first().expected, testing::ElementsAre("a", "b", "10", "NA"));
  EXPECT_EQ(got.problem.mistakes[1].column, "size");
}

TEST(JsonRows, NamesEveryMissingColumnButThoseThatNothingUses) {
  const JsonRead got = read_json(R"({"df":[{"x":1,"on":0,"kind":"a"}]})");
  ASSERT_EQ(got.problem.mistakes.size(), 2u);
  EXPECT_EQ(got.first().code, "missing_column");
  EXPECT_EQ(got.first().column, "size");
  EXPECT_EQ(got.problem.mistakes[1].column, "note");
}

TEST(JsonRows, TakesWhatOneRecordLeavesOutForMissing) {
  // R's jsonlite writes a data frame's NA so.
  const JsonRead got = read_json("[" + kJsonRow + R"(,{"on":null,"note":"n"}])");
  ASSERT_TRUE(got.is_ok) << got.problem.message();
  EXPECT_TRUE(is_na(got.x(1)));
  EXPECT_TRUE(got.table.column(1)->is_null(1));
  EXPECT_TRUE(got.table.column(2)->is_null(1));
}

TEST(JsonRows, RefusesNumbersThatAreNoTruth) {
  const JsonRead got = read_json(R"([{"x":1,"on":2,"kind":"a","size":"S","note":""}])");
  EXPECT_EQ(got.first().code, "wrong_type");
  EXPECT_EQ(got.first().column, "on");
}

TEST(JsonRows, TellsWhatIsWrongWithAShape) {
  const std::string rest = R"("on":[0,0],"kind":["a","b"],"size":["S","S"],"note":["",""])";
  struct Case {
    std::string body;
    const char* code;
    const char* message;
  };
  for (const Case& one : {Case{"", "bad_request", "empty"},
                          Case{"  ", "bad_request", "empty"},
                          Case{"5", "bad_request", "object or array"},
                          Case{"{}", "bad_request", "\"df\""},
                          Case{R"({"more":1})", "bad_request", "\"df\""},
                          Case{R"({"df":5})", "bad_request", "\"df\" must be rows"},
                          Case{R"({"df":[]})", "bad_request", "no row"},
                          Case{"[]", "bad_request", "no row"},
                          Case{R"({"df":{"x":[]}})", "bad_request", "no row"},
                          Case{R"({"df":[5]})", "wrong_type", "row 1"},
                          Case{R"([[1,true,"a"]])", "ragged_columns", "3 values instead of 6"},
                          Case{R"([[1,true,"a","S","n",2,3]])", "ragged_columns", "more than 6"},
                          Case{R"({"x":[1,2,3],)" + rest + "}", "ragged_columns", "others have 3"},
                          Case{R"({"x":1,)" + rest + "}", "bad_request", "list"},
                          Case{R"({"on":[1],"x":1})", "bad_request", "single value"},
                          Case{R"({"x":[1,2],"x":[1,2],)" + rest + "}", "duplicate_key", "'x' is there twice"},
                          Case{R"([{"x":1,"x":2,"on":0,"kind":"a","size":"S","note":""}])", "duplicate_key", "row 1"},
                          Case{R"({"df":[)" + kJsonRow + R"(],"data":[)" + kJsonRow + "]}", "bad_request", "not two"},
                          Case{R"({"x":1,"df":[)" + kJsonRow + "]}", "bad_request", "twice"},
                          Case{R"([{"x":[1]}])", "wrong_type", "a value must be"},
                          Case{"[" + kJsonRow + "] x", "bad_json", ""},
                          Case{"[" + kJsonRow, "bad_json", ""},
                          Case{"[" + kJsonRow + ",]", "wrong_type", "row 2"},
                          Case{"{\"df\":[{\"x\":\"\xff\"}]}", "bad_json", "UTF-8"},
                          Case{R"([{"x":1 "on":0}])", "bad_json", "byte"}}) {
    const JsonRead got = read_json(one.body);
    ASSERT_FALSE(got.is_ok) << one.body;
    EXPECT_EQ(got.first().code, one.code) << one.body << ": " << got.problem.message();
    EXPECT_THAT(got.problem.message(), HasSubstr(one.message)) << one.body;
  }
}

TEST(JsonRows, TellsWhatIsWrongWithASplitFrame) {
  const auto split = [](const std::string& inside) {
    return read_json(R"({"dataframe_split":)" + inside + "}", kFrames);
  };
  EXPECT_THAT(split(R"({"data":[[1,1,"a","S","",0]],"columns":["x"]})").problem.message(), HasSubstr("in front"));
  EXPECT_THAT(split(R"({"columns":["x","x"],"data":[[1,1]]})").problem.message(), HasSubstr("twice"));
  EXPECT_EQ(split(R"({"columns":["x","on"],"data":[[1]]})").first().code, "ragged_columns");
  EXPECT_EQ(split(R"({"columns":["x"],"data":[[1]]})").first().code, "missing_column");
  EXPECT_EQ(split(R"({"columns":[1],"data":[[1]]})").first().code, "bad_json");
  EXPECT_FALSE(split("[1]").is_ok);
  EXPECT_FALSE(split("{}").is_ok);
}

TEST(JsonRows, TakesNamesWithEscapesAndBeyondAscii) {
  model::Description description;
  description.features.push_back(
      {.name = "gr\u00f6\u00dfe \U0001F600", .kind = model::FeatureKind::factor, .levels = {"\u00e4"}});
  const Schema schema(description);
  for (const auto* text :
       {"[{\"gr\u00f6\u00dfe \U0001F600\":\"\u00e4\"}]", R"([{"gr\u00f6\u00dfe \uD83D\uDE00":"\u00e4"}])"}) {
    RowBuilder rows(schema);
    table::Table table;
    Problem problem;
    std::string body = text;
    EXPECT_TRUE(read_json_rows(body, kBareEnvelope, {}, rows, problem)) << text;
    ASSERT_TRUE(rows.finish(true, table, problem)) << text << problem.message();
    EXPECT_EQ(table.column(0)->codes()[0], 0);
  }
}

TEST(JsonRows, StopsAtAHundredMistakes) {
  std::string body = "[";
  for (int i = 0; i < 1000; ++i) body += R"({"x":"a","on":0,"kind":"z","size":"S","note":""},)";
  body.back() = ']';
  EXPECT_EQ(read_json(body).problem.mistakes.size(), kMostMistakes);
}

TEST(JsonRows, HoldsItsLimits) {
  const JsonLimits limits{.rows = 2, .keys = 8, .text = 4, .depth = 64};
  const auto first = [&](const std::string& body, const Envelope& envelope = kBareEnvelope) {
    const JsonRead got = read_json(body, envelope, limits);
    return got.is_ok ? std::string("read") : got.first().code + " " + std::to_string(got.problem.status);
  };
  EXPECT_EQ(first("[" + kJsonRow + "," + kJsonRow + "]"), "read");
  EXPECT_EQ(first("[" + kJsonRow + "," + kJsonRow + "," + kJsonRow + "]"), "too_many_rows 413");
  EXPECT_EQ(first(R"({"x":[1,2,3]})"), "too_many_rows 413");
  EXPECT_EQ(first(R"({"dataframe_split":{"columns":["x"],"data":[[1],[1],[1]]}})", kFrames), "too_many_rows 413");
  EXPECT_EQ(first(R"([{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}])"), "too_many_columns 413");
  EXPECT_EQ(first(R"({"dataframe_split":{"columns":["a","b","c","d","e","f","g","h","i"]}})", kFrames),
            "too_many_columns 413");
  EXPECT_EQ(first(R"([{"note":"12345"}])"), "out_of_range 413");
}

TEST(JsonRows, RefuseToBecomeATableOfNothing) {
  model::Description wide;
  for (int i = 0; i < 10'000; ++i)
    wide.features.push_back({.name = "x" + std::to_string(i), .kind = model::FeatureKind::number});
  const Schema schema(wide);
  std::string records = "[{\"x0\":1}", columns = R"({"x0":[1)";
  for (int i = 0; i < 1000; ++i) {
    records += ",{}";
    columns += ",1";
  }
  const auto refusal = [&](std::string body) {
    RowBuilder rows(schema);
    table::Table table;
    Problem problem;
    const bool is_read = read_json_rows(body, kBareEnvelope, {}, rows, problem);
    EXPECT_FALSE(rows.finish(is_read, table, problem));
    return problem.mistakes.at(0).code;
  };
  EXPECT_EQ(refusal(records + "]"), "too_large");
  EXPECT_EQ(refusal(columns + "]}"), "too_large");
  EXPECT_EQ(refusal(columns + "],\"x1\":[1]}"), "ragged_columns");
}

TEST(JsonRows, RefusesTwoHundredThousandNamesAtOnce) {
  std::string body = R"({"df":[{)";
  for (int i = 0; i < 200'000; ++i) body += "\"key" + std::to_string(i) + "\":1,";
  body.back() = '}';
  body += "]}";
  const auto begin = std::chrono::steady_clock::now();
  const JsonRead got = read_json(body);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(got.first().code, "too_many_columns");
  // 50 ms where nothing else runs: 3 ms are usual.
  EXPECT_LT(took, std::chrono::milliseconds(500));
}

TEST(JsonRows, IsNotBroughtDownByDeepNesting) {
  constexpr std::size_t kDeep = 100'000;
  for (const std::string& begin :
       {std::string(), std::string(R"({"df":)"), std::string(R"([{"more":)"), std::string(R"([{"x":)")}) {
    EXPECT_FALSE(read_json(begin + std::string(kDeep, '[')).is_ok) << begin;
    EXPECT_FALSE(read_json(begin + std::string(kDeep, '[') + std::string(kDeep, ']')).is_ok) << begin;
  }
  std::string objects;
  for (std::size_t i = 0; i < kDeep; ++i) objects += R"({"x":)";
  EXPECT_FALSE(read_json(objects).is_ok);
}

}  // namespace
}  // namespace scoria::serve
