#include "store/state_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace scoria::store {
namespace {

namespace fs = std::filesystem;

class StateFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-state-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    auto store = Store::open(folder_ / "state");
    ASSERT_TRUE(store.ok()) << store.error().message;
    store_ = std::move(store).value();
    Changes changes;
    changes.put({Kind::job, "", "J", R"({"id":"J"})"});
    changes.add_task({.job = 1, .number = 1, .id = "a", .state = TaskState::completed, .spec = "{}", .info = "{}"});
    changes.add_task({.job = 1, .number = 2, .id = "b", .state = TaskState::running, .spec = "{}", .info = "{}"});
    changes.add_task({.job = 2, .number = 1, .id = "c", .state = TaskState::active, .spec = "{}", .info = "{}"});
    ASSERT_TRUE(store_->commit(changes).ok());
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(folder_);
  }
  std::vector<std::string> tasks(StateFile& file) {
    std::vector<std::string> ids;
    EXPECT_TRUE(file.each_task([&](const TaskRow& row) -> Status { return ids.push_back(row.id), Ok{}; }).ok());
    return ids;
  }
  fs::path folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(StateFileTest, CopiesWhatWasCommittedWhileTheStoreIsOpen) {
  auto file = StateFile::open(folder_ / "state");
  ASSERT_TRUE(file.ok()) << file.error().message;
  fs::create_directory(folder_ / "copy");
  const Status copied = file.value()->copy(folder_ / "copy" / "state.sqlite");
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  Changes later;
  later.add_task({.job = 2, .number = 2, .id = "later", .state = TaskState::active, .spec = "{}", .info = "{}"});
  ASSERT_TRUE(store_->commit(later).ok());

  struct stat facts {};
  ASSERT_EQ(::stat((folder_ / "copy" / "state.sqlite").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
  auto copy = StateFile::open(folder_ / "copy");
  ASSERT_TRUE(copy.ok()) << copy.error().message;
  EXPECT_EQ(copy.value()->version(), file.value()->version());
  EXPECT_EQ(tasks(*copy.value()), (std::vector<std::string>{"a", "b", "c"}));
  copy.value().reset();
  auto opened = Store::open(folder_ / "copy");
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_TRUE(opened.value()->get(Kind::job, "", "j").value());
}

TEST_F(StateFileTest, LeavesOutTasksOfErasedJobs) {
  Changes erase;
  erase.erase_tasks(1);
  ASSERT_TRUE(store_->commit(erase).ok());
  auto file = StateFile::open(folder_ / "state");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(tasks(*file.value()), std::vector<std::string>{"c"});
}

TEST_F(StateFileTest, VisitsOpenTasksAlone) {
  auto file = StateFile::open(folder_ / "state");
  ASSERT_TRUE(file.ok());
  std::string ids;
  EXPECT_TRUE(file.value()->each_open_task([&](const TaskRow& row) -> Status { return ids += row.id, Ok{}; }).ok());
  EXPECT_EQ(ids, "bc");
}

TEST_F(StateFileTest, IsSoundUntilItIsDamaged) {
  {
    auto file = StateFile::open(folder_ / "state");
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(file.value()->integrity().value().empty());
  }
  store_.reset();
  {
    std::fstream bytes(folder_ / "state" / "state.sqlite", std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(4096 + 8);
    for (int i = 0; i < 4088; ++i) bytes.put('\x5a');
  }
  auto file = StateFile::open(folder_ / "state");
  // Either it cannot be opened at all, or the check says what is wrong.
  if (file.ok()) {
    const auto found = file.value()->integrity();
    EXPECT_TRUE(!found.ok() || !found.value().empty());
  } else {
    EXPECT_EQ(file.error().code, Code::corrupt) << file.error().message;
  }
}

TEST_F(StateFileTest, IsNotFoundWhereThereIsNone) { EXPECT_EQ(StateFile::open(folder_).error().code, Code::not_found); }

}  // namespace
}  // namespace scoria::store
