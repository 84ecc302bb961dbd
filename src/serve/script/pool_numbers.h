// What a pool counts, and how Prometheus reads it. Threads: plain values and a free function.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace scoria::serve::script {

// Seconds, in buckets from 100 us to 30 s.
struct Durations {
  static constexpr std::array<double, 16> kBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                  0.05,   0.1,     0.25,   0.5,   1,      2.5,   10,   30};
  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  double sum = 0;
  void add(double seconds);
};

struct PoolNumbers {
  std::string runtime;  // r, python
  std::uint64_t queue_depth = 0;
  Durations queue, compute;
  std::uint64_t calls = 0, jobs = 0;  // calls of workers, and the jobs that these answered: their ratio is the batching
  std::map<std::string, std::uint64_t> rejected;  // by reason: overloaded, deadline, no_worker, ...
  std::map<std::string, std::uint64_t> workers;   // by state: idle, busy, starting
  std::map<std::string, std::uint64_t> restarts;  // by reason: deadline, died, recycled, start
  std::uint64_t rss_bytes = 0;                    // of all workers
};

// `labels`: `service="x",version="1"`.
std::string pool_metrics(const PoolNumbers& numbers, const std::string& labels);

}  // namespace scoria::serve::script
