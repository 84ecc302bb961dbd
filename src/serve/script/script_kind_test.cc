#include "serve/script/script_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace scoria::serve::script {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class ScriptKind : public ::testing::Test {
 protected:
  ~ScriptKind() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  ScriptPlan plan(const ScriptWish& wish) {
    auto made = plan_script(wish);
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
    return made.ok() ? std::move(made).value() : ScriptPlan{};
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("scoria-script-kind-" + std::to_string(getpid()));
};

TEST_F(ScriptKind, KnowsAPlumberFileByItsAnnotations) {
  const auto made = plan({.script = file("api.R", "library(randomForest)\n#' @post /predict\nfunction(df) 1\n")});
  EXPECT_EQ(made.form, Form::plumber);
  EXPECT_THAT(made.preload, Contains("randomForest"));
  EXPECT_THAT(made.preload, Contains("plumber"));
  EXPECT_FALSE(made.takes_rows());
}

TEST_F(ScriptKind, KnowsAnRFunctionByItsName) {
  const auto made = plan({.script = file("f.R", "# @get is no annotation\nscore <- function(df) df$x\n")});
  EXPECT_EQ(made.form, Form::r_function);
  EXPECT_EQ(made.function, "score");
  EXPECT_FALSE(made.is_rowwise);
}

TEST_F(ScriptKind, BelievesADeclarationUnlessTheCallerSaysOtherwise) {
  const auto path = file("f.R", "#* @rowwise\nscore <- function(df) df$x\n");
  EXPECT_TRUE(plan({.script = path}).is_rowwise);
  EXPECT_FALSE(plan({.script = path, .rowwise = 0}).is_rowwise);
}

TEST_F(ScriptKind, TakesAnyFunctionThatIsNamed) {
  const auto made = plan({.script = file("f.R", "mine <- function(df) df$x\n"), .function = "mine"});
  EXPECT_EQ(made.form, Form::r_function);
  EXPECT_EQ(made.function, "mine");
}

TEST_F(ScriptKind, SaysWhatAScriptLacks) {
  const auto made = plan_script({.script = file("f.R", "x <- 1\n")});
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("--function"));
}

TEST_F(ScriptKind, TellsPythonsRunFromPredict) {
  EXPECT_EQ(plan({.script = file("a.py", "def init():\n  pass\ndef run(data):\n  return data\n")}).form, Form::py_run);
  const auto made = plan(
      {.script = file("b.py", "import json\nclass M:\n  rowwise = True\n  def predict(self, df):\n    return df\n")});
  EXPECT_EQ(made.form, Form::py_predict);
  EXPECT_TRUE(made.is_rowwise);
  EXPECT_THAT(made.preload, Contains("json"));
}

TEST_F(ScriptKind, TakesAnRModelAlone) {
  EXPECT_EQ(plan({.script = file("m.rds", "")}).form, Form::r_model);
  EXPECT_FALSE(plan_script({.script = file("m.pkl", "")}).ok());
}

// One token of 3 MB, as data in a script has it: std::regex ends the process in 30 KB of it.
TEST_F(ScriptKind, TakesScriptsWithLongWords) {
  const std::string data(3'000'000, 'a');
  const auto r = plan({.script = file("f.R", "x <- \"" + data + "\"\nscore <- function(df) MASS::ginv(df)\n")});
  EXPECT_EQ(r.form, Form::r_function);
  EXPECT_THAT(r.preload, Contains("MASS"));
  const auto python = plan({.script = file("a.py", "import json\nx = '" + data + "'\ndef run(data):\n  return x\n")});
  EXPECT_EQ(python.form, Form::py_run);
  EXPECT_THAT(python.preload, Contains("json"));
}

TEST_F(ScriptKind, NamesAFileThatIsNotThere) {
  const auto made = plan_script({.script = "/nowhere/a.R"});
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("/nowhere/a.R"));
}

}  // namespace
}  // namespace scoria::serve::script
