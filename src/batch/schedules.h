// Job schedules. Bodies are documents of spec::read_body(); beside Azure's `schedule` they may hold {"cron", "timeZone", "overlap", "catchUp"}
// under schedule. Source: Azure Batch REST API, Job Schedule. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// Errors (api_code): JobScheduleExists, JobExists, InvalidPropertyValue (a recurrence under one minute, a cron text).
Result<Stamp> add_schedule(State& state, Json body);
Result<Stamp> patch_schedule(State& state, std::string_view id, Json body, const Precondition& condition);
Result<Stamp> update_schedule(State& state, std::string_view id, Json body, const Precondition& condition);
Status delete_schedule(State& state, std::string_view id, const Precondition& condition);
Status terminate_schedule(State& state, std::string_view id, const Precondition& condition);
Status disable_schedule(State& state, std::string_view id, const Precondition& condition);
Status enable_schedule(State& state, std::string_view id, const Precondition& condition);
// A job now, beside the timetable. The new job's id.
Result<std::string> run_schedule_now(State& state, std::string_view id);
// The next `count` times at which it will fire.
Result<std::vector<WallTime>> next_firings(const State& state, std::string_view id, int count);

// Makes the jobs that are due; told when a schedule's job ended.
void fire_due(State& state);
void job_of_schedule_ended(State& state, Job& job);
// Paths stand for urls, as in pool_document().
Json schedule_document(const Schedule& schedule);
Json stored_schedule(const Schedule& schedule);
Status load_schedule(State& state, const store::Document& document);

}  // namespace scoria::batch
