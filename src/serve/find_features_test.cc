#include "serve/find_features.h"

#include <gtest/gtest.h>

namespace scoria::serve {
namespace {

const Envelope kAny{.members = {{"df"}, {"dataframe_split", Envelope::Rows::split}}, .may_be_bare = true};

// "a:number b:factor"
std::string found(const std::string& body, bool is_csv = false, bool is_lines = false, JsonLimits limits = {}) {
  model::Description seen;
  Problem problem;
  if (!find_features(body, is_csv, is_lines, kAny, limits, seen, problem))
    return std::to_string(problem.status) + " " + problem.mistakes.front().code;
  std::string text;
  for (const auto& feature : seen.features)
    text += (text.empty() ? "" : " ") + feature.name + ":" + std::string(model::feature_kind_name(feature.kind));
  return text;
}

TEST(FindFeatures, ReadsEachFormOfRows) {
  EXPECT_EQ(found(R"({"df":[{"a":1,"b":"x"},{"c":true,"a":null}]})"), "a:number b:factor c:logical");
  EXPECT_EQ(found(R"({"df":{"a":[1,2],"b":["x","y"]}})"), "a:number b:factor");
  EXPECT_EQ(found(R"([{"a":1.5}])"), "a:number");
  EXPECT_EQ(found(R"({"a":1,"b":false})"), "a:number b:logical");
  EXPECT_EQ(found(R"([[1,"x"],[2,"y"]])"), "x0:number x1:factor");
  EXPECT_EQ(found(R"({"dataframe_split":{"columns":["a","b"],"data":[[1,"x"]]}})"), "a:number b:factor");
  EXPECT_EQ(found("a,b,c\n1,x,TRUE\n2,y,FALSE\n", true), "a:number b:factor c:logical");
  EXPECT_EQ(found("{\"a\":1}\n{\"a\":2,\"b\":\"x\"}\n", false, true), "a:number b:factor");
}

TEST(FindFeatures, TakesWordsForMissingAndSpecialNumbersAsNumbers) {
  EXPECT_EQ(found(R"([{"a":"NA"},{"a":"-Inf"},{"a":3}])"), "a:number");
  EXPECT_EQ(found(R"([{"a":"NA"},{"a":"6.5"}])"), "a:factor") << "a text stays one: nothing says that it is a number";
}

TEST(FindFeatures, RefusesWhatIsTooMuchOrNoJson) {
  EXPECT_EQ(found(R"([{"a":1,"b":2,"c":3}])", false, false, {.keys = 2}), "413 too_many_columns");
  EXPECT_EQ(found("{\"a\":"), "400 bad_json");
  EXPECT_EQ(found(""), "400 bad_request");
  EXPECT_EQ(found(std::string(100'000, '[')), "400 bad_json");
}

}  // namespace
}  // namespace scoria::serve
