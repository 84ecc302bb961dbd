// Jobs. Bodies are documents of spec::read_body(). Source: Azure Batch REST API, Job. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// Errors (api_code): JobExists, JobWithSameIdExists, PoolNotFound, TaskDependenciesNotSpecifiedOnJob, InvalidPropertyValue.
Result<Stamp> add_job(State& state, Json body);
// What schedules use: `schedule` is lower-case. The job's number.
Result<Job*> make_job(State& state, Json body, std::string schedule);
Result<Stamp> patch_job(State& state, std::string_view id, Json body, const Precondition& condition);
Result<Stamp> update_job(State& state, std::string_view id, Json body, const Precondition& condition);
Status delete_job(State& state, std::string_view id, const Precondition& condition);
Status terminate_job(State& state, std::string_view id, std::string_view reason, const Precondition& condition);
Status disable_job(State& state, std::string_view id, std::string_view tasks, const Precondition& condition);
Status enable_job(State& state, std::string_view id, const Precondition& condition);

// A job by id: open in memory, else (completed) from the store. Errors: JobNotFound.
Result<Job*> find_job(State& state, std::string_view id);
// Moves a job on where it can: disabling that has drained, completion, termination, deletion. Idempotent; called after whatever may matter.
void advance_job(State& state, Job& job);
// Jobs of this pool's id find it again: a pool of the same name was made. Called by add_pool().
void attach_jobs(State& state, Pool& pool);
// The pool goes: its jobs wait for another of its name. Its nodes' attempts were abandoned before.
void detach_jobs(State& state, Pool& pool);
// "schedule" of "schedule:job-3", else empty: the parent of a job's document in the store.
std::string job_parent(std::string_view id);
Json job_document(const Job& job);
Status load_job(State& state, const store::Document& document);

}  // namespace scoria::batch
