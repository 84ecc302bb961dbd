// Bugs that a special build has on purpose, one at a time, to show that the simulator (src/sim) finds them: see docs/seeded-bugs.md.
// Every other build compiles to what it would be without them: has_bug() is a constant false there.
// Threads: chosen once, before any other starts.
#pragma once

#include <string_view>

namespace scoria {

// X(name, what is wrong).
#define SCORIA_BUGS(X)                                                                               \
  X(skipped_fsync, "commits do not wait for the disk (synchronous=OFF)")                             \
  X(log_believed, "a restart believes what only the page cache shows of the log")                    \
  X(early_acknowledgement, "a client is answered before the commit")                                 \
  X(full_disk_acknowledged, "what found no room on the disk is acknowledged")                        \
  X(early_orders, "a node is answered, and its events acknowledged, before the commit")              \
  X(numbers_not_stored, "numbers of attempts and jobs are given out before their block is stored")   \
  X(dropped_fence, "outputs of an attempt that was given up are published")                          \
  X(slots_not_given_back, "an attempt that is over keeps its slots")                                 \
  X(hold_back_skipped, "a single-writer task is given away at once when its node is lost")           \
  X(node_end_is_no_requeue, "what a node stopped for a reason of its own ends for good")             \
  X(publish_forgotten, "a restarted server forgets outputs that it was about to publish")            \
  X(unmet_not_counted_at_restart, "a restarted server takes every dependency for met")               \
  X(range_off_by_one, "a range of ids is met one task too early")                                    \
  X(lost_wake_up, "a task whose last dependency is met is not put into the queue")                   \
  X(started_is_enough, "dependents are released when a task starts")                                 \
  X(failure_satisfies, "a task that failed meets the dependencies on it")                            \
  X(one_retry_too_many, "a task is tried once more than maxTaskRetryCount says")                     \
  X(retry_not_counted, "a retry does not count: a failing task runs for ever")                       \
  X(deleted_task_stays, "a deleted task is not deleted in the store")                                \
  X(job_leaves_tasks, "a deleted job leaves its tasks in the store")                                 \
  X(disabled_job_dispatches, "a disabled job still gives tasks to nodes")                            \
  X(max_parallel_ignored, "maxParallelTasks is one too many")                                        \
  X(device_given_twice, "a device that a task got stays among the free ones")                        \
  X(fence_told_never, "a node that comes back is not told to stop what was given up")                \
  X(start_told_once, "a start order that is lost on its way is not repeated")                        \
  X(gate_ignored, "tasks do not wait for the job preparation task on their node")                    \
  X(lost_node_keeps_work, "the work of a lost node is not given to others")                          \
  X(silence_unnoticed, "nobody looks how long nothing was heard of a node")                          \
  X(late_exchange_believed, "a late exchange of a node overwrites what a newer one said")            \
  X(last_follows_clock, "a clock that is set back takes back what a schedule has fired")             \
  X(last_forgotten, "a restarted server forgets what a schedule has fired")                          \
  X(catch_up_missed, "catchUp all makes up for the last missed firing only")                         \
  X(late_firing_taken, "catchUp none makes up for missed firings")                                   \
  X(overlap_ignored, "overlap skip and queue-one do not look whether the last job still runs")       \
  X(scheduled_end_missed, "a schedule does not notice that its job has ended")                       \
  X(event_told_once, "an agent forgets an event once it is sent, whether or not it is acknowledged") \
  X(parked_for_ever, "outputs that waited for the fence are not uploaded after it")                  \
  X(wall_clock_lease, "the lease of a single-writer task is counted by the wall clock")              \
  X(room_ignored, "an agent starts what it is told without looking for room")                        \
  X(leftovers_live_on, "a new keeper leaves alone what an earlier one had started")                  \
  X(never_killed, "a process that ignores SIGTERM is never killed")                                  \
  X(renewed_without_end, "a lease that is renewed never ends")

enum class SeededBug {
  none,
#define SCORIA_BUG(name, what) name,
  SCORIA_BUGS(SCORIA_BUG)
#undef SCORIA_BUG
};

#ifdef SCORIA_SEEDED_BUGS

inline SeededBug seeded_bug = SeededBug::none;
inline bool has_bug(SeededBug bug) { return seeded_bug == bug; }

#else

constexpr bool has_bug(SeededBug) { return false; }

#endif

}  // namespace scoria
