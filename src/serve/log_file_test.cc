#include "serve/log_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace scoria::serve {
namespace {

namespace fs = std::filesystem;

class LogFileTest : public testing::Test {
 protected:
  LogFileTest() {
    std::string name = fs::temp_directory_path() / "scoria-log-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~LogFileTest() override { fs::remove_all(folder); }

  static std::string text(const fs::path& path) {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  }
  std::unique_ptr<LogFile> open(LogFileOptions options = {}) {
    options.path = path();
    auto file = LogFile::open(options);
    EXPECT_TRUE(file.ok());
    return std::move(file).value();
  }
  std::string path() const { return folder / "log"; }

  fs::path folder;
};

TEST_F(LogFileTest, WritesLinesInTheirOrderToAFileOfItsOwner) {
  {
    const auto file = open();
    for (int i = 0; i < 1000; ++i) file->add(std::to_string(i) + "\n");
  }  // the end writes what waits
  std::string expected;
  for (int i = 0; i < 1000; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(text(path()), expected);
  struct stat state {};
  ASSERT_EQ(::stat(path().c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0600u);
}

TEST_F(LogFileTest, GoesOnInANewFileWhereTheOldOneWasMovedAway) {
  const auto file = open();
  file->add("one\n");
  file->flush();
  fs::rename(path(), path() + ".old");
  file->reopen();
  file->add("two\n");
  file->flush();
  EXPECT_EQ(text(path() + ".old"), "one\n");
  EXPECT_EQ(text(path()), "two\n");
}

TEST_F(LogFileTest, KeepsSoManyOlderFiles) {
  const auto file = open({.rotate_bytes = 10, .keep = 2});
  for (const char* line : {"1111111\n", "2222222\n", "3333333\n", "4444444\n"}) {
    file->add(line);
    file->flush();
  }
  EXPECT_EQ(text(path()), "4444444\n");
  EXPECT_EQ(text(path() + ".1"), "3333333\n");
  EXPECT_EQ(text(path() + ".2"), "2222222\n");
  EXPECT_FALSE(fs::exists(path() + ".3"));
}

TEST_F(LogFileTest, DropsAndCountsWhatDoesNotFit) {
  const auto file = open({.buffer_bytes = 8});
  file->add("more than eight\n");
  EXPECT_EQ(file->dropped(), 1u);
  file->add("few\n");
  file->flush();
  EXPECT_EQ(text(path()), "few\n");
}

TEST_F(LogFileTest, SaysWhichFolderIsMissing) {
  const auto file = LogFile::open({.path = folder / "no" / "log"});
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, Code::not_found);
  EXPECT_NE(file.error().message.find("/no/log"), std::string::npos);
}

TEST_F(LogFileTest, RefusesToKeepNothing) {
  EXPECT_EQ(LogFile::open({.path = path(), .keep = 0}).error().code, Code::invalid);
}

}  // namespace
}  // namespace scoria::serve
