#include "sim/sqlite_disk.h"

#include <gtest/gtest.h>

#include <string>

#include "store/store.h"

namespace scoria::sim {
namespace {

using store::Changes;
using store::Kind;
using store::Store;

// A machine with a process that has a store open, or none.
struct DatabaseMachine {
  explicit DatabaseMachine(std::uint64_t seed) : disk(Random(seed)) {}
  ~DatabaseMachine() { kill(); }

  Status start() {
    process = disk.start_process();
    sqlite = std::make_unique<SqliteDisk>(*process);
    auto opened = Store::open("/data", {.vfs = sqlite->name()});
    if (!opened.ok()) return opened.error();
    store = std::move(opened).value();
    return Ok{};
  }
  void kill() {
    if (process) process->kill();
    store.reset();
    sqlite.reset();
    process.reset();
  }
  Status put(const std::string& text) {
    Changes changes;
    changes.put({Kind::pool, "", "p", text});
    changes.put({Kind::job, "", "j", text});
    changes.put({Kind::node, "", "n", std::string(9000, text[0])});  // so that it takes several pages
    return store->commit(changes);
  }
  // What the store holds: "-" nothing, "torn" half a commit.
  std::string text() {
    const auto pool = store->get(Kind::pool, "", "p").value();
    const auto job = store->get(Kind::job, "", "j").value();
    if (pool.has_value() != job.has_value() || (pool && pool->text != job->text)) return "torn";
    return pool ? pool->text : "-";
  }

  Disk disk;
  std::unique_ptr<Disk::Process> process;
  std::unique_ptr<SqliteDisk> sqlite;
  std::unique_ptr<Store> store;
};

// How many changing operations a commit takes that follows another.
std::uint64_t operations_of_a_commit() {
  DatabaseMachine machine(1);
  EXPECT_TRUE(machine.start().ok());
  EXPECT_TRUE(machine.put("old").ok());
  const std::uint64_t before = machine.process->operations();
  EXPECT_TRUE(machine.put("new").ok());
  return machine.process->operations() - before;
}

// Kills at every operation of a commit, with what follows then.
void at_every_operation(void (*follow)(DatabaseMachine& machine)) {
  const std::uint64_t operations = operations_of_a_commit();
  ASSERT_GT(operations, 3u);
  for (std::uint64_t nth = 1; nth <= operations; ++nth) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SCOPED_TRACE("operation " + std::to_string(nth) + ", seed " + std::to_string(seed));
      DatabaseMachine machine(seed);
      ASSERT_TRUE(machine.start().ok());
      ASSERT_TRUE(machine.put("old").ok());
      machine.process->kill_at(nth);
      const Status committed = machine.put("new");
      ASSERT_FALSE(machine.process->is_alive());
      ASSERT_FALSE(committed.ok());
      ASSERT_EQ(committed.error().code, Code::unavailable);
      machine.kill();
      follow(machine);
    }
  }
}

TEST(SqliteDisk, LeavesACommitWholeOrAbsentWhereverThePowerIsCut) {
  at_every_operation([](DatabaseMachine& machine) {
    machine.disk.crash();
    ASSERT_TRUE(machine.start().ok());
    const std::string text = machine.text();
    EXPECT_TRUE(text == "old" || text == "new") << text;
    EXPECT_TRUE(machine.put("newer").ok());
  });
}

// A restarted server acts on what it reads: a power cut afterwards must not take it away, nor what was confirmed since.
TEST(SqliteDisk, KeepsWhatWasReadAfterAKillThroughAPowerCut) {
  at_every_operation([](DatabaseMachine& machine) {
    ASSERT_TRUE(machine.start().ok());
    const std::string read = machine.text();
    machine.kill();
    machine.disk.crash();
    ASSERT_TRUE(machine.start().ok());
    EXPECT_EQ(machine.text(), read);
  });
}

TEST(SqliteDisk, KeepsWhatWasReadAfterAFailedSyncThroughAPowerCut) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    DatabaseMachine machine(seed);
    ASSERT_TRUE(machine.start().ok());
    ASSERT_TRUE(machine.put("old").ok());
    machine.disk.fail_next_sync();
    const Status committed = machine.put("new");
    ASSERT_FALSE(committed.ok());
    EXPECT_EQ(committed.error().code, Code::unavailable);
    machine.kill();
    ASSERT_TRUE(machine.start().ok());
    const std::string read = machine.text();
    ASSERT_TRUE(machine.put(read + "er").ok());
    machine.kill();
    machine.disk.crash();
    ASSERT_TRUE(machine.start().ok());
    EXPECT_EQ(machine.text(), read + "er");
  }
}

TEST(SqliteDisk, FindsTheDatabaseBusyWhileAnotherProcessLives) {
  DatabaseMachine machine(1);
  ASSERT_TRUE(machine.start().ok());
  ASSERT_TRUE(machine.put("a").ok());
  const auto other = machine.disk.start_process();
  SqliteDisk sqlite(*other);
  EXPECT_EQ(Store::open("/data", {.vfs = sqlite.name()}).error().code, Code::unavailable);
  machine.process->kill();
  const auto opened = Store::open("/data", {.vfs = sqlite.name()});
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened.value()->get(Kind::pool, "", "p").value()->text, "a");
}

TEST(SqliteDisk, LetsADeadProcessDoNothing) {
  DatabaseMachine machine(1);
  ASSERT_TRUE(machine.start().ok());
  ASSERT_TRUE(machine.put("a").ok());
  machine.process->kill();
  const std::uint64_t written = machine.disk.counters().bytes;
  EXPECT_EQ(machine.put("b").error().code, Code::unavailable);
  EXPECT_FALSE(machine.store->get(Kind::pool, "", "q").ok());
  machine.kill();
  EXPECT_EQ(machine.disk.counters().bytes, written);
  ASSERT_TRUE(machine.start().ok());
  EXPECT_EQ(machine.text(), "a");
}

TEST(SqliteDisk, CommitsFromTheReserveOnAFullDiskAndThenRefuses) {
  DatabaseMachine machine(1);
  ASSERT_TRUE(machine.start().ok());
  ASSERT_TRUE(machine.store->has_reserve());
  machine.disk.set_room(0);
  Status last = Ok{};
  int before = 0, after = 0;
  while (last.ok() && after < 100) {
    last = machine.put(std::string(400'000, 'x') + std::to_string(before + after));
    if (last.ok()) ++(machine.store->has_reserve() ? before : after);
    Changes more;
    more.put({Kind::pool, "", "more" + std::to_string(before + after), std::string(400'000, 'y')});
    if (last.ok()) last = machine.store->commit(more);
  }
  EXPECT_GT(after, 0);
  EXPECT_EQ(last.error().code, Code::exhausted) << last.error().message;
  const std::string text = machine.text();
  EXPECT_NE(text, "torn");
  machine.store->make_reserve();
  EXPECT_FALSE(machine.store->has_reserve());
  machine.kill();
  machine.disk.crash();
  ASSERT_TRUE(machine.start().ok());
  EXPECT_EQ(machine.text(), text);
  machine.disk.set_room(32 << 20);
  machine.store->make_reserve();
  EXPECT_TRUE(machine.store->has_reserve());
  EXPECT_LE(machine.disk.room(), 16u << 20);
}

TEST(SqliteDisk, ReadsTheLastCommitWhileAnotherReadGoesOn) {
  DatabaseMachine machine(1);
  ASSERT_TRUE(machine.start().ok());
  Changes changes;
  for (std::uint64_t i = 1; i <= 3; ++i)
    changes.add_task({1, i, "t" + std::to_string(i), store::TaskState::active, "", ""});
  ASSERT_TRUE(machine.store->commit(changes).ok());
  int seen = 0;
  ASSERT_TRUE(machine.store
                  ->each_open_task([&](const store::TaskRow&) -> Status {
                    ++seen;
                    Changes later;
                    later.put({Kind::pool, "", "p", std::to_string(seen)});
                    SCORIA_TRY_STATUS(machine.store->commit(later));
                    EXPECT_EQ(machine.store->get(Kind::pool, "", "p").value()->text, std::to_string(seen));
                    return Ok{};
                  })
                  .ok());
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(machine.sqlite->waits(), 0u);
}

TEST(SqliteDisk, WritesTheSameBytesForTheSameSeed) {
  const auto counts = [](std::uint32_t seed) {
    SqliteDisk::seed_sqlite(seed);
    DatabaseMachine machine(seed);
    EXPECT_TRUE(machine.start().ok());
    EXPECT_TRUE(machine.put("a").ok());
    machine.kill();
    const auto reader = machine.disk.start_process();
    const auto log = reader->open("/data/state.sqlite-wal", false);
    std::string bytes(log->size().value(), '?');
    EXPECT_EQ(log->read(0, std::as_writable_bytes(std::span(bytes))), bytes.size());
    return bytes;
  };
  EXPECT_EQ(counts(4), counts(4));
  EXPECT_NE(counts(4), counts(6));
}

TEST(StoreOptions, NamesAVfsThatMustBeThere) {
  EXPECT_EQ(Store::open("/data", {.vfs = "no-such"}).error().code, Code::invalid);
}

}  // namespace
}  // namespace scoria::sim
