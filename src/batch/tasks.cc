#include "batch/tasks.h"

#include <algorithm>

#include "base/iso8601.h"
#include "base/seeded_bug.h"
#include "batch/attempts.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/task_progress.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::batch {

using spec::batch_error;

namespace {

Stamp stamp_of(const Task& task) {
  return {.created = task.created, .modified = task.modified, .state_since = task.state_since, .version = task.version};
}

Error not_found(const Job& job, std::string_view id) {
  return batch_error("TaskNotFound",
                     "The specified task does not exist: '" + std::string(id) + "' of job '" + job.id + "'.");
}

Error exists(const Job& job, std::string_view id) {
  return batch_error("TaskExists",
                     "The specified task already exists: '" + std::string(id) + "' of job '" + job.id + "'.");
}

// Whether the job takes changes of its tasks. Errors: JobBeingDeleted; where it is to take new work, JobCompleted, JobBeingTerminated.
Status check_job(const Job& job, bool takes_work) {
  if (job.state == JobState::deleting) {
    return batch_error("JobBeingDeleted", "job '" + job.id + "' is being deleted");
  }
  if (!takes_work) return Ok{};
  if (job.state == JobState::completed) {
    return batch_error("JobCompleted", "job '" + job.id + "' is completed: it takes no more tasks");
  }
  if (job.state == JobState::terminating) {
    return batch_error("JobBeingTerminated", "job '" + job.id + "' is being terminated: it takes no more tasks");
  }
  return Ok{};
}

Result<bool> is_known(const State& state, const Job& job, const std::string& key) {
  if (job.open.contains(key)) return true;
  if (job.known_ids.may_hold(key)) {
    SCORIA_TRY(row, find_row(state, job, key));
    return row.has_value();
  }
  if (job.knows_all_ids) return false;
  // Added before the start, so nothing pending is new to it.
  SCORIA_TRY(row, state.store.task(job.number, key));
  return row.has_value();
}

int default_retries(const Job& job) {
  const auto constraints = job.body.find("constraints");
  if (constraints == job.body.end() || !constraints->is_object()) return 0;
  return constraints->value("maxTaskRetryCount", 0);
}

void take_scheduling(Task& task, const NewTask& from, const Job& job) {
  task.required_slots = from.required_slots;
  task.max_retries = from.max_retries.value_or(default_retries(job));
  task.max_wall_clock = from.max_wall_clock;
  task.affinity = from.affinity;
  task.is_single_writer = from.is_single_writer;
}

// What a job manager task has beyond other tasks.
void take_manager_settings(Task& task, const Job& job) {
  const Json& manager = job.body.at("jobManagerTask");
  task.is_manager = true;
  task.is_exclusive = manager.value("runExclusive", true);
  task.takes_low_priority = manager.value("allowLowPriorityNode", true);
}

Result<Task*> add_task(State& state, Job& job, NewTask added) {
  const std::string key = lower(added.id);
  SCORIA_TRY(known, is_known(state, job, key));
  if (known) return exists(job, added.id);
  if (job.has_preparation && key == lower(preparation_id(job))) {
    return batch_error("TaskIdSameAsJobPreparationTask",
                       "task '" + added.id + "' has the id of the job preparation task of job '" + job.id + "'");
  }
  if (job.has_release && key == lower(release_id(job))) {
    return batch_error("TaskIdSameAsJobReleaseTask",
                       "task '" + added.id + "' has the id of the job release task of job '" + job.id + "'");
  }
  const bool has_dependencies = !added.depends_on.empty() || !added.depends_on_ranges.empty();
  if (has_dependencies && !job.uses_dependencies) {
    return batch_error(
        "TaskDependenciesNotSpecifiedOnJob",
        "task '" + added.id + "' has dependsOn, but usesTaskDependencies of job '" + job.id + "' is not true");
  }
  if (added.acts_on_job && !job.acts_on_failure) {
    return batch_error("InvalidPropertyValue",
                       "task '" + added.id + "' has a jobAction among its exitConditions, but onTaskFailure of job '" +
                           job.id + "' is noaction",
                       {{"PropertyName", "exitConditions"}});
  }
  auto made = std::make_unique<Task>();
  made->number = job.next_number++;
  made->id = std::move(added.id);
  made->spec = added.spec;
  made->created = made->state_since = state.now.wall;
  made->version = 0;
  made->is_new = true;
  take_scheduling(*made, added, job);
  Task& task = insert_task(job, std::move(made));
  job.known_ids.add(key);
  if (has_dependencies) task.unmet = job.dependencies->add(task.number, added.depends_on, added.depends_on_ranges);
  count_task(task, +1);
  touch_task(state, task);
  state.dirty_jobs.insert(&job);
  return &task;
}

Json with_constraints(const Task& task, const Json& body) {
  Json spec = Json::parse(*task.spec, nullptr, false);
  // PUT replaces: what is left out goes back to the defaults.
  Json constraints = body.value("constraints", Json::object());
  if (!constraints.contains("maxWallClockTime")) constraints["maxWallClockTime"] = format_duration(kForever);
  if (!constraints.contains("retentionTime")) constraints["retentionTime"] = "P7D";
  spec["constraints"] = std::move(constraints);
  return spec;
}

// A task that has left memory, or JobNotFound's kin. Errors: TaskNotFound.
Result<store::TaskRow> closed_row(const State& state, const Job& job, std::string_view id) {
  SCORIA_TRY(row, find_row(state, job, id));
  if (!row) return not_found(job, id);
  return std::move(*row);
}

void forget_directory(State& state, const Job& job, const Task& task) {
  const auto pool = state.pools.find(lower(task.ran_on_pool));
  if (pool == state.pools.end()) return;
  const auto node = pool->second->nodes.find(lower(task.ran_on_node));
  if (node == pool->second->nodes.end()) return;
  remove_directory(state, *node->second, task_directory(job.id, task.id));
}

}  // namespace

Result<std::vector<Result<Stamp>>> add_tasks(State& state, std::string_view job_id, std::vector<NewTask> tasks) {
  SCORIA_TRY(job, find_job(state, job_id));
  SCORIA_TRY_STATUS(check_job(*job, true));
  std::vector<Result<Stamp>> results;
  results.reserve(tasks.size());
  for (NewTask& added : tasks) {
    auto task = add_task(state, *job, std::move(added));
    if (!task.ok()) {
      results.push_back(std::move(task).error());
      continue;
    }
    place_in_queue(state, *task.value());
    results.push_back(stamp_of(*task.value()));
  }
  return results;
}

Status add_manager_task(State& state, Job& job) {
  const auto manager = job.body.find("jobManagerTask");
  if (manager == job.body.end() || !manager->is_object()) return Ok{};
  Json spec = *manager;
  for (const char* key : {"killJobOnCompletion", "runExclusive", "allowLowPriorityNode"}) spec.erase(key);
  SCORIA_TRY(task, add_task(state, job, new_task(spec)));
  take_manager_settings(*task, job);
  job.manager_state = TaskState::active;
  place_in_queue(state, *task);
  return Ok{};
}

Result<Stamp> update_task(State& state, std::string_view job_id, std::string_view id, const Json& body,
                          const Precondition& condition) {
  SCORIA_TRY(job, find_job(state, job_id));
  SCORIA_TRY_STATUS(check_job(*job, false));
  const auto found = job->open.find(lower(id));
  if (found == job->open.end()) {
    SCORIA_TRY(row, closed_row(state, *job, id));
    return batch_error(row.state == store::TaskState::completed ? "TaskCompleted" : "JobCompleted",
                       "task '" + row.id + "' of job '" + job->id + "' is over: its constraints cannot change");
  }
  Task& task = *found->second;
  SCORIA_TRY_STATUS(condition.check(stamp_of(task)));
  const Json spec = with_constraints(task, body);
  const NewTask changed = new_task(spec);
  task.spec = changed.spec;
  task.max_retries = changed.max_retries.value_or(default_retries(*job));
  task.max_wall_clock = changed.max_wall_clock;
  if (!task.is_new) state.changes.update_task_spec(job->number, task.number, *task.spec);
  touch_task(state, task);
  return stamp_of(task);
}

Status delete_task(State& state, std::string_view job_id, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(job, find_job(state, job_id));
  SCORIA_TRY_STATUS(check_job(*job, false));
  const auto found = job->open.find(lower(id));
  if (found != job->open.end()) {
    Task& task = *found->second;
    SCORIA_TRY_STATUS(condition.check(stamp_of(task)));
    const bool was_manager = task.is_manager;
    if (task.attempt != 0) {
      task.node->attempts.at(task.attempt).remove_when_over = task_directory(job->id, task.id);
      orphan_attempt(state, task, "terminated");
    } else {
      forget_directory(state, *job, task);
    }
    drop_task(state, task);
    if (was_manager) job->manager_state.reset();
    advance_job(state, *job);
    return Ok{};
  }
  SCORIA_TRY(row, closed_row(state, *job, id));
  Task task;
  task.job = job;
  SCORIA_TRY_STATUS(read_row(task, row));
  SCORIA_TRY_STATUS(condition.check(stamp_of(task)));
  task.required_slots = std::max(1, new_task(Json::parse(row.spec)).required_slots);
  count_task(task, -1);
  state.dirty_jobs.insert(job);
  for (auto& gone : state.gone_tasks) {
    if (gone->job == job && gone->number == row.number) gone->is_dropped = true;
  }
  state.changes.erase_task(job->number, row.number);
  forget_directory(state, *job, task);
  return Ok{};
}

Status terminate_task(State& state, std::string_view job_id, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(job, find_job(state, job_id));
  SCORIA_TRY_STATUS(check_job(*job, false));
  const auto found = job->open.find(lower(id));
  if (found == job->open.end()) {
    SCORIA_TRY(row, closed_row(state, *job, id));
    return batch_error("TaskCompleted", "task '" + row.id + "' of job '" + job->id + "' is completed already");
  }
  Task& task = *found->second;
  SCORIA_TRY_STATUS(condition.check(stamp_of(task)));
  if (task.publishing != 0) return Ok{};  // its end is decided, and will show as soon as its outputs do
  orphan_attempt(state, task, "terminated");
  task.failure = ended_failure("Task was ended by a user request");
  task.exit_code.reset();
  task.ended = state.now.wall;
  complete_task(state, task);
  return Ok{};
}

Status reactivate_task(State& state, std::string_view job_id, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(job, find_job(state, job_id));
  SCORIA_TRY_STATUS(check_job(*job, true));
  if (job->open.contains(lower(id))) {
    return batch_error("TaskNotCompleted", "task '" + std::string(id) + "' of job '" + job->id +
                                               "' is not completed: nothing to reactivate");
  }
  SCORIA_TRY(row, closed_row(state, *job, id));
  auto made = std::make_unique<Task>();
  made->job = job;
  SCORIA_TRY_STATUS(read_row(*made, row));
  SCORIA_TRY_STATUS(condition.check(stamp_of(*made)));
  if (made->failure.is_null()) {
    return batch_error("TaskSucceeded",
                       "task '" + row.id + "' of job '" + job->id + "' succeeded: only failed tasks run again");
  }
  const NewTask from = new_task(Json::parse(row.spec));
  take_scheduling(*made, from, *job);
  if (made->is_manager) {
    take_manager_settings(*made, *job);
    job->manager_state = TaskState::active;
  }
  Task& task = insert_task(*job, std::move(made));
  set_task_state(state, task, TaskState::active);
  task.failure = Json();
  task.exit_code.reset();
  task.ended.reset();
  task.container.clear();
  task.satisfies.reset();
  task.retry_count = 0;
  task.lost_count = 0;
  if (job->dependencies && !task.started) {  // it was ended while it waited: it waits on
    job->dependencies->drop(task.number);
    task.unmet = job->dependencies->add(task.number, from.depends_on, from.depends_on_ranges);
  }
  touch_task(state, task);
  place_in_queue(state, task);
  return Ok{};
}

Status load_task(State& state, const store::TaskRow& row) {
  const auto found = state.jobs_by_number.find(row.job);
  if (found == state.jobs_by_number.end()) return Ok{};
  Job& job = *found->second;
  auto made = std::make_unique<Task>();
  made->job = &job;
  SCORIA_TRY_STATUS(read_row(*made, row));
  NewTask from;
  try {
    from = new_task(Json::parse(row.spec));
  } catch (const Json::exception& error) {
    return Error{Code::corrupt,
                 "the stored task '" + row.id + "' of job '" + job.id + "' cannot be read: " + error.what()};
  }
  take_scheduling(*made, from, job);
  if (made->is_manager && job.body.contains("jobManagerTask")) {
    take_manager_settings(*made, job);
    job.manager_state = made->state;
  }
  if (made->held_back_until) hold_back(state, *made, state.now.steady);
  Task& task = insert_task(job, std::move(made));
  if (job.dependencies && !has_bug(SeededBug::unmet_not_counted_at_restart))
    task.unmet = job.dependencies->add(task.number, from.depends_on, from.depends_on_ranges);
  count_task(task, +1);
  if (task.publishing != 0) {
    state.publishing.emplace(task.publishing, &task);
    ++job.publishing;
    if (!has_bug(SeededBug::publish_forgotten)) state.effects.publish.push_back(task.publishing);  // again is no error
    return Ok{};
  }
  return load_attempt(state, task, row);
}

}  // namespace scoria::batch
