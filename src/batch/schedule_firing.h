// When schedules make jobs. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// Errors: JobScheduleNotFound.
Result<Schedule*> find_schedule(State& state, std::string_view id);
void set_schedule_state(State& state, Schedule& schedule, Schedule::State to);

// The first opportunity at or after `from`, and strictly after `last`.
std::optional<WallTime> opportunity_after(const Schedule& schedule, std::optional<WallTime> last, WallTime from);
// Sets `next`.
void plan_next(State& state, Schedule& schedule);
// A job by the schedule's specification, named "{schedule}:job-{n}". Its id. Errors: make_job()'s.
Result<std::string> make_scheduled_job(State& state, Schedule& schedule);
// Takes what is due of one schedule.
void fire(State& state, Schedule& schedule);
// Completes, or goes on terminating.
void settle_schedule(State& state, Schedule& schedule);

}  // namespace scoria::batch
