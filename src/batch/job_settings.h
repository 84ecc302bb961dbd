// What a job's body says, and steps of a job's life that several files take. Threads: State's owner.
#pragma once

#include <memory>
#include <string>

#include "batch/state.h"

namespace scoria::batch {

// Reads the body's priority, constraints, flags and special tasks into the job's fields.
void take_settings(Job& job);
// A stored job. Errors: corrupt.
Result<std::unique_ptr<Job>> read_job(State& state, const store::Document& document);
// Puts it into memory, with its pool where that is there.
Job& insert_job(State& state, std::unique_ptr<Job> job);
void set_job_state(State& state, Job& job, JobState to);
// Deletes it: its tasks are stopped and forgotten, its release tasks run.
void drop_job(State& state, Job& job);
// After a start: what its end had set going is set going again.
void resume_job(State& state, Job& job);
void bind_pool(State& state, Job& job, Pool* pool);

}  // namespace scoria::batch
