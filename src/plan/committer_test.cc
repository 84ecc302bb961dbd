#include "plan/committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "plan/folder_for_tests.h"

namespace scoria::plan {
namespace {

class Commit : public FolderTest {
 protected:
  std::vector<arrowio::OutputFile> written(const std::vector<std::string>& names) {
    std::vector<arrowio::OutputFile> all;
    for (const std::string& name : names) {
      all.push_back(AtomicFile::create(folder_ / name).value());
      EXPECT_TRUE(all.back().write(name).ok());
    }
    return all;
  }
};

TEST_F(Commit, EveryFileThatWasAddedIsThereAfterFinish) {
  int done = 0;
  Committer committer;
  for (int i = 0; i < 100; ++i) {
    committer.add(written({std::to_string(i)}), [&](const Status& status) { done += status.ok() ? 1 : 0; });
  }
  committer.finish();
  EXPECT_EQ(done, 100);
  EXPECT_EQ(files().size(), 100u);
}

TEST_F(Commit, AFileThatCannotBeRenamedStopsThoseBehindIt) {
  std::filesystem::create_directories(folder_ / "taken/inside");
  Status status = Ok{};
  Committer committer;
  committer.add(written({"taken", "after"}), [&](Status committed) { status = std::move(committed); });
  committer.finish();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, testing::HasSubstr("taken"));
  EXPECT_TRUE(files().empty());  // neither the files nor their temporaries
}

TEST_F(Commit, WhatACallbackThrowsReachesTheCaller) {
  Committer committer;
  committer.add({}, [](const Status&) { throw std::runtime_error("told"); });
  EXPECT_THROW(committer.finish(), std::runtime_error);
}

}  // namespace
}  // namespace scoria::plan
