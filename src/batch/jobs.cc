#include "batch/jobs.h"

#include <algorithm>

#include "base/iso8601.h"
#include "base/log.h"
#include "batch/attempts.h"
#include "batch/job_settings.h"
#include "batch/pools.h"
#include "batch/tasks.h"
#include "spec/errors.h"

namespace scoria::batch {

using spec::batch_error;

namespace {

// What PATCH may set, and PUT sets or brings back to its default.
constexpr const char* kChangeable[] = {"priority",           "maxParallelTasks", "allowTaskPreemption", "constraints",
                                       "onAllTasksComplete", "metadata",         "networkConfiguration"};

std::string pool_id_of(const Json& body) {
  const auto info = body.find("poolInfo");
  return info == body.end() || !info->is_object() ? std::string() : info->value("poolId", "");
}

Result<Stamp> changed(State& state, Job& job) {
  state.job_deadlines.erase({job.ends_at.value_or(WallTime{}), job.number});
  take_settings(job);
  if (job.ends_at) state.job_deadlines.emplace(*job.ends_at, job.number);
  job.stamp.changed(state.now.wall);
  state.dirty_jobs.insert(&job);
  if (job.pool != nullptr) state.stale_pools.insert(job.pool);
  advance_job(state, job);
  return job.stamp;
}

// A job that may be changed. Errors: ConditionNotMet, JobBeingDeleted, JobBeingTerminated, JobCompleted.
Result<Job*> find_open(State& state, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(job, find_job(state, id));
  SCORIA_TRY_STATUS(condition.check(job->stamp));
  switch (job->state) {
    case JobState::deleting: return batch_error("JobBeingDeleted", "job '" + job->id + "' is being deleted");
    case JobState::terminating: return batch_error("JobBeingTerminated", "job '" + job->id + "' is being terminated");
    case JobState::completed: return batch_error("JobCompleted", "job '" + job->id + "' is completed");
    default: return job;
  }
}

// Another pool: only while the job is disabled, as its running tasks cannot move.
Status change_pool(State& state, Job& job, const Json& body) {
  const std::string id = pool_id_of(body);
  if (id.empty() || lower(id) == lower(job.pool_id)) return Ok{};
  if (job.state != JobState::disabled) {
    return batch_error("OperationInvalidForCurrentState", "job '" + job.id + "' is " +
                                                              std::string(job_state_name(job.state)) +
                                                              ": its pool can change only while it is disabled");
  }
  SCORIA_TRY(pool, find_pool(state, id));
  job.body["poolInfo"] = body["poolInfo"];
  job.pool_id = pool->id;
  job.execution_info["poolId"] = pool->id;
  bind_pool(state, job, pool);
  return Ok{};
}

Result<Pool*> pool_for(State& state, Job& job) {
  const std::string id = pool_id_of(job.body);
  if (id.empty()) return ensure_auto_pool(state, job);
  SCORIA_TRY(pool, find_pool(state, id));
  if (pool->is_deleting) return batch_error("PoolBeingDeleted", "pool '" + pool->id + "' is being deleted");
  return pool;
}

Status check_id(State& state, const std::string& id) {
  if (find_job(state, id).ok()) {
    return batch_error("JobExists", "The specified job already exists: '" + id + "'.");
  }
  if (state.schedules.contains(lower(id))) {
    return batch_error("JobScheduleWithSameIdExists", "A job schedule with the id '" + id + "' exists already.");
  }
  return Ok{};
}

Status check_special_tasks(const Json& body) {
  if (body.contains("jobReleaseTask") && !body.contains("jobPreparationTask")) {
    return batch_error("InvalidPropertyValue", "jobReleaseTask needs a jobPreparationTask",
                       {{"PropertyName", "jobReleaseTask"}});
  }
  return Ok{};
}

// The document that the store holds, or will. None: there is no such job.
Result<std::optional<store::Document>> find_document(const State& state, std::string_view id) {
  const std::string parent = job_parent(id);
  for (const store::Changes* changes : {&std::as_const(state.changes), state.in_flight}) {
    if (changes == nullptr) continue;
    const auto* text = changes->find(store::Kind::job, parent, id);
    if (text == nullptr) continue;
    if (!*text) return std::optional<store::Document>();
    return std::optional<store::Document>({store::Kind::job, parent, std::string(id), **text});
  }
  return state.store.get(store::Kind::job, parent, id);
}

}  // namespace

Result<Job*> find_job(State& state, std::string_view id) {
  if (const auto found = state.jobs.find(lower(id)); found != state.jobs.end()) return found->second.get();
  SCORIA_TRY(document, find_document(state, id));
  if (!document) return batch_error("JobNotFound", "The specified job does not exist: '" + std::string(id) + "'.");
  SCORIA_TRY(job, read_job(state, *document));
  Job& inserted = insert_job(state, std::move(job));
  state.completed_jobs.push_back(inserted.number);  // it was not in memory, so it is: and leaves again
  return &inserted;
}

Result<Job*> make_job(State& state, Json body, std::string schedule) {
  auto made = make<Job>(state);
  made->id = body.value("id", "");
  SCORIA_TRY_STATUS(check_id(state, made->id));
  SCORIA_TRY_STATUS(check_special_tasks(body));
  made->number = state.next_job++;
  made->schedule = std::move(schedule);
  made->body = std::move(body);
  made->stamp.created = made->stamp.modified = made->stamp.state_since = state.now.wall;
  made->knows_all_ids = true;
  take_settings(*made);
  SCORIA_TRY(pool, pool_for(state, *made));
  made->pool_id = pool->id;
  made->execution_info = {{"startTime", format_time(state.now.wall)}, {"poolId", pool->id}};
  Job& job = insert_job(state, std::move(made));
  state.dirty_jobs.insert(&job);
  if (Status added = add_manager_task(state, job); !added.ok()) {
    drop_job(state, job);
    return added.error();
  }
  log::info("job_added", {{"job", job.id}, {"pool", job.pool_id}});
  advance_job(state, job);
  return &job;
}

Result<Stamp> add_job(State& state, Json body) {
  SCORIA_TRY(job, make_job(state, std::move(body), {}));
  return job->stamp;
}

Result<Stamp> patch_job(State& state, std::string_view id, Json body, const Precondition& condition) {
  SCORIA_TRY(job, find_open(state, id, condition));
  SCORIA_TRY_STATUS(change_pool(state, *job, body));
  for (const char* key : kChangeable) {
    if (body.contains(key)) job->body[key] = body[key];
  }
  return changed(state, *job);
}

Result<Stamp> update_job(State& state, std::string_view id, Json body, const Precondition& condition) {
  SCORIA_TRY(job, find_open(state, id, condition));
  SCORIA_TRY_STATUS(change_pool(state, *job, body));
  for (const char* key : kChangeable) {
    job->body.erase(key);
    if (body.contains(key)) job->body[key] = body[key];
  }
  return changed(state, *job);
}

Status delete_job(State& state, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(job, find_job(state, id));
  SCORIA_TRY_STATUS(condition.check(job->stamp));
  if (job->state == JobState::deleting) {
    return batch_error("JobBeingDeleted", "job '" + job->id + "' is being deleted already");
  }
  drop_job(state, *job);
  return Ok{};
}

Status terminate_job(State& state, std::string_view id, std::string_view reason, const Precondition& condition) {
  SCORIA_TRY(job, find_open(state, id, condition));
  end_job(state, *job, reason);
  return Ok{};
}

Status disable_job(State& state, std::string_view id, std::string_view tasks, const Precondition& condition) {
  SCORIA_TRY(job, find_open(state, id, condition));
  if (job->state == JobState::disabled || job->state == JobState::disabling) {
    return batch_error("JobDisabled", "job '" + job->id + "' is disabled already");
  }
  stop_job(state, *job, lower(tasks));
  return Ok{};
}

Status enable_job(State& state, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(job, find_open(state, id, condition));
  if (job->state == JobState::active) return Ok{};
  set_job_state(state, *job, JobState::active);
  job->disable_tasks.clear();
  if (job->pool != nullptr) {
    state.stale_pools.insert(job->pool);
    state.restless_pools.insert(job->pool);
  }
  advance_job(state, *job);
  return Ok{};
}

Status load_job(State& state, const store::Document& document) {
  SCORIA_TRY(read, read_job(state, document));
  state.next_job = std::max(state.next_job, read->number + 1);
  if (read->state == JobState::completed) return Ok{};
  Job& job = insert_job(state, std::move(read));
  // Of open tasks their rows say it.
  job.counts.active = job.counts.preparing = job.counts.running = 0;
  job.counts.active_slots = job.counts.running_slots = 0;
  if (!job.dependencies) return Ok{};
  return state.store.each_completed_task(job.number, [&](const store::TaskRow& row) -> Status {
    const Json info = Json::parse(row.info, nullptr, false);
    const bool satisfies =
        info.is_object() && info.contains(spec::kPrivate) && info[spec::kPrivate].value("sat", 0) != 0;
    if (satisfies) (void)job.dependencies->satisfy(lower(row.id));  // nothing waits yet
    return Ok{};
  });
}

}  // namespace scoria::batch
