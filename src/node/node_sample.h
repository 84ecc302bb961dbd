// What a node uses of its machine: CPU, memory, disk and network since the last look, for autoscale formulas.
// Source: proc(5): stat, meminfo, diskstats, net/dev. Threads: one user at a time.
#pragma once

#include <filesystem>

#include "spec/node_sync.h"

namespace scoria::node {

class Sampler {
 public:
  explicit Sampler(std::filesystem::path disk) : disk_(std::move(disk)) {}
  // The first one counts from the machine's start for the CPU and has no rates.
  spec::NodeSample look();

 private:
  struct Counters {
    double busy = 0, total = 0;  // ticks
    double read_bytes = 0, written_bytes = 0, reads = 0, writes = 0, received = 0, sent = 0;
  };
  static Counters read_counters();

  std::filesystem::path disk_;
  bool has_last_ = false;
  Counters last_;
};

// Bytes that a program may still write there; nothing where it cannot be told.
std::optional<std::uint64_t> free_bytes(const std::filesystem::path& folder);
int machine_cores();
std::uint64_t machine_memory_bytes();

}  // namespace scoria::node
