// Jobs. Bodies are documents of spec::read_body(). Source: Azure Batch REST API, Job. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// Errors (api_code): JobExists, JobScheduleWithSameIdExists, PoolNotFound, InvalidPropertyValue, MissingRequiredProperty.
Result<Stamp> add_job(State& state, Json body);
// What schedules use: `schedule` is lower-case. The job, which may be completed already: it has no tasks and ends when they are complete.
Result<Job*> make_job(State& state, Json body, std::string schedule);
Result<Stamp> patch_job(State& state, std::string_view id, Json body, const Precondition& condition);
Result<Stamp> update_job(State& state, std::string_view id, Json body, const Precondition& condition);
Status delete_job(State& state, std::string_view id, const Precondition& condition);
Status terminate_job(State& state, std::string_view id, std::string_view reason, const Precondition& condition);
Status disable_job(State& state, std::string_view id, std::string_view tasks, const Precondition& condition);
Status enable_job(State& state, std::string_view id, const Precondition& condition);

// A job by id: open in memory, else (completed) from the store. Errors: JobNotFound.
Result<Job*> find_job(State& state, std::string_view id);
// Ends a job that is neither ended nor about to be: its running tasks are ended, its release tasks run.
void end_job(State& state, Job& job, std::string_view reason);
// Stops its tasks as `tasks` says (requeue, terminate, wait).
void stop_job(State& state, Job& job, std::string_view tasks);
// Moves a job on where it can: disabling that has drained, completion, termination, deletion. Idempotent; called after whatever may
// matter. `job` lives until flush().
void advance_job(State& state, Job& job);
// Out of memory: completed, and in the store.
void forget_job(State& state, Job& job);

// Jobs of this pool's id find it again: a pool of the same name was made. Called by add_pool().
void attach_jobs(State& state, Pool& pool);
// The pool goes: its jobs wait for another of its name. Its nodes' attempts were abandoned before.
void detach_jobs(State& state, Pool& pool);

// "schedule" of "schedule:job-3", else empty: the parent of a job's document in the store. Lower-case.
std::string job_parent(std::string_view id);
// Its directory below a node's root: "workitems/j1", "workitems/schedule/job-3"; and that of a task in it ("workitems/j1/job-1/t").
std::string job_directory(std::string_view id);
std::string task_directory(std::string_view job, std::string_view task);
std::string_view job_state_name(JobState state);
Json job_document(const Job& job);
// job_document() with what recovery needs under "~", its "number" and "counts" among it: the text in the store.
Json stored_job(const Job& job);
// Completed ones are left in the store.
Status load_job(State& state, const store::Document& document);
// The id of its job preparation task, or release task: the body's, or the default.
std::string preparation_id(const Job& job);
std::string release_id(const Job& job);

}  // namespace scoria::batch
