#include "batch/attempts.h"

#include <algorithm>

#include "base/log.h"
#include "base/seeded_bug.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/pool_images.h"
#include "batch/preparations.h"
#include "batch/task_progress.h"
#include "batch/usage.h"

namespace scoria::batch {
namespace {

using spec::Event;
using spec::Phase;
using spec::RunKind;

// Why a node stops what it would have gone on with: such a task runs again elsewhere.
bool is_nodes_reason(std::string_view reason) {
  return reason == "preempted" || reason == "node_leaves" || reason == "lost_fence" || reason == "lost_lease" ||
         reason == kTakeBack;
}

// A node's clock may be wrong: what it says of times lies between when the attempt was given and now.
WallTime time_of(const State& state, const Attempt& attempt, const Event& event) {
  if (event.at_us <= 0) return state.now.wall;
  return std::clamp(WallTime(Duration(event.at_us)), std::min(attempt.assigned, state.now.wall), state.now.wall);
}

// Slots that became free are taken by what was sent ahead, oldest first: the node starts it without asking.
void promote_waiting(Node& node) {
  for (auto& [id, attempt] : node.attempts) {
    if (!attempt.may_wait) continue;
    if (node.slots_used + attempt.slots > node.slots) return;
    attempt.may_wait = false;
    node.slots_used += attempt.slots;
  }
}

void detach(Task& task) {
  task.node = nullptr;
  task.attempt = 0;
  --task.job->running;
}

void set_deadline(State& state, Attempt& attempt, const Task& task) {
  if (task.max_wall_clock == Task::kMax) return;
  // The node keeps the time itself; this is for one that does not.
  const Duration slack = 2 * state.settings.kill_grace + std::chrono::seconds(1);
  const Duration ran = std::max(Duration(0), state.now.wall - attempt.started);
  constexpr Duration kYears = std::chrono::hours(24 * 3660);
  attempt.deadline = state.now.steady + std::min(task.max_wall_clock, kYears) - ran + slack;
  state.deadlines.emplace(*attempt.deadline, attempt.id);
}

void begin_task(State& state, Node& node, Attempt& attempt, Phase phase, WallTime at) {
  const bool has_begun = attempt.phase != Phase::queued;
  attempt.phase = std::max(attempt.phase, phase);
  attempt.was_held = true;
  if (has_begun) return;
  attempt.started = at;
  if (attempt.stop_reason == kTakeBack) {  // too late, and the node leaves it alone
    attempt.stop_reason.clear();
    attempt.requeue_on_stop = false;
  }
  if (attempt.may_wait) {
    attempt.may_wait = false;
    node.slots_used += attempt.slots;
  }
  if (attempt.task == nullptr) return;
  Task& task = *attempt.task;
  if (!task.started) state.totals.queue_wait_seconds += std::chrono::duration<double>(at - task.created).count();
  task.started = at;
  task.ran_on_pool = node.pool->id;
  task.ran_on_node = node.id;
  ++node.total_run;
  state.dirty_nodes.insert(&node);
  set_task_state(state, task, TaskState::running);
  set_deadline(state, attempt, task);
}

Json failure_of(const spec::Failure& failure) {
  Json details = Json::array();
  for (const auto& [name, value] : failure.details) details.push_back({{"name", name}, {"value", value}});
  return failure_info(failure.category, failure.code, failure.message, std::move(details));
}

void take_outcome(Task& task, const Attempt& attempt, const Event& event) {
  task.exit_code = event.exit_code;
  task.container = event.container;
  task.failure = Json();
  task.may_retry = false;
  if (!event.reason.empty()) {
    task.failure = ended_failure(event.reason == "timeout" || attempt.stop_reason == "timeout"
                                     ? "The task ran longer than its maxWallClockTime and was ended"
                                     : "Task was ended by a user request");
    return;
  }
  const bool has_failed_code = event.exit_code && *event.exit_code != 0;
  if (event.failure) {
    task.failure = failure_of(*event.failure);
    task.may_retry = has_failed_code && event.failure->code != "TaskEnded";
    return;
  }
  if (event.exit_code == 0) return;
  task.may_retry = has_failed_code;
  if (!event.exit_code) {
    task.failure = failure_info("servererror", "Unknown", "The node reported an end without an exit code");
    return;
  }
  constexpr std::string_view kText = "The task exited with an exit code representing a failure";
  task.failure = failure_info("usererror", "FailureExitCode", kText,
                              Json::array({{{"name", "Message"}, {"value", kText}},
                                           {{"name", "ExitCode"}, {"value", std::to_string(*event.exit_code)}}}));
}

void end_task(State& state, Node& node, Attempt attempt, const Event& event) {
  const WallTime at = time_of(state, attempt, event);
  if (attempt.task != nullptr && attempt.phase == Phase::queued && event.exit_code) {
    begin_task(state, node, node.attempts.at(attempt.id), Phase::running, at);
    attempt = node.attempts.at(attempt.id);
  }
  Job& job = *attempt.job;
  erase_attempt(state, node, attempt.id);
  if (attempt.task == nullptr) {  // it was ended or deleted meanwhile
    state.effects.discard.push_back(attempt.id);
    advance_job(state, job);
    return;
  }
  Task& task = *attempt.task;
  detach(task);
  const bool was_stopped = !event.reason.empty();
  const bool runs_again = attempt.stop_reason.empty() && !has_bug(SeededBug::node_end_is_no_requeue)
                              ? is_nodes_reason(event.reason)
                              : attempt.requeue_on_stop;
  if (was_stopped && runs_again) {
    state.effects.discard.push_back(attempt.id);
    requeue_task(state, task, attempt.phase != Phase::queued);
    advance_job(state, job);
    return;
  }
  const Duration ran = std::max(Duration(1), at - attempt.started);
  if (attempt.phase != Phase::queued) {
    job.mean_run = job.mean_run == Duration(0) ? ran : (7 * job.mean_run + ran) / 8;
    state.totals.run_seconds += std::chrono::duration<double>(ran).count();
  }
  if (task.ran_on_node.empty()) {  // nothing ran, but its directory is there
    task.ran_on_pool = node.pool->id;
    task.ran_on_node = node.id;
  }
  if (!task.started) task.started = at;
  task.ended = at;
  take_outcome(task, attempt, event);
  if (!event.has_outputs) {
    conclude_task(state, task);
    return;
  }
  task.publishing = attempt.id;
  ++job.publishing;
  state.publishing.emplace(attempt.id, &task);
  state.effects.publish.push_back(attempt.id);
  touch_task(state, task);
}

void take_event(State& state, Node& node, const Event& event) {
  const auto found = node.attempts.find(event.attempt);
  if (found == node.attempts.end()) {
    // Late, or said again. What is being published was accepted before.
    const bool is_refused = event.kind == Event::Kind::ended && event.has_outputs;
    if (is_refused && !state.publishing.contains(event.attempt)) {
      (has_bug(SeededBug::dropped_fence) ? state.effects.publish : state.effects.discard).push_back(event.attempt);
    }
    return;
  }
  Attempt& attempt = found->second;
  switch (attempt.kind) {
    case RunKind::images: images_event(state, node, attempt.id, event); return;
    case RunKind::start_task: start_task_event(state, node, attempt.id, event); return;
    case RunKind::preparation:
    case RunKind::release: {
      const Attempt copy = attempt;
      if (event.kind == Event::Kind::ended) {
        erase_attempt(state, node, copy.id);
      } else {
        attempt.phase = event.kind == Event::Kind::started ? Phase::running : Phase::preparing;
        attempt.started = time_of(state, attempt, event);
        attempt.was_held = true;
      }
      preparation_event(state, node, copy, event);
      return;
    }
    case RunKind::task: break;
  }
  switch (event.kind) {
    case Event::Kind::preparing:
      return begin_task(state, node, attempt, Phase::preparing, time_of(state, attempt, event));
    case Event::Kind::started: return begin_task(state, node, attempt, Phase::running, time_of(state, attempt, event));
    case Event::Kind::ended: return end_task(state, node, attempt, event);
  }
}

// How an attempt ended of which there is no event.
enum class Over {
  untold,   // it was told to stop before its node was told to start it
  said,     // its node does not hold it any more
  unheard,  // its node is gone, and it may live on there
};

// NOLINTNEXTLINE(performance-unnecessary-value-param): the node's own is erased here
void end_without_event(State& state, Node& node, Attempt attempt, std::string_view why, Over how) {
  Job* job = attempt.job;
  erase_attempt(state, node, attempt.id);
  if (is_start(attempt.kind) || job == nullptr) return;
  if (attempt.kind != RunKind::task) {
    preparation_lost(state, node, attempt);
    return;
  }
  const bool has_begun = attempt.phase != Phase::queued;
  if (has_begun) state.effects.discard.push_back(attempt.id);
  if (attempt.task == nullptr) {
    advance_job(state, *job);
    return;
  }
  Task& task = *attempt.task;
  detach(task);
  if (!attempt.stop_reason.empty() && !attempt.requeue_on_stop) {
    task.failure =
        ended_failure(attempt.stop_reason == "timeout" ? "The task ran longer than its maxWallClockTime and was ended"
                                                       : "Task was ended by a user request");
    task.exit_code.reset();
    task.ended = state.now.wall;
    complete_task(state, task);
    return;
  }
  const bool may_live = how == Over::unheard && (attempt.was_told || attempt.was_held);
  if (may_live && task.is_single_writer && !has_bug(SeededBug::hold_back_skipped))
    hold_back(state, task, node.heard.value_or(state.now.steady));
  if (how != Over::untold && has_begun && attempt.stop_reason.empty() &&
      ++task.lost_count > state.settings.lost_limit) {
    task.failure = failure_info("servererror", "Unknown",
                                "The task's node was lost " + std::to_string(task.lost_count) +
                                    " times while it ran, the last time because: " + std::string(why));
    task.exit_code.reset();
    task.ended = state.now.wall;
    complete_task(state, task);
    return;
  }
  requeue_task(state, task, has_begun);
  advance_job(state, *job);
}

}  // namespace

Attempt& new_attempt(State& state, Node& node, RunKind kind, Job* job) {
  const AttemptId id = state.next_attempt++;
  Attempt& attempt = node.attempts[id];
  attempt.id = id;
  attempt.kind = kind;
  attempt.job = job;
  attempt.assigned = attempt.started = state.now.wall;
  state.attempts.emplace(id, &node);
  if (job != nullptr) job->attempts.insert(id);
  state.effects.wake.emplace(node.pool->id, node.id);
  state.unsettled_nodes.insert(&node);
  return attempt;
}

void find_free_devices(Node& node) {
  node.free_devices = {node.facts.devices.begin(), node.facts.devices.end()};
  if (node.free_devices.empty()) return;
  for (const auto& [id, attempt] : node.attempts) {
    for (const int device : attempt.devices) node.free_devices.erase(device);
  }
}

void erase_attempt(State& state, Node& node, AttemptId id) {
  const auto found = node.attempts.find(id);
  if (found == node.attempts.end()) return;
  Attempt& attempt = found->second;
  if (attempt.phase != Phase::queued) charge_attempt(state, node, attempt);
  if (!attempt.may_wait && !has_bug(SeededBug::slots_not_given_back)) node.slots_used -= attempt.slots;
  if (attempt.deadline) state.deadlines.erase({*attempt.deadline, id});
  if (attempt.job != nullptr) attempt.job->attempts.erase(id);
  if (!attempt.remove_when_over.empty()) {
    remove_directory(state, node, std::move(attempt.remove_when_over));
  }
  state.attempts.erase(id);
  node.attempts.erase(found);
  find_free_devices(node);
  promote_waiting(node);
  state.unsettled_nodes.insert(&node);
  state.stale_pools.insert(node.pool);
  state.restless_pools.insert(node.pool);
}

void take_events(State& state, Node& node, const std::vector<Event>& events) {
  for (const Event& event : events) take_event(state, node, event);
}

void compare_held(State& state, Node& node) {
  std::vector<AttemptId> over;
  for (auto& [id, attempt] : node.attempts) {
    if (const auto held = node.held.find(id); held != node.held.end()) {
      attempt.was_held = true;
      continue;
    }
    // A reply may cross the next request: only the one behind that shows what came of it.
    const bool is_stopped =
        attempt.told_stop != 0 && node.sequence >= attempt.told_stop + 2 && node.told_session == node.session;
    if (attempt.was_held || is_stopped) over.push_back(id);
  }
  for (const AttemptId id : over) {
    const auto found = node.attempts.find(id);
    if (found == node.attempts.end()) continue;
    if (found->second.kind == RunKind::images) {
      fetch_images(state, node);  // its agent is another one; what was fetched stays
      continue;
    }
    if (found->second.kind == RunKind::start_task) {
      Event event{.kind = Event::Kind::ended, .attempt = id};
      event.failure = spec::Failure{"servererror", "Unknown", "the node lost it", {}};
      start_task_event(state, node, id, event);
      continue;
    }
    log::warn("attempt_lost", {{"node", node.id}, {"attempt", id}});
    end_without_event(state, node, found->second, "its node does not hold it any more", Over::said);
  }
}

void outputs_published(State& state, AttemptId attempt) {
  const auto found = state.publishing.find(attempt);
  if (found == state.publishing.end()) return;
  Task& task = *found->second;
  end_publishing(state, task);
  conclude_task(state, task);
}

void abandon(State& state, Node& node, AttemptId id, std::string_view why) {
  const auto found = node.attempts.find(id);
  if (found == node.attempts.end()) return;
  end_without_event(state, node, found->second, why, Over::unheard);
}

void stop_attempt(State& state, Node& node, Attempt& attempt, std::string_view reason, Duration grace, bool requeue) {
  // A later stop may end what an earlier one would have run again, not the other way round.
  if (!attempt.stop_reason.empty() && !attempt.requeue_on_stop) return;
  attempt.stop_reason = std::string(reason);
  attempt.stop_grace = grace;
  attempt.requeue_on_stop = requeue;
  attempt.told_stop = 0;
  if (attempt.task != nullptr) touch_task(state, *attempt.task);
  if (!attempt.was_told && !attempt.was_held) {
    state.stopped_untold.push_back(attempt.id);
    return;
  }
  state.effects.wake.emplace(node.pool->id, node.id);
}

void end_stopped_untold(State& state) {
  for (const AttemptId id : std::exchange(state.stopped_untold, {})) {
    const auto found = state.attempts.find(id);
    if (found == state.attempts.end()) continue;
    Node& node = *found->second;
    const Attempt& attempt = node.attempts.at(id);
    if (!attempt.was_told) end_without_event(state, node, attempt, attempt.stop_reason, Over::untold);
  }
}

void time_out(State& state, AttemptId id) {
  const auto found = state.attempts.find(id);
  if (found == state.attempts.end()) return;
  Attempt& attempt = found->second->attempts.at(id);
  attempt.deadline.reset();
  stop_attempt(state, *found->second, attempt, "timeout", state.settings.kill_grace, false);
}

Status load_attempt(State& state, Task& task, const store::TaskRow& row) {
  const Json own = Json::parse(row.info, nullptr, false).at(spec::kPrivate);
  const auto id = own.find("a");
  Job& job = *task.job;
  if (id == own.end()) {
    place_in_queue(state, task);
    return Ok{};
  }
  Attempt loaded;
  std::string pool, name;
  try {
    loaded.id = *id;
    loaded.phase = static_cast<Phase>(std::clamp(own.at("phase").get<int>(), 0, 3));
    loaded.slots = own.at("slots");
    loaded.may_wait = own.at("waits").get<int>() != 0;
    loaded.assigned = WallTime(Duration(own.at("assigned").get<std::int64_t>()));
    loaded.devices = own.value("devices", std::vector<int>{});
    loaded.stop_reason = own.value("stop", "");
    loaded.stop_grace = Duration(own.value("grace", std::int64_t{0}));
    loaded.requeue_on_stop = own.value("requeue", 0) != 0;
    pool = own.at("pool");
    name = own.at("node");
  } catch (const Json::exception& error) {
    return Error{Code::corrupt,
                 "the stored task '" + row.id + "' of job '" + job.id + "' cannot be read: " + error.what()};
  }
  state.next_attempt = std::max(state.next_attempt, loaded.id + 1);
  Node* node = find_node(state, pool, name);
  if (node == nullptr) {
    if (task.is_single_writer) hold_back(state, task, state.now.steady);
    requeue_task(state, task, loaded.phase != Phase::queued);
    return Ok{};
  }
  loaded.kind = RunKind::task;
  loaded.job = &job;
  loaded.task = &task;
  loaded.was_told = true;
  loaded.was_held = loaded.phase != Phase::queued;
  loaded.started = loaded.was_held ? task.started.value_or(loaded.assigned) : loaded.assigned;
  Attempt& attempt = node->attempts[loaded.id] = std::move(loaded);
  if (!attempt.may_wait) node->slots_used += attempt.slots;
  for (const int device : attempt.devices) node->free_devices.erase(device);
  state.attempts.emplace(attempt.id, node);
  job.attempts.insert(attempt.id);
  ++job.running;
  task.node = node;
  task.attempt = attempt.id;
  if (attempt.was_held) set_deadline(state, attempt, task);
  return Ok{};
}

}  // namespace scoria::batch
