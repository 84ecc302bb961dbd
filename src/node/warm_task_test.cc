#include "node/warm_task.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "node/folder_for_tests.h"

namespace scoria::node {
namespace {

using Words = std::vector<std::string>;

TEST(WarmWords, TakesThePackagesThatShallBeLoaded) {
  const auto spaced = read_warm_words("call-r", {"--preload", "caret,randomForest", "fit.R", "1"});
  ASSERT_TRUE(spaced.ok());
  EXPECT_EQ(spaced.value().preload, "caret,randomForest");
  EXPECT_EQ(spaced.value().words, (Words{"fit.R", "1"}));
  EXPECT_TRUE(spaced.value().is_plain_script);
  const auto joined = read_warm_words("call-py", {"--preload=numpy", "-m", "mine"});
  ASSERT_TRUE(joined.ok());
  EXPECT_EQ(joined.value().preload, "numpy");
  EXPECT_TRUE(joined.value().is_plain_script);
}

TEST(WarmWords, LeavesOptionsOfTheRuntimeToIt) {
  EXPECT_FALSE(read_warm_words("call-r", {"-e", "1+1"}).value().is_plain_script);
  EXPECT_FALSE(read_warm_words("call-r", {"--vanilla", "fit.R"}).value().is_plain_script);
  EXPECT_FALSE(read_warm_words("call-py", {"-u", "fit.py"}).value().is_plain_script);
  EXPECT_FALSE(read_warm_words("call-py", {"-m"}).value().is_plain_script);
}

TEST(WarmWords, RefusesWhatIsNoListOfPackages) {
  for (const Words& words : {Words{"--preload"}, Words{"--preload", "a;b", "fit.R"}, Words{"--preload=", "fit.R"},
                             Words{"--preload", "a"}, Words{}}) {
    EXPECT_EQ(read_warm_words("call-r", words).error().code, Code::invalid);
  }
}

class WarmTask : public ::testing::Test {
 protected:
  StartCommand warmed(Words arguments, Words environment) {
    StartCommand command;
    command.arguments = std::move(arguments);
    command.environment = std::move(environment);
    command.directory = folder_.path();
    warm_up(command, {"/program", "warm-scorer"}, "/private");
    return command;
  }
  FolderForTests folder_;
};

TEST_F(WarmTask, SharesATemplateAmongTasksThatStartRAlike) {
  const std::string home = "HOME=" + folder_.path().string();
  const auto one =
      warmed({"scoria", "call-r", "--preload", "caret", "fit.R", "1"}, {home, "PATH=/bin", "LANG=C", "STEP=1"});
  EXPECT_TRUE(one.is_warm);
  EXPECT_EQ(one.arguments, (Words{"scoria", "call-r", "fit.R", "1"}));
  EXPECT_EQ(one.template_command, (Words{"/program", "worker-template", "r", "/private", "caret"}));
  ASSERT_EQ(one.template_environment.size(), 5u);
  EXPECT_EQ(one.template_environment[3].rfind("SCORIA_TEMPLATE_STAMP=", 0), 0u);
  EXPECT_EQ(Words(one.template_environment.begin(), one.template_environment.begin() + 3),
            (Words{"HOME=/nonexistent", "LANG=C", "PATH=/bin"}));
  EXPECT_EQ(one.template_environment[4], "TMPDIR=/private");
  const auto two =
      warmed({"scoria", "call-r", "--preload", "caret", "other.R"}, {"PATH=/bin", home, "STEP=2", "LANG=C"});
  EXPECT_EQ(two.template_command, one.template_command);
  EXPECT_EQ(two.template_environment, one.template_environment);
  const auto other_library = warmed({"scoria", "call-r", "fit.R"}, {"R_LIBS=/mine", "HOME=/home/me"});
  EXPECT_EQ(other_library.template_environment, (Words{"HOME=/home/me", "R_LIBS=/mine", "TMPDIR=/private"}));
}

TEST_F(WarmTask, TakesAnotherTemplateOncePackagesHaveChanged) {
  const std::string library = (folder_.path() / "library").string();
  std::filesystem::create_directories(library);
  const auto before = warmed({"scoria", "call-r", "--preload", "caret", "fit.R"}, {"R_LIBS=" + library});
  EXPECT_EQ(warmed({"scoria", "call-r", "--preload", "caret", "fit.R"}, {"R_LIBS=" + library}).template_environment,
            before.template_environment);
  std::filesystem::last_write_time(library, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_NE(warmed({"scoria", "call-r", "--preload", "caret", "fit.R"}, {"R_LIBS=" + library}).template_environment,
            before.template_environment);
}

TEST_F(WarmTask, StartsRItselfWhereItReadsAProfile) {
  std::ofstream(folder_.path() / ".Rprofile") << "options(digits = 3)\n";
  EXPECT_FALSE(warmed({"scoria", "call-r", "fit.R"}, {}).is_warm);
  EXPECT_TRUE(warmed({"scoria", "call-py", "fit.py"}, {}).is_warm);
  EXPECT_FALSE(warmed({"scoria", "call-py", "-u", "fit.py"}, {}).is_warm);
}

TEST_F(WarmTask, LeavesScoringToTheWarmScorer) {
  EXPECT_TRUE(may_be_warm({"scoria", "score", "m.rds"}));
  EXPECT_FALSE(may_be_warm({"scoria", "inspect", "m.rds"}));
  EXPECT_FALSE(may_be_warm({"scoria"}));
  const auto score = warmed({"scoria", "score", "m.rds"}, {"PATH=/bin"});
  EXPECT_TRUE(score.is_warm);
  EXPECT_TRUE(score.template_command.empty());
}

}  // namespace
}  // namespace scoria::node
