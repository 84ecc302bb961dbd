// The batch state machine's memory: pools with their nodes, jobs with their open tasks, schedules. What may change it are the functions of
// pools.h, nodes.h, jobs.h, tasks.h, schedules.h, dispatch.h and attempts.h, each called with a State on its owner's thread.
//
// Every change goes into `changes` (what the store must hold before anybody hears of it) and `effects` (what to do once it does).
// Nothing here knows a clock, a thread, a socket or a disk: `now` is set by the caller before each call, so that a simulator can run it.
// Finished tasks leave memory; what remains of them are their job's counts, eight bytes of their id, and, where dependencies are used, whether
// they satisfy them.
// Threads: one owner. Borrows: the store, for reading what memory no longer holds.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "batch/dependencies.h"
#include "batch/known_ids.h"
#include "pool/provider.h"
#include "pool/resource_classes.h"
#include "sched/autoscale.h"
#include "sched/recurrence.h"
#include "spec/json.h"
#include "spec/node_sync.h"
#include "store/store.h"

namespace scoria::batch {

using spec::AttemptId;
using spec::Json;

// What clients see of when something changed; its ETag counts the changes.
struct Stamp {
  WallTime created, modified, state_since;
  std::uint64_t version = 1;
  std::string etag() const;  // "0x8D..." of `version`, without quotes
  void changed(WallTime now) {
    modified = now;
    ++version;
  }
  void state_changed(WallTime now) {
    state_since = now;
    changed(now);
  }
};

// If-Match and its kin of a request. Errors of check(): ConditionNotMet.
struct Precondition {
  std::optional<std::string> if_match, if_none_match;
  std::optional<WallTime> if_modified_since, if_unmodified_since;
  Status check(const Stamp& stamp) const;
};

struct Pool;
struct Job;
struct Task;

// A set of things of the State, in an order that a second run repeats: by serial, not by address.
struct BySerial {
  template <typename T>
  bool operator()(const T* a, const T* b) const {
    return a->serial < b->serial;
  }
};
template <typename T>
using InOrder = std::set<T*, BySerial>;

struct Attempt {
  AttemptId id = 0;
  spec::RunKind kind = spec::RunKind::task;
  Job* job = nullptr;    // none of a start task, and of images
  Task* task = nullptr;  // of kind task
  spec::Phase phase = spec::Phase::queued;
  WallTime assigned, started;
  std::vector<int> devices;
  int slots = 0;
  bool may_wait = false;
  std::string stop_reason;  // not empty: the node is told to stop it
  Duration stop_grace{0};
  bool requeue_on_stop = false;        // preempted, drained: back to active without costing a retry
  std::optional<SteadyTime> deadline;  // maxWallClockTime
  // In answer to which request of the node's session it was told; 0: not yet. It is told again when a later one shows that it got lost.
  std::uint64_t told_start = 0, told_stop = 0;
  std::string remove_when_over;  // its directory: the task was deleted
  bool was_told = false;         // in any session: its node may know it
  bool was_held = false;         // the node said so: if it no longer does, and says no end, the attempt is lost
};

enum class NodeState {
  creating,
  starting,
  waitingforstarttask,
  starttaskfailed,
  idle,
  running,
  rebooting,
  reimaging,
  leavingpool,
  offline,
  preempted,
  unknown,
  unusable
};
enum class Deallocation { requeue, terminate, taskcompletion, retaineddata };

// A job's preparation and release task on one node.
struct Preparation {
  enum class State { none, running, completed, failed } state = State::none, release = State::none;
  Json info, release_info;  // executionInfo-like, of jobpreparationandreleasetaskstatus
  int retries = 0, release_retries = 0;
  AttemptId attempt = 0;  // of either, while it is not over
};

struct Node {
  std::uint64_t serial = 0;  // of make()
  std::string id;
  Pool* pool = nullptr;
  Stamp stamp;
  NodeState state = NodeState::creating;
  bool is_dedicated = true;
  bool is_scheduling_enabled = true;
  std::string token_hash;
  int slots = 1;
  int slots_used = 0;  // of attempts that may run now; those sent ahead are not counted
  std::map<AttemptId, Attempt> attempts;
  std::map<std::uint64_t, Preparation> preparations;  // by job number
  std::vector<int> devices;  // of this machine, that the pool gave to it: no other local node has them
  std::set<int> free_devices;
  bool waits_for_data = false;  // leaves, or is restarted, when it retains nothing any more (retaineddata)
  // What the node said last.
  bool retains_data = false;  // directories of ended tasks whose retention time is not over
  std::string session;
  std::uint64_t sequence = 0;
  std::string told_session;  // the one that attempts were told in
  // As Attempt::told_stop: of what it holds and shall not, and of `order`.
  std::map<AttemptId, std::uint64_t> told_lost;
  std::uint64_t told_order = 0, told_removals = 0;
  spec::NodeOrder told_order_kind = spec::NodeOrder::none;
  std::map<AttemptId, spec::Phase> held;
  std::optional<SteadyTime> heard;
  spec::NodeFacts facts;
  std::string trouble;
  std::deque<spec::NodeSample> samples;
  std::optional<WallTime> allocated, booted;
  Duration waits{0};                       // of its last request: silence counts from when that must have been answered
  std::optional<SteadyTime> silent_since;  // of state unknown; or when the provider began to start its agent again
  // What it shall do.
  spec::NodeOrder order = spec::NodeOrder::none;
  std::string order_session;                 // a reboot or reimage is done once the agent comes with another one
  std::optional<Deallocation> leaving;       // it drains, then leaves
  std::optional<spec::NodeOrder> draining;   // reboot, reimage: once drained; none: goes offline
  bool is_lost = false;                      // of state unknown: its attempts were given away
  bool is_preempting = false;                // drains, then its place is taken
  std::optional<SteadyTime> drain_deadline;  // what then still runs is abandoned
  std::optional<WallTime> charged_until;     // by the usage ledger
  AttemptId start_attempt = 0;               // of its pool's images, then of its start task, while that is not over
  enum class Images { none, fetching, fetched, failed } images = Images::none;  // of its pool's containerConfiguration
  Json start_task_info;
  int start_task_retries = 0;
  std::uint64_t total_run = 0, total_succeeded = 0;
  std::deque<Json> recent_tasks;  // ten, as "recentTasks"
  std::vector<Json> errors;
  std::vector<std::string> remove_jobs;
};

enum class AllocationState { steady, resizing, stopping };

struct Pool {
  std::uint64_t serial = 0;  // of make()
  std::string id;
  Json body;  // as submitted, and patched since
  Stamp stamp;
  bool is_deleting = false;
  AllocationState allocation = AllocationState::steady;
  WallTime allocation_since;
  std::string provider = "local";  // "joined": targets follow who joined
  std::optional<scoria::pool::ResourceClass> size;
  int slots_per_node = 1;
  bool packs = false;  // taskSchedulingPolicy.nodeFillType
  int target_dedicated = 0, target_low_priority = 0;
  Deallocation deallocation = Deallocation::requeue;
  std::optional<WallTime> resize_deadline;
  std::vector<Json> resize_errors;
  // Autoscale, where it is on.
  std::optional<sched::Formula> formula;
  std::string formula_text;
  Duration evaluation_interval = std::chrono::minutes(15);
  std::optional<WallTime> next_evaluation;
  bool evaluates_on_change = true;
  Json autoscale_run;
  std::map<std::string, sched::Series> history;  // pool-wide metrics, by name
  std::optional<WallTime> idle_since;            // of --min --max --idle pools
  std::map<std::string, std::unique_ptr<Node>> nodes;
  InOrder<Job> jobs;  // active ones that run here
  std::uint64_t next_node = 1;
  Duration resize_timeout = std::chrono::minutes(15);
  bool wants_room = false;                  // a resize ended for want of room: goes on when there is some
  std::optional<SteadyTime> refused_until;  // a provider refused: it is not asked again before
  std::optional<WallTime> next_sample, last_evaluation;
  std::string demand_seen;          // the queue that the last evaluation saw
  std::uint64_t auto_pool_job = 0;  // the job that it lives for
  std::string auto_pool_schedule;   // or the schedule, lower-case
  bool stays = false;               // keepAlive
};

enum class TaskState { active, preparing, running, completed };

// An open task. What clients see of it is `spec` with task_info() laid over.
struct Task {
  static constexpr Duration kMax = Duration::max();
  std::uint64_t number = 0;
  std::string id;
  Job* job = nullptr;
  TaskState state = TaskState::active;
  std::shared_ptr<const std::string> spec;  // JSON text
  WallTime created, state_since, modified;
  std::uint64_t version = 1;
  std::optional<TaskState> previous_state;
  WallTime previous_since;
  int required_slots = 1;
  int max_retries = 0;  // -1: no end
  Duration max_wall_clock = kMax;
  std::string affinity;  // a node it would rather run on
  bool is_manager = false;
  bool is_exclusive = false;       // nothing else runs on its node
  bool takes_low_priority = true;  // may run on a low-priority node
  bool is_single_writer = false;   // an attempt that may live on somewhere must be over before the next one begins
  std::optional<SteadyTime> held_back_until;  // by then it is
  std::uint32_t unmet = 0;                    // dependencies that are not satisfied yet

  // Where it is, while it is assigned; else nowhere.
  Node* node = nullptr;
  AttemptId attempt = 0;
  // Its result is known, and the outputs of this attempt are not visible yet.
  AttemptId publishing = 0;

  // What clients see of its runs.
  int retry_count = 0, requeue_count = 0;
  int lost_count = 0;  // nodes lost under it; has its own cap
  std::optional<WallTime> last_retry, last_requeue, started, ended;
  std::string ran_on_pool, ran_on_node;
  std::optional<int> exit_code;   // of the last attempt that ended
  Json failure;                   // failureInfo, or null
  bool may_retry = false;         // of the failure: what ran ended with an exit code, by itself
  std::optional<bool> satisfies;  // of a completed one, where dependencies are used
  std::string container;

  bool is_new = false;      // not in the store yet
  bool is_dirty = false;    // in State::dirty_tasks
  bool is_dropped = false;  // deleted, or given back to the store: not written any more
};

enum class JobState { active, disabling, disabled, enabling, terminating, completed, deleting };

struct JobCounts {
  std::uint64_t active = 0, preparing = 0, running = 0, succeeded = 0, failed = 0;
  std::uint64_t active_slots = 0, running_slots = 0, succeeded_slots = 0, failed_slots = 0;
};

struct Job {
  std::uint64_t serial = 0;  // of make()
  std::uint64_t number = 0;  // never used again, unlike the id
  std::string id;
  std::string schedule;  // lower-case id, where one made it
  Json body;
  Stamp stamp;
  JobState state = JobState::active;
  std::string disable_tasks;  // requeue, terminate, wait: while disabling
  std::string terminate_reason;
  Json execution_info;
  Pool* pool = nullptr;  // null while the pool is not there
  std::string pool_id;
  int priority = 0;
  int max_parallel = -1;
  bool ends_when_complete = false;  // onAllTasksComplete
  bool acts_on_failure = false;     // onTaskFailure
  bool uses_dependencies = false;
  std::optional<WallTime> ends_at;  // maxWallClockTime
  JobCounts counts;
  std::uint64_t next_number = 1;
  std::unordered_map<std::string, std::unique_ptr<Task>> open;  // by lower-case id
  std::map<std::uint64_t, Task*> ready;                         // active, nothing unmet: in the order of submission
  std::unordered_map<std::uint64_t, Task*> unready;             // by number: those with unmet dependencies
  int running = 0;                                              // tasks that are assigned, those sent ahead included
  int publishing = 0;                                           // tasks whose outputs are not visible yet
  std::unordered_set<AttemptId> attempts;                       // of every kind, not over
  // Every id that was ever added; not `all` after a start: then the store is asked.
  KnownIds known_ids;
  bool knows_all_ids = false;
  std::unique_ptr<Dependencies> dependencies;  // where they are used
  Duration mean_run{0};                        // of its recent tasks: short ones are sent ahead
  std::optional<TaskState> manager_state;      // of its job manager task, where it has one
  std::optional<std::string> previous_state;
  WallTime previous_since;
  bool has_preparation = false, waits_for_preparation = true, has_release = false;
  std::set<std::string> prepared_on;  // "pool/node": whose preparation documents there are
  bool is_gone = false;               // deleted: lives until the next flush(), for who still holds it
};

struct Schedule {
  std::uint64_t serial = 0;  // of make()
  std::string id;
  Json body;
  Stamp stamp;
  enum class State { active, disabled, terminating, completed, deleting } state = State::active;
  sched::Recurrence recurrence;
  std::optional<sched::Cron> cron;
  sched::Overlap overlap = sched::Overlap::queue_one;
  sched::CatchUp catch_up = sched::CatchUp::last;
  std::string previous_state;  // empty: none
  WallTime previous_since;
  std::optional<WallTime> last, next;
  std::uint64_t jobs_made = 0;
  std::uint64_t active_job = 0;       // number of the newest job while it is not completed
  std::set<std::uint64_t> open_jobs;  // numbers of all that are not completed
  std::deque<WallTime> queued;        // fired while a job ran: their turn comes when it ends
  Json recent_job;
  std::optional<WallTime> ended;
};

// One line of the usage ledger: a day's node time of one pool, kind and state.
struct UsageEntry {
  std::string day;  // "2026-11-29", UTC
  std::string pool, size, state;
  bool is_dedicated = true;
  double node_seconds = 0, core_seconds = 0;
};
struct JobUsage {
  std::string job, pool;
  double slot_seconds = 0;
  std::uint64_t attempts = 0;
};
// What a node of a size costs, per hour; where no size is named, per core-hour of "core".
struct Price {
  double dedicated = 0, low_priority = 0;
};

// A webhook that has not been delivered yet.
struct Notice {
  Json document;  // {"id", "url", "event", "time", "attempt", ...}
  int attempts = 0;
  WallTime next;
  bool is_under_way = false;
};

// What happens once `changes` are durable.
struct Effects {
  std::vector<scoria::pool::NodeRequest> request;
  std::vector<std::pair<std::string, std::string>> release;  // pool, node
  std::vector<AttemptId> publish;  // outputs of these attempts become visible; then State hears outputs_published()
  std::vector<AttemptId> discard;  // outputs of these never will
  std::set<std::pair<std::string, std::string>>
      wake;                   // nodes (pool, node) with news: their waiting request is answered
  std::vector<Json> notices;  // to be delivered now; then State hears notice_delivered() or notice_failed()
  void clear();
};

struct Settings {
  std::string account_name, account_url;  // AZ_BATCH_ACCOUNT_NAME, AZ_BATCH_ACCOUNT_URL
  std::map<std::string, scoria::pool::ResourceClass> sizes;
  Duration local_node_lost = std::chrono::seconds(1);
  Duration remote_node_lost = std::chrono::seconds(15);
  Duration preempt_grace = std::chrono::seconds(5);
  Duration kill_grace = std::chrono::seconds(2);
  // How long a node may run an attempt of a single-writer task after the last exchange (AgentConfig::fence), and what clocks and signals take.
  Duration single_writer_lease = std::chrono::seconds(12);
  Duration single_writer_margin = std::chrono::seconds(3);
  int lost_limit = 5;  // nodes lost under one task before it fails
  double overcommit = 1.0;
  int machine_cores = 1;
  std::uint64_t machine_memory = 0;
  bool evaluates_on_change = true;
  Duration minimum_evaluation_interval = std::chrono::minutes(5);
  std::vector<std::string> webhooks;
  bool strict_sizes = false;            // a vmSize that is in no table is refused; else it stands for one core
  int machine_devices = 0;              // GPUs, or what counts as such: 0 to machine_devices - 1
  std::map<std::string, Price> prices;  // by size, lower-case
  std::string currency;
  // AZ_BATCH_AUTHENTICATION_TOKEN of a job's tasks. Given by `bin`, as State has neither keys nor randomness.
  std::function<std::string(const Job&)> job_token;
  // A node's random token and its hash. Given by `bin`, so that a simulation can repeat it.
  std::function<std::pair<std::string, std::string>()> make_token;
};

// Since the start, for metrics.
struct Totals {
  std::uint64_t completed = 0, failed = 0, requeued = 0;
  double queue_wait_seconds = 0, run_seconds = 0;
};

struct State {
  State(const store::Store& reads, Settings given) : store(reads), settings(std::move(given)) {}
  const store::Store& store;
  Settings settings;
  Now now;  // of the call in progress
  std::uint64_t next_serial = 1;

  std::map<std::string, std::unique_ptr<Pool>> pools;  // by lower-case id
  std::map<std::string, std::unique_ptr<Job>> jobs;    // not completed, or draining; by lower-case id
  std::map<std::uint64_t, Job*> jobs_by_number;
  std::map<std::string, std::unique_ptr<Schedule>> schedules;  // by lower-case id
  std::unordered_map<AttemptId, Node*> attempts;               // where each unfinished attempt is
  std::uint64_t next_job = 1;
  AttemptId next_attempt = 1;

  store::Changes changes;
  Effects effects;
  // Whose documents must be written: collected during calls, written once at flush() however often they changed.
  InOrder<Pool> dirty_pools;
  InOrder<Node> dirty_nodes;
  InOrder<Job> dirty_jobs;
  InOrder<Schedule> dirty_schedules;
  // Pools in which something may be assigned now.
  InOrder<Pool> stale_pools;
  // Pools whose nodes may come or go now: settle_pools().
  InOrder<Pool> restless_pools;

  std::vector<Task*> dirty_tasks;
  // What was handed to the store and may not be there yet: reads look here between `changes` and the store. Set by the owner.
  const store::Changes* in_flight = nullptr;
  SteadyTime in_flight_since;
  // Whose attempts changed: settle_node() at the next settle().
  InOrder<Node> unsettled_nodes;
  // Stopped before their node heard of them: over at the next settle().
  std::vector<AttemptId> stopped_untold;
  std::unordered_map<AttemptId, Task*> publishing;                           // results that wait for their outputs
  std::set<std::tuple<SteadyTime, std::uint64_t, std::uint64_t>> held_back;  // until when; numbers of job and task
  std::set<std::pair<SteadyTime, AttemptId>> deadlines;                      // maxWallClockTime of what runs
  std::set<std::pair<WallTime, std::uint64_t>> job_deadlines;                // and of jobs, by number
  std::vector<std::uint64_t> completed_jobs;  // written: they leave memory at the next flush()
  // What ended keeps its place in memory until the next flush(), as callers may hold it.
  std::vector<std::unique_ptr<Job>> gone_jobs;
  std::vector<std::unique_ptr<Task>> gone_tasks;
  std::uint64_t stored_next_job = 0, stored_next_attempt = 0;  // numbers below these may have been used, says the store
  Totals totals;

  std::map<std::string, UsageEntry> usage;  // by its document's id
  std::map<std::uint64_t, JobUsage> job_usage;
  std::set<std::string> dirty_usage;
  std::set<std::uint64_t> dirty_job_usage;
  std::optional<WallTime> next_usage_write;
  std::optional<WallTime> usage_through;  // all time before it is in stored documents
  std::map<std::string, Notice> notices;  // by id
  std::uint64_t autoscale_evaluations = 0, autoscale_errors = 0;
};

// A new pool, node, job or schedule.
template <typename T>
std::unique_ptr<T> make(State& state) {
  auto made = std::make_unique<T>();
  made->serial = state.next_serial++;
  return made;
}

std::string lower(std::string_view id);
// Where the store keeps the next numbers of jobs and attempts, of kind account.
inline constexpr const char* kNumbersId = "numbers";

// Writes what is dirty into `changes`. Called when all earlier changes are durable; lets go of jobs that completed before those.
void flush(State& state);
// Reads what the store holds into an empty State: pools, nodes, jobs, open tasks, schedules. Errors: corrupt, naming the document.
Status load(State& state);
// What time brings: lost nodes, deadlines, evaluations, schedules, allocation. Every 100 ms.
void tick(State& state);
// What follows from a group of calls: pools allocated, tasks dispatched. After each group, before flush().
void settle(State& state);

}  // namespace scoria::batch
