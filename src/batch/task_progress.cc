#include "batch/task_progress.h"

#include <algorithm>

#include "base/log.h"
#include "base/seeded_bug.h"
#include "batch/attempts.h"
#include "batch/jobs.h"
#include "batch/tasks.h"

namespace scoria::batch {
namespace {

bool is_pre_processing(const Task& task) {
  // Nothing ran, and it was the task's environment that failed, not somebody who ended it.
  return !task.exit_code && !task.failure.is_null() && task.failure.value("code", "") != "TaskEnded";
}

bool is_upload_error(const Task& task) {
  return !task.failure.is_null() && task.failure.value("code", "").starts_with("FileUpload");
}

const Json* member(const Json& parent, const char* name) {
  const auto found = parent.find(name);
  return found == parent.end() || !found->is_object() ? nullptr : &*found;
}

const Json& list(const Json& parent, const char* name) {
  static const Json kNone = Json::array();
  const auto found = parent.find(name);
  return found == parent.end() || !found->is_array() ? kNone : *found;
}

const Json* options_of(const Json& conditions, const Task& task) {
  if (task.exit_code && (task.failure.is_null() || task.failure.value("code", "") != "TaskEnded")) {
    for (const Json& one : list(conditions, "exitCodes")) {
      if (one.value("code", 0) == *task.exit_code) return member(one, "exitOptions");
    }
    for (const Json& range : list(conditions, "exitCodeRanges")) {
      if (range.value("start", 0) <= *task.exit_code && *task.exit_code <= range.value("end", 0)) {
        return member(range, "exitOptions");
      }
    }
    if (is_upload_error(task) && conditions.contains("fileUploadError")) return member(conditions, "fileUploadError");
  }
  if (is_pre_processing(task) && conditions.contains("preProcessingError"))
    return member(conditions, "preProcessingError");
  return task.failure.is_null() ? nullptr : member(conditions, "default");
}

void satisfy_dependents(State& state, Job& job, const Task& task) {
  for (const std::uint64_t number : job.dependencies->satisfy(lower(task.id))) {
    const auto found = job.unready.find(number);
    if (found == job.unready.end()) continue;  // deleted or ended since
    Task& dependent = *found->second;
    if (--dependent.unmet > 0) continue;
    job.unready.erase(found);
    if (dependent.state == TaskState::active && dependent.attempt == 0 && !has_bug(SeededBug::lost_wake_up)) {
      place_in_queue(state, dependent);
    }
  }
}

void act_on_end(State& state, Job& job, const ExitAction& action) {
  if (!job.acts_on_failure || job.state != JobState::active) return;
  if (action.job == "terminate") {
    end_job(state, job, "TaskFailed");
  } else if (action.job == "disable") {
    stop_job(state, job, "requeue");
  }
}

void remember_on_node(State& state, const Task& task) {
  const auto pool = state.pools.find(lower(task.ran_on_pool));
  if (pool == state.pools.end()) return;
  const auto found = pool->second->nodes.find(lower(task.ran_on_node));
  if (found == pool->second->nodes.end()) return;
  Node& node = *found->second;
  if (task.failure.is_null()) ++node.total_succeeded;
  Json recent{{"taskUrl", "/jobs/" + task.job->id + "/tasks/" + task.id},
              {"jobId", task.job->id},
              {"taskId", task.id},
              {"taskState", "completed"},
              {"executionInfo", execution_info(task)}};
  node.recent_tasks.push_front(std::move(recent));
  while (node.recent_tasks.size() > 10) node.recent_tasks.pop_back();
  state.dirty_nodes.insert(&node);
}

// Out of the job's memory; who still holds it may, until flush().
void retire(State& state, Task& task) {
  Job& job = *task.job;
  take_from_queue(task);
  end_publishing(state, task);
  const auto found = job.open.find(lower(task.id));
  SCORIA_CHECK(found != job.open.end() && found->second.get() == &task);
  state.gone_tasks.push_back(std::move(found->second));
  job.open.erase(found);
  state.dirty_jobs.insert(&job);
}

}  // namespace

void end_publishing(State& state, Task& task) {
  if (task.publishing == 0) return;
  state.publishing.erase(std::exchange(task.publishing, 0));
  --task.job->publishing;
}

Json failure_info(std::string_view category, std::string_view code, std::string_view message, Json details) {
  return {{"category", category}, {"code", code}, {"message", message}, {"details", std::move(details)}};
}

Json ended_failure(std::string_view message) { return failure_info("usererror", "TaskEnded", message); }

void touch_task(State& state, Task& task) {
  task.modified = state.now.wall;
  ++task.version;
  if (task.is_dirty) return;
  task.is_dirty = true;
  state.dirty_tasks.push_back(&task);
}

void count_task(Task& task, int by) {
  JobCounts& counts = task.job->counts;
  const auto add = [&](std::uint64_t& tasks, std::uint64_t& slots) {
    tasks += static_cast<std::uint64_t>(static_cast<std::int64_t>(by));
    slots += static_cast<std::uint64_t>(static_cast<std::int64_t>(by) * task.required_slots);
  };
  switch (task.state) {
    case TaskState::active: return add(counts.active, counts.active_slots);
    // Azure's slot counts have no preparing ones: they hold their slots, as running ones do.
    case TaskState::preparing: return add(counts.preparing, counts.running_slots);
    case TaskState::running: return add(counts.running, counts.running_slots);
    case TaskState::completed:
      if (task.failure.is_null()) return add(counts.succeeded, counts.succeeded_slots);
      return add(counts.failed, counts.failed_slots);
  }
}

void set_task_state(State& state, Task& task, TaskState to) {
  if (task.state == to) return;
  count_task(task, -1);
  task.previous_state = task.state;
  task.previous_since = task.state_since;
  task.state = to;
  task.state_since = state.now.wall;
  if (has_bug(SeededBug::started_is_enough) && to == TaskState::running && task.job->dependencies)
    satisfy_dependents(state, *task.job, task);
  count_task(task, +1);
  touch_task(state, task);
  state.dirty_jobs.insert(task.job);
}

void place_in_queue(State& state, Task& task) {
  Job& job = *task.job;
  const bool is_held_back = task.held_back_until && *task.held_back_until > state.now.steady;
  if (is_held_back) state.held_back.emplace(*task.held_back_until, job.number, task.number);
  if (task.unmet > 0 || is_held_back) {
    job.unready.emplace(task.number, &task);
    return;
  }
  job.ready.emplace(task.number, &task);
  if (job.pool == nullptr) return;
  state.stale_pools.insert(job.pool);
  state.restless_pools.insert(job.pool);
}

void hold_back(const State& state, Task& task, SteadyTime heard) {
  const auto& settings = state.settings;
  task.held_back_until = heard + settings.single_writer_lease + settings.single_writer_margin;
}

void release_held_back(State& state) {
  while (!state.held_back.empty() && std::get<0>(*state.held_back.begin()) <= state.now.steady) {
    const auto [until, number, task_number] = *state.held_back.begin();
    state.held_back.erase(state.held_back.begin());
    const auto job = state.jobs_by_number.find(number);
    if (job == state.jobs_by_number.end()) continue;
    const auto found = job->second->unready.find(task_number);
    if (found == job->second->unready.end() || found->second->held_back_until != until) continue;
    Task& task = *found->second;
    task.held_back_until.reset();
    job->second->unready.erase(found);
    touch_task(state, task);
    place_in_queue(state, task);
  }
}

void take_from_queue(Task& task) {
  task.job->ready.erase(task.number);
  task.job->unready.erase(task.number);
}

Task& insert_task(Job& job, std::unique_ptr<Task> task) {
  task->job = &job;
  Task& inserted = *task;
  job.open.emplace(lower(task->id), std::move(task));
  return inserted;
}

ExitAction exit_action(const Task& task) {
  ExitAction action;
  action.satisfies = task.failure.is_null() || has_bug(SeededBug::failure_satisfies);
  if (!task.failure.is_null()) action.job = "terminate";
  // Most specs have none: not parsed for that.
  if (task.spec->find("\"exitConditions\"") == std::string::npos) return action;
  const Json spec = Json::parse(*task.spec, nullptr, false);
  const auto conditions = spec.is_object() ? spec.find("exitConditions") : spec.end();
  if (conditions == spec.end() || !conditions->is_object()) return action;
  const Json* options = options_of(*conditions, task);
  if (options == nullptr) return action;
  action.job = lower(options->value("jobAction", action.job));
  if (options->contains("dependencyAction"))
    action.satisfies = lower((*options)["dependencyAction"].get<std::string>()) == "satisfy";
  return action;
}

void conclude_task(State& state, Task& task) {
  Job& job = *task.job;
  const bool has_retries =
      task.max_retries < 0 || task.retry_count < task.max_retries + (has_bug(SeededBug::one_retry_too_many) ? 1 : 0);
  const bool job_goes_on = job.state != JobState::terminating && job.state != JobState::deleting;
  if (task.failure.is_null() || !task.may_retry || !has_retries || !job_goes_on) {
    complete_task(state, task);
    return;
  }
  if (!has_bug(SeededBug::retry_not_counted)) ++task.retry_count;
  task.last_retry = state.now.wall;
  set_task_state(state, task, TaskState::active);
  touch_task(state, task);
  place_in_queue(state, task);
  advance_job(state, job);
}

void complete_task(State& state, Task& task) {
  Job& job = *task.job;
  if (!task.ended) task.ended = state.now.wall;
  const ExitAction action = exit_action(task);
  if (job.dependencies) task.satisfies = action.satisfies;
  set_task_state(state, task, TaskState::completed);
  touch_task(state, task);
  retire(state, task);
  ++(task.failure.is_null() ? state.totals.completed : state.totals.failed);
  remember_on_node(state, task);
  if (job.dependencies && action.satisfies) satisfy_dependents(state, job, task);
  if (task.is_manager) job.manager_state = TaskState::completed;
  act_on_end(state, job, action);
  advance_job(state, job);
}

void requeue_task(State& state, Task& task, bool counts) {
  if (counts) {
    ++task.requeue_count;
    task.last_requeue = state.now.wall;
    ++state.totals.requeued;
  }
  set_task_state(state, task, TaskState::active);
  touch_task(state, task);
  place_in_queue(state, task);
}

void orphan_attempt(State& state, Task& task, std::string_view reason) {
  if (task.attempt == 0) return;
  Node& node = *task.node;
  Attempt& attempt = node.attempts.at(task.attempt);
  attempt.task = nullptr;
  task.node = nullptr;
  task.attempt = 0;
  --task.job->running;
  stop_attempt(state, node, attempt, reason, state.settings.kill_grace, false);
}

void drop_task(State& state, Task& task) {
  const AttemptId publishing = task.publishing;
  if (publishing != 0) state.effects.discard.push_back(publishing);
  count_task(task, -1);
  if (!has_bug(SeededBug::deleted_task_stays)) state.changes.erase_task(task.job->number, task.number);
  task.is_dropped = true;
  retire(state, task);
}

Result<std::optional<store::TaskRow>> find_row(const State& state, const Job& job, std::string_view id) {
  const std::string wanted = lower(id);
  for (auto gone = state.gone_tasks.rbegin(); gone != state.gone_tasks.rend(); ++gone) {
    const Task& task = **gone;
    if (task.job != &job || task.is_dropped || lower(task.id) != wanted) continue;
    return std::optional(store::TaskRow{.job = job.number,
                                        .number = task.number,
                                        .id = task.id,
                                        .state = static_cast<store::TaskState>(task.state),
                                        .spec = *task.spec,
                                        .info = task_info_text(task)});
  }
  SCORIA_TRY(stored, state.store.task(job.number, id));
  std::optional<store::TaskRow> row = std::move(stored);
  // Of a task that the store knows the number leads to its changes; others are looked for in those.
  for (const store::Changes* changes : {state.in_flight, &state.changes}) {
    if (changes == nullptr) continue;
    if (row) {
      const std::uint64_t number = row->number;
      changes->overlay(job.number, number, row);
      continue;
    }
    for (const store::Changes::TaskChange& change : changes->tasks()) {
      if (change.job != job.number || !change.is_added || lower(change.id) != wanted) continue;
      changes->overlay(job.number, change.number, row);
      break;
    }
  }
  return row;
}

}  // namespace scoria::batch
