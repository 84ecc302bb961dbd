// What a pool's autoscale formula sees: a sample of every metric each 30 seconds, the first at once. Kept for a day, in memory only.
// Source: Azure Batch documentation, "Automatic pool scaling", variables and samples. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

inline constexpr std::chrono::seconds kSamplePeriod{30};

struct QueueCounts {
  std::uint64_t active = 0;  // nothing unmet
  std::uint64_t running = 0, succeeded = 0, failed = 0;
  std::uint64_t active_slots = 0, running_slots = 0;
  std::uint64_t finished() const { return succeeded + failed; }
};
// Of the pool's active jobs.
QueueCounts count_queue(const Pool& pool);

void take_sample(State& state, Pool& pool);
// The newest sample's counts of tasks and nodes become those of now: an evaluation because the queue changed must see the change.
void refresh_latest_sample(State& state, Pool& pool);

}  // namespace scoria::batch
