#include "batch/samples.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace scoria::batch {
namespace {

constexpr std::size_t kKept = 2880;  // a day
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

using Values = std::map<std::string, double>;

// Metrics that are facts of this moment.
Values counts_of(const Pool& pool) {
  const QueueCounts queue = count_queue(pool);
  double dedicated = 0, low_priority = 0, preempted = 0, usable = 0;
  for (const auto& [name, node] : pool.nodes) {
    (node->is_dedicated ? dedicated : low_priority) += 1;
    preempted += node->state == NodeState::preempted;
    usable += node->state == NodeState::idle || node->state == NodeState::running;
  }
  return {{"ActiveTasks", static_cast<double>(queue.active)},
          {"RunningTasks", static_cast<double>(queue.running)},
          {"PendingTasks", static_cast<double>(queue.active + queue.running)},
          {"SucceededTasks", static_cast<double>(queue.succeeded)},
          {"FailedTasks", static_cast<double>(queue.failed)},
          {"TaskSlotsPerNode", static_cast<double>(pool.slots_per_node)},
          {"CurrentDedicatedNodes", dedicated},
          {"CurrentLowPriorityNodes", low_priority},
          {"PreemptedNodeCount", preempted},
          {"UsableNodeCount", usable}};
}

// Metrics that nodes measured since the last sample: means of levels, sums of counters.
Values measures_of(const State& state, const Pool& pool) {
  double cpu = 0, memory = 0, disk = 0;
  Values sums{{"DiskReadBytes", 0}, {"DiskWriteBytes", 0}, {"DiskReadOps", 0},
              {"DiskWriteOps", 0},  {"NetworkInBytes", 0}, {"NetworkOutBytes", 0}};
  double nodes = 0;
  for (const auto& [name, node] : pool.nodes) {
    if (node->samples.empty()) continue;
    const spec::NodeSample& sample = node->samples.back();
    // By the node's own clock: a node whose clock is off is still heard of.
    const bool is_recent = node->heard && state.now.steady - *node->heard <= 2 * kSamplePeriod;
    if (!is_recent || node->state == NodeState::preempted || node->state == NodeState::unknown) continue;
    ++nodes;
    cpu += sample.cpu_percent;
    memory += sample.memory_bytes;
    disk += sample.disk_bytes;
    sums["DiskReadBytes"] += sample.disk_read_bytes;
    sums["DiskWriteBytes"] += sample.disk_write_bytes;
    sums["DiskReadOps"] += sample.disk_read_ops;
    sums["DiskWriteOps"] += sample.disk_write_ops;
    sums["NetworkInBytes"] += sample.network_in_bytes;
    sums["NetworkOutBytes"] += sample.network_out_bytes;
  }
  sums["SampleNodeCount"] = nodes;
  sums["WallClockSeconds"] = nodes * std::chrono::duration<double>(kSamplePeriod).count();
  sums["CPUPercent"] = nodes > 0 ? cpu / nodes / 100 : kMissing;
  sums["MemoryBytes"] = nodes > 0 ? memory / nodes : kMissing;
  sums["DiskBytes"] = nodes > 0 ? disk / nodes : kMissing;
  return sums;
}

void append(sched::Series& series, double value, WallTime at) {
  series.values.push_back(value);
  // In larger steps: taking one from the front each time would move them all.
  if (series.values.size() > kKept + kKept / 8) {
    series.values.erase(series.values.begin(), series.values.end() - static_cast<std::ptrdiff_t>(kKept));
  }
  series.last = at;
}

}  // namespace

QueueCounts count_queue(const Pool& pool) {
  QueueCounts out;
  for (const Job* job : pool.jobs) {
    const std::uint64_t running = job->counts.running + job->counts.preparing;
    if (job->state == JobState::active) {
      out.active += job->ready.size();
      // Mean slots of active tasks, as those that wait for others are counted with them.
      const double mean = job->counts.active > 0
                              ? static_cast<double>(job->counts.active_slots) / static_cast<double>(job->counts.active)
                              : 1.0;
      out.active_slots += static_cast<std::uint64_t>(std::ceil(mean * static_cast<double>(job->ready.size())));
    }
    out.running += running;
    out.running_slots += job->counts.running_slots;
    out.succeeded += job->counts.succeeded;
    out.failed += job->counts.failed;
  }
  return out;
}

void take_sample(State& state, Pool& pool) {
  const WallTime now = state.now.wall;
  // Whole periods that nobody sampled (the server was busy, or the clock jumped ahead) are missing, not the same.
  std::size_t missed = 0;
  if (pool.next_sample && now > *pool.next_sample && !pool.history.empty()) {
    missed = std::min<std::size_t>(static_cast<std::size_t>((now - *pool.next_sample) / kSamplePeriod), kKept);
  }
  Values values = counts_of(pool);
  values.merge(measures_of(state, pool));
  for (const auto& [name, value] : values) {
    sched::Series& series = pool.history[name];
    for (std::size_t i = 0; i < missed; ++i) append(series, kMissing, now);
    append(series, value, now);
  }
  pool.next_sample = now + kSamplePeriod;
}

void refresh_latest_sample(State& state, Pool& pool) {
  if (pool.history.empty()) {
    take_sample(state, pool);
    return;
  }
  for (const auto& [name, value] : counts_of(pool)) {
    sched::Series& series = pool.history[name];
    if (!series.values.empty()) series.values.back() = value;
  }
}

}  // namespace scoria::batch
