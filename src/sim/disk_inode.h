// A file of a simulated disk without its name: what processes read, what a power cut would leave, and what leads from one to the other.
// Included by the disk's own sources only. Threads: one.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk.h"

namespace scoria::sim {

constexpr std::uint64_t kBlock = 4096;  // what files take of the disk, in whole ones

struct Disk::NameChange {
  std::string name;
  std::shared_ptr<Inode> inode;  // null: removed
  std::string renamed_from;      // empty: no rename
};

struct Disk::Inode {
  struct Change {
    bool is_truncation = false;
    std::uint64_t offset = 0;         // of a truncation: the size
    std::size_t begin = 0, size = 0;  // in `written`
  };
  // One crash treats a file in one of these ways; which is drawn for each file.
  struct Fate {
    std::size_t whole_before = 0;  // changes before this one survive wholly
    double survives = 0;           // those from there on, each with this probability
    double torn = 0;               // or in part
  };

  // True where the disk holds these bytes already, so that writing them is no change.
  bool has_durably(std::uint64_t offset, std::span<const std::byte> bytes) const {
    return !bytes.empty() && changes.empty() && !is_doubtful && offset + bytes.size() <= durable.size() &&
           std::memcmp(bytes.data(), durable.data() + offset, bytes.size()) == 0;
  }
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  void truncate(std::uint64_t size) {
    now.resize(size);
    changes.push_back({.is_truncation = true, .offset = size});
  }
  std::span<const std::byte> bytes_of(const Change& change) const {
    return std::span(written).subspan(change.begin, change.size);
  }
  void apply(const Change& change);
  void forget_changes() {
    changes.clear();
    written.clear();
  }
  void sync() {
    for (const Change& change : changes) apply(change);
    forget_changes();
  }
  void apply_in_part(const Change& change, Random& random);
  // What the changes since the last sync leave on the disk when nobody is sure of it.
  void leave_to_chance(Random& random);

  std::vector<std::byte> now, durable;
  std::vector<Change> changes;     // what leads from `durable` to `now`, unless a sync failed
  std::vector<std::byte> written;  // what they wrote
  bool is_doubtful = false;        // a sync failed: `durable` lacks some of what `now` has, and no change says so
  std::uint64_t allocated = 0;     // at least so much room is its own
  std::uint64_t charged = 0;       // of the disk's room
  int names = 0, handles = 0;      // live ones
  Process* holder = nullptr;
  int holds = 0;
};

}  // namespace scoria::sim
