// How jobs move from state to state.
#include <algorithm>

#include "base/iso8601.h"
#include "base/log.h"
#include "base/seeded_bug.h"
#include "batch/attempts.h"
#include "batch/job_settings.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/notices.h"
#include "batch/preparations.h"
#include "batch/schedules.h"
#include "batch/task_progress.h"
#include "batch/usage.h"

namespace scoria::batch {
namespace {

using spec::RunKind;

std::vector<AttemptId> attempts_of(const Job& job) {
  std::vector<AttemptId> ids(job.attempts.begin(), job.attempts.end());
  std::ranges::sort(ids);
  return ids;
}

Attempt* find_attempt(State& state, AttemptId id) {
  const auto node = state.attempts.find(id);
  if (node == state.attempts.end()) return nullptr;
  const auto attempt = node->second->attempts.find(id);
  return attempt == node->second->attempts.end() ? nullptr : &attempt->second;
}

// Its preparations need not go on.
void stop_preparations(State& state, Job& job) {
  for (const AttemptId id : attempts_of(job)) {
    Attempt* attempt = find_attempt(state, id);
    if (attempt == nullptr || attempt->kind != RunKind::preparation) continue;
    stop_attempt(state, *state.attempts.at(id), *attempt, "terminated", state.settings.kill_grace, false);
  }
}

bool has_work_left(State& state, const Job& job) {
  if (job.running > 0 || job.publishing > 0) return true;
  return std::ranges::any_of(job.attempts, [&](AttemptId id) {
    const Attempt* attempt = find_attempt(state, id);
    return attempt != nullptr && attempt->kind != RunKind::release;
  });
}

void finish(State& state, Job& job) {
  forget_preparations(state, job);
  if (job.ends_at) state.job_deadlines.erase({*job.ends_at, job.number});
  bind_pool(state, job, nullptr);
}

void complete(State& state, Job& job) {
  job.execution_info["endTime"] = format_time(state.now.wall);
  job.execution_info["terminateReason"] = job.terminate_reason;
  set_job_state(state, job, JobState::completed);
  finish(state, job);
  notify_job_ended(state, job);
  job_of_schedule_ended(state, job);
  log::info("job_completed", {{"job", job.id}, {"reason", job.terminate_reason}});
}

void erase(State& state, Job& job) {
  // Not by job.pool: a job that completed has none.
  if (const auto pool = state.pools.find(lower(job.pool_id)); pool != state.pools.end()) {
    for (auto& [key, node] : pool->second->nodes) remove_directory(state, *node, job_directory(job.id));
  }
  finish(state, job);
  erase_preparations(state, job);
  state.changes.erase(store::Kind::job, job_parent(job.id), job.id);
  if (!has_bug(SeededBug::job_leaves_tasks)) state.changes.erase_tasks(job.number);
  state.dirty_jobs.erase(&job);
  job_of_schedule_ended(state, job);
  log::info("job_deleted", {{"job", job.id}});
  job.is_gone = true;
  const auto found = state.jobs.find(lower(job.id));
  state.jobs_by_number.erase(job.number);
  state.gone_jobs.push_back(std::move(found->second));
  state.jobs.erase(found);
}

bool kills_job(const Job& job) { return job.body.at("jobManagerTask").value("killJobOnCompletion", true); }

}  // namespace

void take_settings(Job& job) {
  const Json& body = job.body;
  job.priority = body.value("priority", 0);
  job.max_parallel = body.value("maxParallelTasks", -1);
  job.ends_when_complete = lower(body.value("onAllTasksComplete", "")) == "terminatejob";
  job.acts_on_failure = lower(body.value("onTaskFailure", "")) == "performexitoptionsjobaction";
  job.uses_dependencies = body.value("usesTaskDependencies", false);
  if (job.uses_dependencies && !job.dependencies) job.dependencies = std::make_unique<Dependencies>();
  const auto preparation = body.find("jobPreparationTask");
  job.has_preparation = preparation != body.end() && preparation->is_object();
  job.waits_for_preparation = !job.has_preparation || preparation->value("waitForSuccess", true);
  job.has_release = body.contains("jobReleaseTask") && body["jobReleaseTask"].is_object();
  job.ends_at.reset();
  if (const auto constraints = body.find("constraints"); constraints != body.end() && constraints->is_object()) {
    const auto limit = parse_duration(constraints->value("maxWallClockTime", ""));
    // What is longer than a century is no limit, and would not fit a time.
    if (limit.ok() && limit.value() < std::chrono::hours(24 * 36525)) job.ends_at = job.stamp.created + limit.value();
  }
}

Job& insert_job(State& state, std::unique_ptr<Job> made) {
  Job& job = *made;
  state.jobs.emplace(lower(job.id), std::move(made));
  state.jobs_by_number.emplace(job.number, &job);
  if (job.state == JobState::completed) return job;
  if (job.ends_at) state.job_deadlines.emplace(*job.ends_at, job.number);
  const auto pool = state.pools.find(lower(job.pool_id));
  bind_pool(state, job, pool == state.pools.end() ? nullptr : pool->second.get());
  return job;
}

void set_job_state(State& state, Job& job, JobState to) {
  if (job.state == to) return;
  job.previous_state = std::string(job_state_name(job.state));
  job.previous_since = job.stamp.state_since;
  job.state = to;
  job.stamp.state_changed(state.now.wall);
  state.dirty_jobs.insert(&job);
}

void bind_pool(State& state, Job& job, Pool* pool) {
  if (job.pool != nullptr) {
    job.pool->jobs.erase(&job);
    state.restless_pools.insert(job.pool);
  }
  job.pool = pool;
  if (pool == nullptr) return;
  pool->jobs.insert(&job);
  state.stale_pools.insert(pool);
  state.restless_pools.insert(pool);
}

void attach_jobs(State& state, Pool& pool) {
  for (auto& [id, job] : state.jobs) {
    if (job->pool == nullptr && job->state != JobState::completed && lower(job->pool_id) == lower(pool.id)) {
      bind_pool(state, *job, &pool);
    }
  }
}

void detach_jobs(State& state, Pool& pool) {
  for (Job* job : InOrder<Job>(pool.jobs)) {
    bind_pool(state, *job, nullptr);
    advance_job(state, *job);
  }
}

void stop_job(State& state, Job& job, std::string_view tasks) {
  set_job_state(state, job, JobState::disabling);
  job.disable_tasks = std::string(tasks);
  for (const AttemptId id : attempts_of(job)) {
    Attempt* attempt = find_attempt(state, id);
    if (attempt == nullptr || attempt->task == nullptr) continue;
    const bool has_begun = attempt->phase != spec::Phase::queued;
    // Under "wait" and "terminate" what has not begun is only taken back.
    if (tasks == "wait" && has_begun) continue;
    const bool requeue = tasks != "terminate" || !has_begun;
    stop_attempt(state, *state.attempts.at(id), *attempt, "terminated", state.settings.kill_grace, requeue);
  }
  advance_job(state, job);
}

void end_job(State& state, Job& job, std::string_view reason) {
  if (job.state == JobState::terminating || job.state == JobState::completed || job.state == JobState::deleting) return;
  set_job_state(state, job, JobState::terminating);
  job.terminate_reason = std::string(reason);
  for (const AttemptId id : attempts_of(job)) {
    Attempt* attempt = find_attempt(state, id);
    if (attempt == nullptr || attempt->task == nullptr) continue;
    Task& task = *attempt->task;
    const bool has_begun = attempt->phase != spec::Phase::queued;
    orphan_attempt(state, task, "terminated");
    if (!has_begun) {  // Azure leaves them active for ever
      set_task_state(state, task, TaskState::active);
      touch_task(state, task);
      continue;
    }
    task.failure = ended_failure("Task was ended because its job was terminated");
    task.exit_code.reset();
    task.ended = state.now.wall;
    complete_task(state, task);
  }
  stop_preparations(state, job);
  advance_job(state, job);
}

void drop_job(State& state, Job& job) {
  set_job_state(state, job, JobState::deleting);
  for (const AttemptId id : attempts_of(job)) {
    Attempt* attempt = find_attempt(state, id);
    if (attempt != nullptr && attempt->task != nullptr) orphan_attempt(state, *attempt->task, "terminated");
  }
  for (auto& [id, task] : job.open) {
    if (task->publishing == 0) continue;
    state.effects.discard.push_back(task->publishing);
    end_publishing(state, *task);
  }
  job.ready.clear();
  job.unready.clear();
  stop_preparations(state, job);
  advance_job(state, job);
}

void advance_job(State& state, Job& job) {
  if (job.is_gone) return;
  switch (job.state) {
    case JobState::active:
      if (job.manager_state == TaskState::completed && kills_job(job)) return end_job(state, job, "JMComplete");
      if (job.ends_when_complete && job.open.empty()) return end_job(state, job, "AllTasksComplete");
      return;
    case JobState::disabling:
      if (job.running == 0 && job.publishing == 0) set_job_state(state, job, JobState::disabled);
      return;
    case JobState::terminating:
      if (!has_work_left(state, job) && release_everywhere(state, job)) complete(state, job);
      return;
    case JobState::deleting:
      if (!has_work_left(state, job) && release_everywhere(state, job)) erase(state, job);
      return;
    case JobState::disabled:
    case JobState::enabling:
    case JobState::completed: return;
  }
}

void resume_job(State& state, Job& job) {
  // Who was told to stop is not stored: a task that is deleted with its job, a preparation.
  if (job.state == JobState::deleting) return drop_job(state, job);
  if (job.state == JobState::terminating) stop_preparations(state, job);
  advance_job(state, job);
}

void forget_job(State& state, Job& job) {
  state.jobs_by_number.erase(job.number);
  state.jobs.erase(lower(job.id));
}

}  // namespace scoria::batch
