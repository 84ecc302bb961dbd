#include "base/file.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace scoria {
namespace {

class TemporaryFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-file-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
  std::filesystem::path folder_;
};

using File = TemporaryFolder;

TEST_F(File, ReadsBackWhatWasWritten) {
  const std::string bytes("a\0b", 3);
  ASSERT_TRUE(write_file(folder_ / "x", bytes).ok());
  EXPECT_EQ(FileBytes::open(folder_ / "x").value().text(), bytes);
}

TEST_F(File, AnEmptyFileHasNoBytes) {
  ASSERT_TRUE(write_file(folder_ / "x", "").ok());
  EXPECT_TRUE(FileBytes::open(folder_ / "x").value().bytes().empty());
}

TEST_F(File, AMissingFileIsNotFoundAndNamed) {
  const auto result = FileBytes::open(folder_ / "none");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::not_found);
  EXPECT_NE(result.error().message.find("none"), std::string::npos);
}

TEST_F(File, AFolderIsRefused) { EXPECT_EQ(FileBytes::open(folder_).error().code, Code::invalid); }

TEST_F(File, NothingIsLeftOfAFileThatWasNotCommitted) {
  {
    auto file = AtomicFile::create(folder_ / "x");
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file.value().write("half").ok());
    EXPECT_EQ(entries(), 1u);
  }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(File, TheOldContentStaysUntilTheNewOneIsCommitted) {
  ASSERT_TRUE(write_file(folder_ / "x", "old").ok());
  auto file = AtomicFile::create(folder_ / "x");
  ASSERT_TRUE(file.value().write("new").ok());
  EXPECT_EQ(FileBytes::open(folder_ / "x").value().text(), "old");
  ASSERT_TRUE(file.value().commit().ok());
  EXPECT_EQ(FileBytes::open(folder_ / "x").value().text(), "new");
  EXPECT_EQ(entries(), 1u);
}

}  // namespace
}  // namespace scoria
