#include "spec/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace scoria::spec {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(std::string_view text) {
  auto result = split_command_line(text);
  EXPECT_TRUE(result.ok()) << text;
  return result.ok() ? std::move(result).value() : std::vector<std::string>{};
}

TEST(SplitCommandLine, SplitsAtBlanks) {
  EXPECT_THAT(split("  a\tb \n c  "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split("cmd"), ElementsAre("cmd"));
}

TEST(SplitCommandLine, KeepsWhatQuotesHoldTogether) {
  EXPECT_THAT(split(R"(a "b c" 'd e' f"g h"'i j'k)"), ElementsAre("a", "b c", "d e", "fg hi jk"));
  EXPECT_THAT(split(R"(a "" '')"), ElementsAre("a", "", ""));
}

TEST(SplitCommandLine, TakesBackslashesAsAShellDoes) {
  EXPECT_THAT(split(R"(a\ b "c\"d\\e\$f\`g\n" 'h\i' j\\k \"l)"),
              ElementsAre("a b", R"(c"d\e$f`g\n)", R"(h\i)", R"(j\k)", "\"l"));
  EXPECT_THAT(split("a\\\nb \"c\\\nd\""), ElementsAre("ab", "cd"));
  EXPECT_THAT(split("a b\\"), ElementsAre("a", "b\\"));
}

TEST(SplitCommandLine, LeavesVariablesPipesAndGlobsAlone) {
  EXPECT_THAT(split("echo $HOME * | cat > x; `ls` #no"),
              ElementsAre("echo", "$HOME", "*", "|", "cat", ">", "x;", "`ls`", "#no"));
}

// Wire document 1.7: what doAzureParallel makes, with what its shells were started with.
TEST(SplitCommandLine, SplitsTheRecordedCommandLines) {
  EXPECT_THAT(
      split(R"(/bin/bash -c "set -e; set -o pipefail; Rscript --no-save --no-environ --no-restore --no-site-file )"
            R"(--verbose $AZ_BATCH_JOB_PREP_WORKING_DIR/worker.R 1 2 0 stop > $AZ_BATCH_TASK_ID.txt; wait")"),
      ElementsAre("/bin/bash", "-c",
                  "set -e; set -o pipefail; Rscript --no-save --no-environ --no-restore --no-site-file --verbose "
                  "$AZ_BATCH_JOB_PREP_WORKING_DIR/worker.R 1 2 0 stop > $AZ_BATCH_TASK_ID.txt; wait"));
  EXPECT_THAT(split(R"(/bin/bash -c "set -e; set -o pipefail; echo 'Installing R Packages & Downloading Resource )"
                    R"(Files'; wait")"),
              ElementsAre("/bin/bash", "-c",
                          "set -e; set -o pipefail; echo 'Installing R Packages & Downloading Resource Files'; wait"));
  // The start task's package line as it stands in the pool's body, with its inner quotes escaped.
  EXPECT_THAT(split(R"(/bin/bash -c "docker run --rm image Rscript -e \'args <- commandArgs(TRUE)\' -e )"
                    R"(\'.libPaths( c( \\\"/mnt/x\\\", .libPaths()))\' ggplot2; wait")"),
              ElementsAre("/bin/bash", "-c",
                          R"(docker run --rm image Rscript -e \'args <- commandArgs(TRUE)\' -e )"
                          R"(\'.libPaths( c( \"/mnt/x\", .libPaths()))\' ggplot2; wait)"));
  EXPECT_THAT(split("/bin/sh -c \"echo hi\""), ElementsAre("/bin/sh", "-c", "echo hi"));
}

TEST(SplitCommandLine, SaysWhatIsWrong) {
  EXPECT_EQ(split_command_line("a \"b").error().message,
            "the command line's \" at byte 2 is never closed: quotes come in pairs, or as \\\"");
  EXPECT_EQ(split_command_line("'").error().code, Code::invalid);
  EXPECT_EQ(split_command_line("\"a\\\"").error().code, Code::invalid);
  EXPECT_EQ(split_command_line(" \t\n").error().message, "the command line is blank: it must name a program");
  EXPECT_EQ(split_command_line("").error().code, Code::invalid);
  EXPECT_EQ(split_command_line(std::string_view("a\0b", 3)).error().code, Code::invalid);
}

TEST(SplitCommandLine, BoundsBytesAndArguments) {
  EXPECT_TRUE(split_command_line(std::string(64 << 10, 'a')).ok());
  EXPECT_EQ(split_command_line(std::string((64 << 10) + 1, 'a')).error().code, Code::too_large);
  std::string many;
  for (int i = 0; i < 4096; ++i) many += "a ";
  EXPECT_EQ(split(many).size(), 4096u);
  EXPECT_EQ(split_command_line(many + "a").error().code, Code::too_large);
}

std::string expand(std::string_view text) {
  const std::map<std::string, std::string, std::less<>> variables = {{"A", "1"}, {"AB", "2"}, {"E", ""}, {"D", "$A"}};
  return expand_variables(text, [&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(ExpandVariables, TakesTheThreeForms) {
  EXPECT_EQ(expand("$A ${A} %A%"), "1 1 1");
  EXPECT_EQ(expand("$AB/${A}B/%A%B"), "2/1B/1B");
  EXPECT_EQ(expand("[$E]"), "[]");
}

TEST(ExpandVariables, LeavesWhatItDoesNotKnow) {
  EXPECT_EQ(expand("$X ${X} %X% ${A $ % %% 100% $1 ${} $"), "$X ${X} %X% ${A $ % %% 100% $1 ${} $");
}

TEST(ExpandVariables, ExpandsNoValueAgain) { EXPECT_EQ(expand("$D"), "$A"); }

}  // namespace
}  // namespace scoria::spec
