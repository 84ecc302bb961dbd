#include "base/folder_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace scoria {
namespace {

namespace fs = std::filesystem;

class FolderLocks : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-lock-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(FolderLocks, RefuseASecondHolderAndNameTheFirst) {
  const auto first = FolderLock::take(folder_);
  ASSERT_TRUE(first.ok()) << first.error().message;
  const auto second = FolderLock::take(folder_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find("process " + std::to_string(getpid())), std::string::npos)
      << second.error().message;
  EXPECT_TRUE(FolderLock::take(folder_, Duration::zero(), "another").ok());
}

TEST_F(FolderLocks, AreFreeAgainWithTheirOwnersEnd) {
  { ASSERT_TRUE(FolderLock::take(folder_).ok()); }
  EXPECT_TRUE(FolderLock::take(folder_).ok());
}

TEST_F(FolderLocks, WaitForAnotherToEnd) {
  for (const Duration patience : {FolderLock::kForever, Duration(std::chrono::minutes(1))}) {
    auto first = std::make_unique<Result<FolderLock>>(FolderLock::take(folder_));
    ASSERT_TRUE(first->ok());
    std::atomic<bool> has_ended = false;
    std::thread ends([&] {
      has_ended = true;
      first.reset();
    });
    const auto second = FolderLock::take(folder_, patience);
    EXPECT_TRUE(second.ok());
    EXPECT_TRUE(has_ended);
    ends.join();
  }
}

TEST_F(FolderLocks, AreFilesThatNobodyElseReadsAndFollowNoLink) {
  { ASSERT_TRUE(FolderLock::take(folder_).ok()); }
  struct stat facts {};
  ASSERT_EQ(::stat((folder_ / "lock").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
  std::ofstream(folder_ / "mine") << "text";
  fs::create_symlink(folder_ / "mine", folder_ / "link");
  EXPECT_FALSE(FolderLock::take(folder_, Duration::zero(), "link").ok());
  EXPECT_EQ(fs::file_size(folder_ / "mine"), 4u);
  EXPECT_EQ(FolderLock::take(folder_ / "none").error().code, Code::not_found);
}

}  // namespace
}  // namespace scoria
