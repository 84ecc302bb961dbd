#include "rdata/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "rdata/reader.h"
#include "rdata/stream_for_tests.h"

namespace scoria::rdata {
namespace {

using testing::HasSubstr;

Document from_r(const char* name) {
  auto file = FileBytes::open(std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/rdata" / name);
  auto document = read(file.value().bytes());
  EXPECT_TRUE(document.ok());
  return std::move(document).value();
}

Document built(const Stream& stream) {
  auto document = read(stream.bytes());
  EXPECT_TRUE(document.ok()) << document.error().message;
  return std::move(document).value();
}

TEST(Summary, BeginsWithTheFile) {
  EXPECT_THAT(summarize(from_r("vectors.xdr.v3.bz2")),
              testing::StartsWith("R object, xdr format version 3, written by R 4.2.2, bzip2\nlist [7]\n"));
  EXPECT_THAT(summarize(from_r("workspace.v2.RData")), testing::StartsWith("R workspace, xdr format version 2"));
}

TEST(Summary, ShowsKindsLengthsAndFirstValues) {
  const std::string text = summarize(from_r("vectors.xdr.v3.gz"));
  EXPECT_THAT(text, HasSubstr("  $logical: logical vector [3]  TRUE FALSE NA\n"));
  EXPECT_THAT(text, HasSubstr("  $integer: integer vector [4]  1 NA -2147483647 2147483647\n"));
  EXPECT_THAT(text, HasSubstr("  $double: double vector [15]  0 -0 1 -1.5 NA NaN ...\n"));
  EXPECT_THAT(text, HasSubstr("  $raw: raw vector [5]  00 01 7f 80 ff\n"));
  EXPECT_THAT(text, HasSubstr("\"plain\" \"\" NA \"NA\" \"tab\\t line\\n quote\\\""));
}

TEST(Summary, ShowsClassesLabelsAndDimensions) {
  const std::string text = summarize(from_r("structures.xdr.v3.gz"));
  EXPECT_THAT(text, HasSubstr("  $frame: list, class data.frame [3]\n"));
  EXPECT_THAT(text, HasSubstr("    $f: integer vector, class factor [3]  \"u\" NA \"v\"\n"));
  EXPECT_THAT(text, HasSubstr("  $matrix: double vector [2 x 3]"));
  EXPECT_THAT(text, HasSubstr("  $ordered: integer vector, class ordered, factor  \"lo\"\n"));
}

TEST(Summary, ShowsCallsAsCode) {
  const std::string text = summarize(from_r("language.xdr.v3.gz"));
  EXPECT_THAT(text, HasSubstr("$formula: call, class formula  y ~ x + log(z)\n"));
  EXPECT_THAT(text, HasSubstr("$call: call  f(x, y = 2L, , ...)[1]$z\n"));
}

TEST(Summary, AnEnvironmentThatContainsItselfIsShownOnce) {
  const std::string text = summarize(from_r("environments.xdr.v3.gz"));
  EXPECT_THAT(text, HasSubstr("$self: environment #1  shown above\n"));
  EXPECT_THAT(text, HasSubstr("$namespace: namespace  stats\n"));
}

TEST(Summary, IsBoundedWhateverTheObject) {
  EXPECT_LT(summarize(from_r("long_pairlist.xdr.v3.gz")).size(), 10'000u);
  Stream deep;
  for (int depth = 0; depth < 9'000; ++depth) deep.words({sexp::kList, 1});
  EXPECT_LT(summarize(built(deep.null())).size(), 1'000u);
  Stream calls;
  for (int depth = 0; depth < 9'000; ++depth) calls.words({sexp::kLanguage}).symbol("f").words({sexp::kPairlist});
  calls.integer(1);
  for (int depth = 0; depth < 9'000; ++depth) calls.null();
  EXPECT_LT(summarize(built(calls)).size(), 1'000u);
}

TEST(Summary, SaysHowMuchIsNotShown) {
  EXPECT_THAT(summarize(from_r("long_pairlist.xdr.v3.gz"), {.max_children = 10}), HasSubstr("  ... 99990 more\n"));
}

TEST(Summary, TextIsCutBetweenCharacters) {
  Stream stream;
  stream.words({sexp::kCharacter, 1}).text("\xC3\xA9\xC3\xA9\xC3\xA9", sexp::kUtf8Level);
  EXPECT_THAT(summarize(built(stream), {.max_text = 3}), HasSubstr("\"\xC3\xA9\xC3\xA9...\""));
}

TEST(Summary, JsonHoldsTheSameOutline) {
  const auto json = nlohmann::json::parse(summarize_json(from_r("structures.xdr.v3.gz")));
  EXPECT_EQ(json["compression"], "gzip");
  const auto& frame = json["root"]["children"][0];
  EXPECT_EQ(frame["label"], "$frame");
  EXPECT_EQ(frame["class"][0], "data.frame");
  EXPECT_EQ(frame["children"][0]["values"], nlohmann::json({"1", "2", "3"}));
  EXPECT_EQ(json["root"]["children"][2]["dim"], nlohmann::json({2, 3}));
}

TEST(Summary, JsonIsValidUtf8WhateverTheNames) {
  Stream stream;
  stream.word(sexp::kPairlist | sexp::kTagFlag).word(sexp::kSymbol).text("\xFF\xFE", sexp::kUtf8Level).null().null();
  EXPECT_TRUE(nlohmann::json::accept(summarize_json(built(stream))));
}

}  // namespace
}  // namespace scoria::rdata
