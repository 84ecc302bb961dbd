#include "spec/json_text.h"

#include <gtest/gtest.h>

#include <string>

namespace scoria::spec {
namespace {

TEST(ParseJson, ReadsADocument) {
  const auto parsed = parse_json(R"({"a":[1,2.5,"x",null,true]})");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.value()["a"][2], "x");
}

TEST(ParseJson, RefusesWhatNestsTooDeepBeforeBuildingIt) {
  const auto allowed = std::string(64, '[') + std::string(64, ']');
  EXPECT_TRUE(parse_json(allowed).ok());
  const auto deep = parse_json("[" + allowed + "]");
  ASSERT_FALSE(deep.ok());
  EXPECT_EQ(deep.error().code, Code::too_large);
  EXPECT_EQ(parse_json(std::string(4'000'000, '[')).error().code, Code::too_large);
}

TEST(ParseJson, CountsNoBracketsInsideStrings) {
  EXPECT_TRUE(parse_json("[\"" + std::string(100, '[') + "\\\"[[\"]").ok());
}

TEST(ParseJson, RefusesTooManyBytesAndValues) {
  EXPECT_EQ(parse_json("[1,2,3]", {.bytes = 6}).error().code, Code::too_large);
  EXPECT_TRUE(parse_json("[1,2,3]", {.values = 4}).ok());
  EXPECT_EQ(parse_json("[1,2,3,4,5]", {.values = 4}).error().code, Code::too_large);
}

TEST(ParseJson, SaysWhereTextIsNotJson) {
  for (const char* text : {"", "{", "{\"a\":}", "[1,]", "nul", "\"\xff\"", "[1] 2", "\"open", "{\"a\" 1}", "\"\\"}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, Code::invalid) << text;
    EXPECT_NE(parsed.error().message.find("column"), std::string::npos) << parsed.error().message;
  }
}

TEST(JsonText, ReplacesWhatIsNotUtf8) { EXPECT_EQ(json_text(Json("a\xff")), "\"a\xef\xbf\xbd\""); }

TEST(AppendJsonString, EscapesWhatJsonWants) {
  std::string out = "x";
  append_json_string(out, "plain");
  append_json_string(out, "a\"b\\c\n\xc3\xa9");
  EXPECT_EQ(out, "x\"plain\"\"a\\\"b\\\\c\\n\xc3\xa9\"");
}

}  // namespace
}  // namespace scoria::spec
