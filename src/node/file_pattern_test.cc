#include "node/file_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/folder_for_tests.h"

namespace scoria::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Pattern : public testing::Test {
 protected:
  Pattern() {
    for (const char* name : {"t/stdout.txt", "t/stderr.txt", "t/wd/a.txt", "t/wd/b.rds", "t/wd/.hidden.txt",
                             "t/wd/results/1.rds", "t/wd/results/2.rds", "t/wd/results/deep/3.rds", "outside/x.txt"}) {
      FolderForTests::write(folder_ / name, name);
    }
    std::filesystem::create_symlink(folder_ / "outside", folder_ / "t/wd/link");
    std::filesystem::create_symlink(folder_ / "outside/x.txt", folder_ / "t/wd/x-link.txt");
  }
  std::vector<std::string> names(const std::string& text) {
    std::vector<std::string> found;
    const auto pattern = FilePattern::parse(text);
    EXPECT_TRUE(pattern.ok()) << text;
    if (!pattern.ok()) return found;
    for (const auto& match : pattern.value().find(folder_ / "t/wd", folder_ / "t", 1000)) {
      found.push_back(match.path + " as " + match.name);
    }
    return found;
  }
  FolderForTests folder_;
};

TEST_F(Pattern, MatchesWithinANameAndOverFolders) {
  EXPECT_THAT(names("a.txt"), ElementsAre("a.txt as a.txt"));
  EXPECT_THAT(names("*.txt"), ElementsAre("a.txt as a.txt"));
  EXPECT_THAT(names("results/*.rds"), ElementsAre("results/1.rds as 1.rds", "results/2.rds as 2.rds"));
  EXPECT_THAT(names("**/*.rds"),
              ElementsAre("b.rds as b.rds", "results/1.rds as results/1.rds", "results/2.rds as results/2.rds",
                          "results/deep/3.rds as results/deep/3.rds"));
  EXPECT_THAT(names("results/**"),
              ElementsAre("results/1.rds as 1.rds", "results/2.rds as 2.rds", "results/deep/3.rds as deep/3.rds"));
}

TEST_F(Pattern, ReachesTheTasksFolderAboveAndNothingBeyond) {
  EXPECT_THAT(names("../stdout.txt"), ElementsAre("../stdout.txt as stdout.txt"));
  EXPECT_THAT(names("../std*.txt"), ElementsAre("../stderr.txt as stderr.txt", "../stdout.txt as stdout.txt"));
  EXPECT_THAT(names("../../outside/x.txt"), IsEmpty());
  EXPECT_THAT(names("../../outside/*"), IsEmpty());
  EXPECT_THAT(names("link/*"), IsEmpty());
  EXPECT_THAT(names("x-link.txt"), IsEmpty());
}

TEST_F(Pattern, LeavesHiddenFilesUnlessAskedFor) {
  EXPECT_THAT(names(".*.txt"), ElementsAre(".hidden.txt as .hidden.txt"));
}

TEST(PatternPart, FitsAsShellPatternsDo) {
  EXPECT_TRUE(matches_part("a*b*c", "axxbyybzzc"));
  EXPECT_FALSE(matches_part("a*b*c", "axxbyyb"));
  EXPECT_TRUE(matches_part("part-[0-9]?.csv", "part-7x.csv"));
  EXPECT_FALSE(matches_part("part-[!0-9].csv", "part-7.csv"));
  EXPECT_TRUE(matches_part("[]a].x", "].x"));
  // Linear in practice: no exponential walk.
  EXPECT_FALSE(matches_part(std::string(64, '*') + "b", std::string(4096, 'a')));
}

TEST(PatternText, IsRefusedWhereItMakesNoSense) {
  for (const char* text : {"/etc/passwd", "a/../b", "..", "", "a[b", "a/.."}) {
    EXPECT_FALSE(FilePattern::parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace scoria::node
