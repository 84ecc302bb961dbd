// The store on a real disk; what must hold of any Store runs against the fake of other folders' tests too.
#include <gtest/gtest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "store/memory_store_for_tests.h"
#include "store/store.h"

namespace scoria::store {
namespace {

namespace fs = std::filesystem;

struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "store_test.XXXXXX").string();
    SCORIA_CHECK(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

std::unique_ptr<Store> open(const fs::path& folder) {
  auto store = Store::open(folder);
  EXPECT_TRUE(store.ok()) << store.error().message;
  return std::move(store).value();
}

std::vector<std::string> ids(const std::vector<Document>& documents) {
  std::vector<std::string> out;
  for (const Document& document : documents) out.push_back(document.parent + "/" + document.id);
  return out;
}

// What both must do alike.
class AnyStore : public testing::TestWithParam<bool> {
 protected:
  AnyStore() {
    if (GetParam()) {
      store = open(folder.path / "data");
    } else {
      store = std::make_unique<MemoryStore>();
    }
  }
  void commit() {
    ASSERT_TRUE(store->commit(changes).ok());
    changes.clear();
  }
  TemporaryFolder folder;
  std::unique_ptr<Store> store;
  Changes changes;
};
INSTANTIATE_TEST_SUITE_P(Both, AnyStore, testing::Bool(),
                         [](const auto& name) { return name.param ? "Sqlite" : "Memory"; });

TEST_P(AnyStore, FindsDocumentsWithoutRegardToCase) {
  changes.put({Kind::pool, "", "Night", "text"});
  commit();
  const auto found = store->get(Kind::pool, "", "nIGHT").value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, "Night");
  EXPECT_EQ(found->text, "text");
  EXPECT_FALSE(store->get(Kind::job, "", "night").value().has_value());
  changes.erase(Kind::pool, "", "NIGHT");
  commit();
  EXPECT_FALSE(store->get(Kind::pool, "", "night").value().has_value());
}

TEST_P(AnyStore, PagesThroughDocumentsInTheOrderOfTheirIds) {
  for (const char* id : {"b", "A", "c_", "C1"}) changes.put({Kind::node, "P", id, ""});
  changes.put({Kind::node, "o", "z", ""});
  changes.put({Kind::node, "q", "a", ""});
  commit();
  using V = std::vector<std::string>;
  EXPECT_EQ(ids(store->list(Kind::node, "p", "", 9).value()), (V{"P/A", "P/b", "P/C1", "P/c_"}));
  EXPECT_EQ(ids(store->list(Kind::node, "p", "B", 1).value()), (V{"P/C1"}));
  EXPECT_EQ(ids(store->list(Kind::node, std::nullopt, "", 3).value()), (V{"o/z", "P/A", "P/b"}));
  EXPECT_EQ(ids(store->list(Kind::node, std::nullopt, "p\nc1", 9).value()), (V{"P/c_", "q/a"}));
}

TEST_P(AnyStore, ListsTasksByNumberAndState) {
  changes.add_task({5, 1, "a", TaskState::active, "sa", "ia"});
  changes.add_task({5, 2, "b", TaskState::active, "sb", "ib"});
  changes.add_task({6, 1, "a", TaskState::active, "other", ""});
  commit();
  changes.update_task(5, 1, TaskState::completed, "done");
  changes.update_task_spec(5, 2, "sb2");
  commit();
  EXPECT_EQ(store->tasks(5, 0, 9, std::nullopt).value().size(), 2u);
  EXPECT_EQ(store->tasks(5, 1, 9, std::nullopt).value().size(), 1u);
  const auto active = store->tasks(5, 0, 9, TaskState::active).value();
  ASSERT_EQ(active.size(), 1u);
  EXPECT_EQ(active[0].spec, "sb2");
  const auto completed = store->tasks(5, 0, 9, TaskState::completed).value();
  ASSERT_EQ(completed.size(), 1u);
  EXPECT_EQ(completed[0].info, "done");
  EXPECT_EQ(completed[0].spec, "sa");
  EXPECT_EQ(store->task(5, "A").value()->number, 1u);
  EXPECT_FALSE(store->task(7, "a").value().has_value());
  std::vector<std::string> open_ones;
  ASSERT_TRUE(store
                  ->each_open_task([&](TaskRow row) -> Status {
                    open_ones.push_back(std::to_string(row.job) + row.id);
                    return Ok{};
                  })
                  .ok());
  EXPECT_EQ(open_ones, (std::vector<std::string>{"5b", "6a"}));
}

TEST_P(AnyStore, ErasesAJobsTasksAtOnceForWhoReadsOpenOnes) {
  for (std::uint64_t i = 1; i <= 5000; ++i)
    changes.add_task({5, i, "t" + std::to_string(i), TaskState::active, "", ""});
  changes.add_task({6, 1, "t", TaskState::active, "", ""});
  commit();
  changes.erase_tasks(5);
  commit();
  int open_ones = 0;
  ASSERT_TRUE(store
                  ->each_open_task([&](const TaskRow& row) -> Status {
                    EXPECT_EQ(row.job, 6u);
                    ++open_ones;
                    return Ok{};
                  })
                  .ok());
  EXPECT_EQ(open_ones, 1);
  // The rows themselves go with the commits that follow.
  for (int i = 0; i < 3; ++i) {
    changes.put({Kind::account, "", "x", std::to_string(i)});
    commit();
  }
  EXPECT_TRUE(store->tasks(5, 0, 9, std::nullopt).value().empty());
  EXPECT_EQ(store->tasks(6, 0, 9, std::nullopt).value().size(), 1u);
}

TEST(SqliteStore, HoldsWhatWasCommittedAfterAKill) {
  TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = Store::open(folder.path);
    Changes changes;
    changes.put({Kind::pool, "", "p", "kept"});
    if (!store.ok() || !store.value()->commit(changes).ok()) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(open(folder.path)->get(Kind::pool, "", "p").value()->text, "kept");
}

TEST(SqliteStore, IsRefusedToASecondOwnerNamingTheFirst) {
  TemporaryFolder folder;
  const auto first = open(folder.path);
  const auto second = Store::open(folder.path);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos);
}

void pragma(const fs::path& file, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
}

TEST(SqliteStore, RefusesAFolderOfANewerVersionAndLeavesItAsItIs) {
  TemporaryFolder folder;
  open(folder.path).reset();
  pragma(folder.path / "state.sqlite", "PRAGMA user_version=999");
  const auto again = Store::open(folder.path);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Code::unsupported);
  EXPECT_NE(again.error().message.find("999"), std::string::npos);
}

TEST(SqliteStore, RefusesAnotherProgramsDatabase) {
  TemporaryFolder folder;
  pragma(folder.path / "state.sqlite", "PRAGMA application_id=7; CREATE TABLE x(y)");
  const auto store = Store::open(folder.path);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, Code::unsupported);
}

TEST(SqliteStore, SaysThatAFileIsNoDatabase) {
  TemporaryFolder folder;
  std::FILE* file = std::fopen((folder.path / "state.sqlite").c_str(), "w");
  std::fputs(std::string(5000, 'x').c_str(), file);
  std::fclose(file);
  const auto store = Store::open(folder.path);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, Code::corrupt);
}

TEST(SqliteStore, RefusesASecondTaskOfAnIdWholly) {
  TemporaryFolder folder;
  const auto store = open(folder.path);
  Changes changes;
  changes.put({Kind::pool, "", "p", "x"});
  changes.add_task({1, 1, "t", TaskState::active, "", ""});
  changes.add_task({1, 2, "T", TaskState::active, "", ""});
  EXPECT_FALSE(store->commit(changes).ok());
  EXPECT_FALSE(store->get(Kind::pool, "", "p").value().has_value());
}

// A limit of the file size is not the full disk: SQLite hears EFBIG of one and ENOSPC of the other, so this asks only that a failed commit
// leaves nothing and the next one works. It needs no rights; the full disk is below.
TEST(SqliteStore, LeavesNothingOfACommitThatDoesNotFit) {
  TemporaryFolder folder;
  const auto store = open(folder.path);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1 << 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Changes changes;
  changes.put({Kind::pool, "", "p", std::string(4 << 20, 'x')});
  const Status committed = store->commit(changes);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(committed.ok());
  EXPECT_FALSE(store->get(Kind::pool, "", "p").value().has_value());
  EXPECT_TRUE(store->commit(changes).ok());
  EXPECT_TRUE(store->get(Kind::pool, "", "p").value().has_value());
}

// In a child, whose file systems are its own. What went wrong, or 0; kNoMount where nothing may be mounted.
constexpr int kNoMount = 77;
int live_through_a_full_disk(const fs::path& folder) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kNoMount;
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=48m") != 0) return kNoMount;
  auto opened = Store::open(folder / "data");
  if (!opened.ok() || !opened.value()->has_reserve()) return 1;
  Store& store = *opened.value();
  Changes changes;
  for (int i = 0; store.has_reserve(); ++i) {
    if (i == 1000) return 2;
    changes.clear();
    changes.put({Kind::pool, "", "p" + std::to_string(i), std::string(500'000, 'x')});
    if (!store.commit(changes).ok()) return 3;  // the reserve is there for this one
  }
  // What runs ends: many small commits, each durable.
  for (int i = 0; i < 3000; ++i) {
    changes.clear();
    changes.put({Kind::pool, "", "q", std::string(1000, 'y') + std::to_string(i)});
    if (!store.commit(changes).ok()) return 4;
  }
  // And then it is full, and says so, and holds what it held.
  Status full = Ok{};
  for (int i = 0; full.ok(); ++i) {
    if (i == 1000) return 5;
    changes.clear();
    changes.put({Kind::pool, "", "z" + std::to_string(i), std::string(500'000, 'z')});
    full = store.commit(changes);
  }
  if (full.error().code != Code::exhausted) return 6;
  opened = Store::open(folder / "elsewhere");  // closes the first
  opened = Store::open(folder / "data");
  if (!opened.ok()) return 7;
  const auto kept = opened.value()->get(Kind::pool, "", "q");
  return kept.ok() && kept.value() && kept.value()->text.ends_with("2999") ? 0 : 8;
}

TEST(SqliteStore, OnAFullDiskCommitsFromItsReserveAndThenRefuses) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(live_through_a_full_disk(folder.path));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoMount) GTEST_SKIP() << "needs the right to mount a small file system";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace scoria::store
