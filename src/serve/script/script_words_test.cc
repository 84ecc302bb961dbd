// What is told by a script's text; and that it takes no text of anybody's long, or down.
#include "serve/script/script_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scoria::serve::script {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ScriptWords, FindsPackagesByTheCallsThatLoadThem) {
  EXPECT_THAT(r_packages("suppressMessages(library(randomForest)); require( 'mgcv' )\nrequireNamespace(\"gbm\")\n"
                         "loadNamespace(\n  \"xgboost\", lib)\nlibrary(randomForest)\nlibrary(3)\nlibrary()\n"),
              ElementsAre("randomForest", "mgcv", "gbm", "xgboost"));
}

TEST(ScriptWords, FindsPackagesByTheirNames) {
  EXPECT_THAT(r_packages("x <- MASS::Boston; data.table:::f(y); stats::.onLoad; my_pkg::f; 2x::f; ::f; a:: b; a::1"),
              ElementsAre("MASS", "data.table", "stats", "pkg", "x"));
  EXPECT_THAT(r_packages("a::b::c"), ElementsAre("a", "b"));
  EXPECT_THAT(r_packages("a::"), IsEmpty());
}

TEST(ScriptWords, LeavesCommentsOut) { EXPECT_EQ(without_comments("# library(a)\nx\n  #' b::c\ny # z"), "x\ny # z\n"); }

TEST(ScriptWords, TakesFewNamesAndNoLongOnes) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "library(p" + std::to_string(i) + ")\n";
  EXPECT_THAT(r_packages(many), SizeIs(kMostPreload));
  EXPECT_THAT(r_packages("library(" + std::string(kMostPackageName + 1, 'a') + ")"), IsEmpty());
}

TEST(ScriptWords, KnowsAFunctionByItsAssignment) {
  EXPECT_TRUE(defines_r_function("x\n\n  score<-function(df) 1", "score"));
  EXPECT_TRUE(defines_r_function("score =\n  \\(df) 1", "score"));
  EXPECT_FALSE(defines_r_function("my.score <- function(df) 1", "score"));
  EXPECT_FALSE(defines_r_function("score <- 1", "score"));
  EXPECT_FALSE(defines_r_function("f(); score <- function(df) 1", "score"));
}

TEST(ScriptWords, KnowsARouterByTheCallsThatMakeIt) {
  EXPECT_TRUE(makes_router("pr() |> pr_get('/x', f)"));
  EXPECT_TRUE(makes_router("r <- plumber::plumb (f)"));
  EXPECT_TRUE(makes_router("Plumber$new()"));
  EXPECT_FALSE(makes_router("expr(x); my_pr(x); my.plumb(x); pr <- 1"));
}

TEST(ScriptWords, FindsModulesByTheirImports) {
  EXPECT_THAT(
      python_modules("import numpy as np\n  from sklearn.svm import SVC\nimport numpy\nimporting x\n# import y\n"
                     "import 3\nimport "),
      ElementsAre("numpy", "sklearn"));
}

TEST(ScriptWords, TellsAModulesFunctionFromAClasss) {
  EXPECT_TRUE(defines_python_function("x\nasync  def run(data):", "run"));
  EXPECT_TRUE(defines_python_function("def run (data):", "run"));
  EXPECT_FALSE(defines_python_function("  def run(data):", "run"));
  EXPECT_FALSE(defines_python_function("asyncdef run(data):", "run"));
  EXPECT_FALSE(defines_python_function("def runs(data):", "run"));
  EXPECT_TRUE(defines_python_method("class M:\n  def predict(self):", "predict"));
  EXPECT_FALSE(defines_python_method("x.def predict(self):", "predict"));
}

TEST(ScriptWords, BelievesADeclarationAtALinesBeginning) {
  EXPECT_TRUE(declares_rowwise("class M:\n  rowwise=True"));
  EXPECT_TRUE(declares_rowwise("    self.rowwise = True"));
  EXPECT_FALSE(declares_rowwise("is_rowwise = True\nrowwise = False\n# rowwise = True"));
}

// Each text once through everything; a look that recurs by its length, or compares each place with each, does not come to an end here.
TEST(ScriptWords, TakesTimeByTheLengthOfTheText) {
  constexpr std::size_t kLength = 5'000'000;
  for (const std::string piece :
       {"a",        "(",     ":",         " ",           "\n",          "a.",   "a::",   "library(", "library( ",
        "pr ",      "pr(",   "score",     "score \n",    "score <- \n", "def ", "def\n", "async\n",  "import a",
        "import  ", "self.", "rowwise\n", "rowwise =\n", "#'",          "#' @", "\r\n"}) {
    std::string text;
    while (text.size() < kLength) text += piece;
    const std::string code = without_comments(text);
    EXPECT_LE(r_packages(code).size(), 1u) << piece;
    EXPECT_LE(python_modules(text).size(), 1u) << piece;
    EXPECT_FALSE(defines_r_function(code, "score")) << piece;
    EXPECT_FALSE(defines_python_function(text, "run")) << piece;
    EXPECT_FALSE(defines_python_method(text, "predict")) << piece;
    EXPECT_FALSE(declares_rowwise(text)) << piece;
    EXPECT_EQ(makes_router(code), piece == "pr(") << piece;
    EXPECT_EQ(annotation(text), "") << piece;
  }
}

}  // namespace
}  // namespace scoria::serve::script
