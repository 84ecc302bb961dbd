// The files of one simulated machine, in memory: what was written, and what of it a power cut would leave.
//
// What a process writes is there for everyone at once, and stays when the process is killed. What no sync covered is at the mercy of a crash:
// of each file's writes and truncations since its last sync, each survives wholly, in part (some of its sectors of 512 bytes, a shorter
// beginning, or only the file's new length) or not at all, a later one also without an earlier one. Bytes beside a write are never hurt.
// Names are weaker than on ext4, where a file's sync takes its name along: a name that was made, removed or renamed needs a sync of its folder;
// until then each such change survives a crash or does not, independently of others, a rename as a whole. Folders are all there.
// A failed sync is as on Linux: what it should have written counts as written, is read back as such, and may or may not be on the disk;
// no later sync makes up for it.
// Source: P. Rebello et al., "Can Applications Recover from fsync Failures?" (2020); T. Pillai et al., "All File Systems Are Not Created Equal"
// (2014).
// Threads: one. Owns: the contents. A Process and its Files must not be used after their Disk is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/random.h"

namespace scoria::sim {

// The path without its last name; no slash at its end.
inline std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

class Disk {
 public:
  // no_room: of a write, as much as there was room for is written. failed: a sync. dead: the process is, nothing was done.
  enum class Outcome : std::uint8_t { ok, missing, no_room, failed, dead };

  // What the world lets go wrong; may be changed at any time.
  struct Faults {
    double failed_syncs = 0;     // the probability of each
    bool ignores_syncs = false;  // a disk that lies: a sync does nothing and says that it was done
  };
  struct Counters {
    std::uint64_t writes = 0, bytes = 0, syncs = 0, failed_syncs = 0, crashes = 0;
  };

  class File;
  class Process;

  explicit Disk(Random random);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  std::unique_ptr<Process> start_process();

  // Power loss: every process is killed, and what was not synced takes its chances.
  void crash();

  Faults& faults() { return faults_; }
  void fail_next_sync() { fails_next_sync_ = true; }
  // How many bytes can still be taken, from now on; none: any number. Files take whole blocks of 4096.
  void set_room(std::optional<std::uint64_t> bytes) { room_ = bytes; }
  std::optional<std::uint64_t> room() const { return room_; }

  const Counters& counters() const { return counters_; }
  // As processes see them now, in order.
  std::vector<std::string> names() const;

 private:
  struct Inode;
  struct NameChange;
  using Names = std::map<std::string, std::shared_ptr<Inode>, std::less<>>;

  bool take_room(Inode& inode, std::uint64_t size);
  void free_unused(Inode& inode);
  bool sync_fails();
  void change_name(NameChange change);
  static void apply(const NameChange& change, Names& names);

  Random random_;
  Faults faults_;
  bool fails_next_sync_ = false;
  std::optional<std::uint64_t> room_;
  Counters counters_;
  Names names_, durable_names_;
  std::vector<NameChange> name_changes_;  // what leads from durable_names_ to names_
  std::set<Process*> processes_;
};

// A process of that machine: files are opened by one, and are of no effect once it is dead.
class Disk::Process {
 public:
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Ends it like SIGKILL: what it wrote stays, nothing that is called afterwards for it does anything. Objects that hold its files
  // (an SQLite connection, a Store) are destroyed afterwards, at leisure.
  void kill();
  // Kills it within its nth changing operation from now (1: the next): of a write an arbitrary beginning is done, others are done or not.
  void kill_at(std::uint64_t nth) { killed_at_ = operations_ + nth; }
  void cancel_kill() { killed_at_ = 0; }
  bool is_alive() const { return disk_ != nullptr; }
  // How many writes, truncations, syncs and changes of names it has begun.
  std::uint64_t operations() const { return operations_; }

  // Null when missing and not to be made, or when dead.
  std::unique_ptr<File> open(std::string_view path, bool is_made);
  // A file without a name, gone with its last handle.
  std::unique_ptr<File> open_unnamed();
  bool exists(std::string_view path) const;
  Outcome remove(std::string_view path);
  // Within a folder; replaces what has the new name.
  Outcome rename(std::string_view from, std::string_view to);
  // Makes the names durable that were changed in `folder` (no slash at its end).
  Outcome sync_names(std::string_view folder);

 private:
  friend class Disk;
  friend class File;
  enum class Step : std::uint8_t { done, dying, dead };
  explicit Process(Disk& disk) : disk_(&disk) {}
  Step step();
  // For operations that are done or not: true when `step` lets this one be done.
  bool may(Step step);
  Outcome after(Step step, Outcome outcome);
  Outcome change(Disk::NameChange change);

  Disk* disk_;  // null: dead
  std::uint64_t operations_ = 0, killed_at_ = 0;
  std::set<File*> files_;
};

class Disk::File {
 public:
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // How many bytes there were, at most out.size(); none: dead.
  std::optional<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const;
  std::optional<std::uint64_t> size() const;
  Outcome write(std::uint64_t offset, std::span<const std::byte> bytes);
  Outcome truncate(std::uint64_t size);
  // Room for a file of `size` bytes, taken now; its contents and length stay. 0 gives back what it does not use.
  Outcome allocate(std::uint64_t size);
  Outcome sync();
  // A lock on the file for this process, as flock(2): false while another live process has it. Ends with the last handle that asked.
  bool hold();

 private:
  friend class Process;
  File(Process& process, std::shared_ptr<Inode> inode);
  void close();

  Process* process_;  // null: dead
  std::shared_ptr<Inode> inode_;
  bool is_holding_ = false;
};

}  // namespace scoria::sim
