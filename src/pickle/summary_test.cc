#include "pickle/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pickle/stream_for_tests.h"

namespace scoria::pickle {
namespace {

using testing::HasSubstr;

const std::string kModel = global("sklearn.svm.classes", "SVC") + ")\x81}(" + text("C") + "K\x02" +
                           text("_sklearn_version") + text("0.19.2") + text("names") + "](" + text("a") + text("b\n") +
                           "e" + text("none") + "Nub";

TEST(Summary, ShowsClassVersionAndAttributes) {
  EXPECT_EQ(summarize(parsed(kModel)),
            "Python pickle, protocol 4, written by scikit-learn 0.19.2\n"
            "sklearn.svm.SVC\n"
            "  .C: int  2\n"
            "  ._sklearn_version: str  '0.19.2'\n"
            "  .names: list [2]\n"
            "    [0]: str  'a'\n"
            "    [1]: str  'b\\n'\n"
            "  .none: None\n");
}

TEST(Summary, TheJsonSaysTheSame) {
  const std::string json = summarize_json(parsed(kModel));
  for (const char* part : {"\"format\": \"pickle\"", "\"version\": 4", "\"writer\": \"scikit-learn 0.19.2\"",
                           "\"type\": \"sklearn.svm.SVC\"", "\"label\": \".C\"", "\"length\": 2"}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
}

TEST(Summary, LoneSurrogatesAndControlCharactersAreEscaped) {
  const std::string outline = summarize(parsed("}" + text("\xed\xa0\x80\x1b") + text("\x07") + "s"));
  EXPECT_THAT(outline, HasSubstr("[\\xed\\xa0\\x80\\x1b]: str  '\\x07'"));
}

TEST(Summary, NamesWhatAPipelineIsMadeOf) {
  const std::string step = "(" + text("svm") + global("sklearn.svm", "SVC") + ")\x81t";
  const std::string pipeline = global("sklearn.pipeline", "Pipeline") + ")\x81}" + text("steps") + "](" + step + step +
                               "e"
                               "sb";
  EXPECT_EQ(describe_class(parsed(pipeline).root()), "sklearn.pipeline.Pipeline of SVC, SVC");
  EXPECT_EQ(describe_class(parsed("}").root()), "dict");
}

TEST(Summary, CountsWhatItDoesNotShow) {
  EXPECT_THAT(summarize(parsed("](" + repeated("K\x01", 100) + "e")), HasSubstr("... 36 more"));
}

}  // namespace
}  // namespace scoria::pickle
