#include "sim/disk.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace scoria::sim {
namespace {

using Outcome = Disk::Outcome;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string content(Disk::Process& process, std::string_view path) {
  const auto file = process.open(path, false);
  if (file == nullptr) return "missing";
  std::string text(file->size().value(), '?');
  EXPECT_EQ(file->read(0, std::as_writable_bytes(std::span(text))), text.size());
  return text;
}

// One machine with a file /d/f that holds "old", durably.
struct Machine {
  explicit Machine(std::uint64_t seed) : disk(Random(seed)) {
    process = disk.start_process();
    file = process->open("/d/f", true);
    EXPECT_EQ(file->write(0, bytes("old")), Outcome::ok);
    EXPECT_EQ(file->sync(), Outcome::ok);
    EXPECT_EQ(process->sync_names("/d"), Outcome::ok);
  }
  void crash() {
    disk.crash();
    EXPECT_FALSE(process->is_alive());
    process = disk.start_process();
  }
  Disk disk;
  std::unique_ptr<Disk::Process> process;
  std::unique_ptr<Disk::File> file;
};

// What /d/f may hold after `change` and a crash, over many seeds.
std::set<std::string> outcomes(void (*change)(Machine&), std::string_view path = "/d/f", int seeds = 300) {
  std::set<std::string> seen;
  for (int seed = 0; seed < seeds; ++seed) {
    Machine machine(static_cast<std::uint64_t>(seed));
    change(machine);
    machine.crash();
    seen.insert(content(*machine.process, path));
  }
  return seen;
}

using Seen = std::set<std::string>;

TEST(Disk, KeepsWhatAKilledProcessWrote) {
  Machine machine(1);
  EXPECT_EQ(machine.file->write(0, bytes("new")), Outcome::ok);
  machine.process->kill();
  EXPECT_EQ(machine.file->write(0, bytes("ghost")), Outcome::dead);
  EXPECT_EQ(machine.process->remove("/d/f"), Outcome::dead);
  EXPECT_EQ(machine.process->open("/d/g", true), nullptr);
  machine.process = machine.disk.start_process();
  EXPECT_EQ(content(*machine.process, "/d/f"), "new");
  EXPECT_EQ(machine.disk.names(), std::vector<std::string>{"/d/f"});
}

TEST(Disk, KeepsWhatWasSyncedThroughACrash) {
  EXPECT_EQ(outcomes([](Machine& machine) {
              (void)machine.file->write(1, bytes("nes"));
              (void)machine.file->sync();
            }),
            Seen{"ones"});
}

TEST(Disk, LosesTearsAndReordersWhatWasNotSynced) {
  const Seen seen = outcomes([](Machine& machine) {
    (void)machine.file->write(0, bytes("A"));
    (void)machine.file->write(1, bytes("B"));
    (void)machine.file->write(2, bytes(std::string(512, 'C')));
  });
  const auto has = [&](const std::string& text) { return seen.contains(text); };
  EXPECT_TRUE(has("old"));
  EXPECT_TRUE(has("Ald"));
  EXPECT_TRUE(has("oBd"));                                  // the later one without the earlier one
  EXPECT_TRUE(has("AB" + std::string(512, 'C')));           // all
  EXPECT_TRUE(has("AB" + std::string(510, 'C')));           // the first sector of two
  EXPECT_TRUE(has("ABd" + std::string(509, '\0') + "CC"));  // the second one
  EXPECT_TRUE(has("ABd" + std::string(511, '\0')));         // only the length
}

TEST(Disk, MayLoseATruncationAndKeepALaterWrite) {
  const Seen seen = outcomes([](Machine& machine) {
    (void)machine.file->truncate(1);
    (void)machine.file->write(1, bytes("X"));
  });
  EXPECT_EQ(seen, (Seen{"old", "o", "oX", "oXd", std::string("o\0", 2)}));
}

TEST(Disk, LosesANameThatItsFolderWasNotSyncedFor) {
  const auto make = [](Machine& machine) {
    const auto file = machine.process->open("/d/g", true);
    (void)file->write(0, bytes("g"));
    (void)file->sync();
  };
  EXPECT_EQ(outcomes(make, "/d/g"), (Seen{"g", "missing"}));
  EXPECT_EQ(outcomes(
                [](Machine& machine) {
                  const auto file = machine.process->open("/d/g", true);
                  (void)file->write(0, bytes("g"));
                  (void)file->sync();
                  (void)machine.process->sync_names("/d");
                },
                "/d/g"),
            Seen{"g"});
}

TEST(Disk, RenamesAsAWhole) {
  for (const std::string path : {"/d/f", "/d/g"}) {
    EXPECT_EQ(outcomes([](Machine& machine) { EXPECT_EQ(machine.process->rename("/d/f", "/d/g"), Outcome::ok); }, path),
              (Seen{"old", "missing"}));
  }
  for (int seed = 0; seed < 100; ++seed) {
    Machine machine(static_cast<std::uint64_t>(seed));
    EXPECT_EQ(machine.process->rename("/d/f", "/d/g"), Outcome::ok);
    machine.crash();
    EXPECT_EQ(machine.disk.names().size(), 1u);
  }
}

TEST(Disk, MayBringBackAFileWhoseRemovalWasNotSynced) {
  EXPECT_EQ(outcomes([](Machine& machine) { EXPECT_EQ(machine.process->remove("/d/f"), Outcome::ok); }),
            (Seen{"old", "missing"}));
}

TEST(Disk, ReadsBackWhatAFailedSyncMayHaveLostForGood) {
  const auto fail = [](Machine& machine) {
    (void)machine.file->write(0, bytes("new"));
    machine.disk.fail_next_sync();
    EXPECT_EQ(machine.file->sync(), Outcome::failed);
    EXPECT_EQ(content(*machine.process, "/d/f"), "new");
    EXPECT_EQ(machine.file->sync(), Outcome::ok);  // nothing left to do, as it believes
  };
  const Seen seen = outcomes(fail);
  EXPECT_TRUE(seen.contains("old"));
  EXPECT_TRUE(seen.contains("new"));
}

TEST(Disk, MakesDurableWhatIsWrittenAgainAfterAFailedSync) {
  EXPECT_EQ(outcomes([](Machine& machine) {
              (void)machine.file->write(0, bytes("new"));
              machine.disk.fail_next_sync();
              EXPECT_EQ(machine.file->sync(), Outcome::failed);
              (void)machine.file->write(0, bytes("new"));
              EXPECT_EQ(machine.file->sync(), Outcome::ok);
            }),
            Seen{"new"});
}

TEST(Disk, SyncsNothingWhereSyncsAreIgnored) {
  const Seen seen = outcomes([](Machine& machine) {
    machine.disk.faults().ignores_syncs = true;
    (void)machine.file->write(0, bytes("new"));
    EXPECT_EQ(machine.file->sync(), Outcome::ok);
  });
  EXPECT_TRUE(seen.contains("old"));
}

TEST(Disk, WritesAsMuchAsThereIsRoomFor) {
  Machine machine(1);
  machine.disk.set_room(4096);
  const std::string text(10'000, 'x');
  EXPECT_EQ(machine.file->write(3, bytes(text)), Outcome::no_room);
  EXPECT_EQ(content(*machine.process, "/d/f"), "old" + std::string(8189, 'x'));
  EXPECT_EQ(machine.disk.room(), 0u);
  EXPECT_EQ(machine.file->write(0, bytes("new")), Outcome::ok);  // takes none
  EXPECT_EQ(machine.process->open("/d/g", true)->write(0, bytes("g")), Outcome::no_room);
}

TEST(Disk, GivesRoomBackWithTheLastHandleOfARemovedFile) {
  Machine machine(1);
  machine.disk.set_room(0);
  EXPECT_EQ(machine.process->remove("/d/f"), Outcome::ok);
  EXPECT_EQ(machine.disk.room(), 0u);
  machine.file.reset();
  EXPECT_EQ(machine.disk.room(), 4096u);
  const auto reserve = machine.process->open("/d/r", true);
  EXPECT_EQ(reserve->allocate(4097), Outcome::no_room);
  EXPECT_EQ(reserve->allocate(4096), Outcome::ok);
  EXPECT_EQ(machine.disk.room(), 0u);
  EXPECT_EQ(reserve->allocate(0), Outcome::ok);
  EXPECT_EQ(machine.disk.room(), 4096u);
}

TEST(Disk, CountsTheSameRoomAfterACrash) {
  for (int seed = 0; seed < 100; ++seed) {
    Machine machine(static_cast<std::uint64_t>(seed));
    machine.disk.set_room(100'000);
    (void)machine.process->open("/d/g", true)->write(0, bytes(std::string(5000, 'g')));
    (void)machine.process->remove("/d/f");
    machine.crash();
    for (const std::string& name : machine.disk.names()) (void)machine.process->remove(name);
    EXPECT_EQ(machine.disk.room(), 104'096u) << "seed " << seed;
  }
}

TEST(Disk, KillsWithinTheOperationThatWasNamed) {
  Seen seen;
  for (int seed = 0; seed < 100; ++seed) {
    Machine machine(static_cast<std::uint64_t>(seed));
    machine.process->kill_at(2);
    EXPECT_EQ(machine.file->write(0, bytes("n")), Outcome::ok);
    EXPECT_EQ(machine.file->write(1, bytes("ew")), Outcome::dead);
    EXPECT_FALSE(machine.process->is_alive());
    machine.process = machine.disk.start_process();
    seen.insert(content(*machine.process, "/d/f"));
  }
  EXPECT_EQ(seen, (Seen{"nld", "ned", "new"}));
}

TEST(Disk, LendsAFileToOneLiveProcess) {
  Machine machine(1);
  EXPECT_TRUE(machine.file->hold());
  const auto other = machine.disk.start_process();
  const auto file = other->open("/d/f", false);
  EXPECT_FALSE(file->hold());
  machine.process->kill();
  EXPECT_TRUE(file->hold());
}

TEST(Disk, DoesTheSameForTheSameSeed) {
  const auto run = [](std::uint64_t seed) {
    Machine machine(seed);
    for (int i = 0; i < 20; ++i)
      (void)machine.file->write(static_cast<std::uint64_t>(i) * 100, bytes(std::string(300, 'x')));
    machine.crash();
    return content(*machine.process, "/d/f");
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

}  // namespace
}  // namespace scoria::sim
