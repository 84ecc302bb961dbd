// Notices: what webhooks are told, once each and durably: a job completed or failed, a schedule missed a firing. Who delivers them (signed)
// stands above this folder; here is the outbox. Threads: State's owner.
#pragma once

#include <string_view>

#include "batch/state.h"

namespace scoria::batch {

// "job.completed", or "job.failed" where a task of it failed or it could not be scheduled.
void notify_job_ended(State& state, const Job& job);
// "schedule.missed": `count` firings up to `due` were not taken, and why.
void notify_schedule_missed(State& state, const Schedule& schedule, WallTime due, std::uint64_t count,
                            std::string_view why);

// Answers to a notice of Effects, by its document's "id".
void notice_delivered(State& state, std::string_view id);
// Tried again after 10 s, 20 s, 40 s ... at most an hour; given up after three days.
void notice_failed(State& state, std::string_view id, std::string_view why);
// Puts what is due into Effects. Called by tick_pools().
void send_due_notices(State& state);
Status load_notice(State& state, const store::Document& document);

}  // namespace scoria::batch
