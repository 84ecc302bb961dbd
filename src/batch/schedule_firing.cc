#include "batch/schedule_firing.h"

#include <algorithm>

#include "base/iso8601.h"
#include "base/log.h"
#include "base/seeded_bug.h"
#include "batch/jobs.h"
#include "batch/notices.h"
#include "batch/schedules.h"

namespace scoria::batch {
namespace {

// An opportunity that is taken later than this was missed: the server was down, or the clock jumped ahead.
constexpr std::chrono::seconds kLate{60};
constexpr std::size_t kMostQueued = 1000;
constexpr int kMostSteps = 10'000;
constexpr std::size_t kDeletedAtOnce = 100;

// Firings that were not taken, told as one.
struct Missed {
  std::uint64_t count = 0;
  WallTime newest;
  std::string why;
  void add(WallTime due, std::string_view reason) {
    ++count;
    newest = due;
    why = reason;
  }
};

bool runs_one(const Schedule& schedule) { return !schedule.open_jobs.empty(); }

bool has_lapsed(const State& state, const Schedule& schedule, WallTime due) {
  const auto& window = schedule.recurrence.start_window;
  return window && state.now.wall - due > *window;
}

// True: it is the last one that is due.
bool is_last_due(const State& state, const Schedule& schedule, WallTime due) {
  const auto next = opportunity_after(schedule, due, due);
  return !next || *next > state.now.wall;
}

void take(State& state, Schedule& schedule, WallTime due, Missed& missed) {
  const bool is_late = state.now.wall - due > kLate;
  if (has_lapsed(state, schedule, due)) {
    missed.add(due, "its start window lapsed");
    return;
  }
  if (is_late && schedule.catch_up == sched::CatchUp::none && !has_bug(SeededBug::late_firing_taken)) {
    missed.add(due, "nothing ran when it was due, and catchUp is none");
    return;
  }
  if (is_late && (schedule.catch_up == sched::CatchUp::last || has_bug(SeededBug::catch_up_missed)) &&
      !is_last_due(state, schedule, due)) {
    missed.add(due, "nothing ran when it was due, and a later one makes up for it");
    return;
  }
  if (runs_one(schedule) && schedule.overlap != sched::Overlap::allow && !has_bug(SeededBug::overlap_ignored)) {
    if (schedule.overlap == sched::Overlap::skip) {
      missed.add(due, "its last job still runs, and overlap is skip");
      return;
    }
    const std::size_t most = schedule.catch_up == sched::CatchUp::all && is_late ? kMostQueued : 1;
    // The one that waits already stands for those before it.
    while (schedule.queued.size() >= most) schedule.queued.pop_front();
    schedule.queued.push_back(due);
    return;
  }
  const auto made = make_scheduled_job(state, schedule);
  if (!made.ok()) missed.add(due, "its job could not be made: " + made.error().message);
}

void take_queued(State& state, Schedule& schedule, Missed& missed) {
  while (!schedule.queued.empty() && !runs_one(schedule)) {
    const WallTime due = schedule.queued.front();
    schedule.queued.pop_front();
    state.dirty_schedules.insert(&schedule);
    const auto& end = schedule.recurrence.not_after;
    if (has_lapsed(state, schedule, due) || (end && state.now.wall > *end)) {
      missed.add(due, "its start window lapsed while its last job ran");
      continue;
    }
    const auto made = make_scheduled_job(state, schedule);
    if (!made.ok()) missed.add(due, "its job could not be made: " + made.error().message);
  }
}

// Jobs of a schedule that goes. False: there are more.
bool delete_jobs(State& state, Schedule& schedule) {
  const std::string parent = lower(schedule.id);
  std::vector<std::string> ids;
  for (const std::uint64_t number : schedule.open_jobs) {
    if (const auto job = state.jobs_by_number.find(number); job != state.jobs_by_number.end()) {
      ids.push_back(job->second->id);
    }
  }
  const auto stored = state.store.list(store::Kind::job, parent, "", kDeletedAtOnce);
  if (!stored.ok()) return false;
  for (const store::Document& document : stored.value()) ids.push_back(document.id);
  for (const std::string& id : ids) (void)delete_job(state, id, {});  // those that go already are refused
  return ids.empty();
}

}  // namespace

std::optional<WallTime> opportunity_after(const Schedule& schedule, std::optional<WallTime> last, WallTime from) {
  if (!schedule.cron) return sched::next_opportunity(schedule.recurrence, last, from);
  WallTime after = std::max(last.value_or(WallTime::min()), from - Duration(1));
  if (const auto& begin = schedule.recurrence.not_before) after = std::max(after, *begin - Duration(1));
  const auto next = schedule.cron->next(after);
  if (next && schedule.recurrence.not_after && *next > *schedule.recurrence.not_after) return std::nullopt;
  return next;
}

void plan_next(State& state, Schedule& schedule) {
  const auto next = opportunity_after(schedule, schedule.last, schedule.stamp.created);
  if (next == schedule.next) return;
  schedule.next = next;
  state.dirty_schedules.insert(&schedule);
}

Result<std::string> make_scheduled_job(State& state, Schedule& schedule) {
  Json body = schedule.body.at("jobSpecification");
  const std::string id = schedule.id + ":job-" + std::to_string(schedule.jobs_made + 1);
  body["id"] = id;
  ++schedule.jobs_made;  // a number is not used again, whatever becomes of its job
  state.dirty_schedules.insert(&schedule);
  auto made = make_job(state, std::move(body), lower(schedule.id));
  if (!made.ok()) {
    log::warn("schedule_job_refused", {{"schedule", schedule.id}, {"why", made.error().message}});
    return made.error();
  }
  Job& job = *made.value();
  schedule.recent_job = {{"id", id}, {"url", "/jobs/" + id}};
  if (job.state != JobState::completed) {
    schedule.active_job = job.number;
    schedule.open_jobs.insert(job.number);
  }
  log::info("schedule_fired", {{"schedule", schedule.id}, {"job", id}});
  return id;
}

void fire(State& state, Schedule& schedule) {
  if (schedule.state != Schedule::State::active) return;
  if (has_bug(SeededBug::last_follows_clock) && schedule.last > state.now.wall) schedule.last = state.now.wall;
  Missed missed;
  take_queued(state, schedule, missed);
  for (int step = 0; step < kMostSteps; ++step) {
    const auto due = opportunity_after(schedule, schedule.last, schedule.stamp.created);
    if (!due || *due > state.now.wall) break;
    // Before the job: what was fired is remembered with it, in one commit, and a clock that jumps back finds it done.
    schedule.last = *due;
    state.dirty_schedules.insert(&schedule);
    take(state, schedule, *due, missed);
  }
  plan_next(state, schedule);
  if (missed.count > 0) notify_schedule_missed(state, schedule, missed.newest, missed.count, missed.why);
  settle_schedule(state, schedule);
}

void settle_schedule(State& state, Schedule& schedule) {
  const bool is_over = schedule.state == Schedule::State::terminating ||
                       (schedule.state == Schedule::State::active && !schedule.next && schedule.queued.empty());
  if (!is_over || runs_one(schedule)) return;
  schedule.ended = state.now.wall;
  schedule.active_job = 0;
  set_schedule_state(state, schedule, Schedule::State::completed);
}

void fire_due(State& state) {
  std::vector<std::string> gone;
  for (auto& [id, owned] : state.schedules) {
    Schedule& schedule = *owned;
    if (schedule.state == Schedule::State::deleting) {
      if (delete_jobs(state, schedule)) gone.push_back(id);
      continue;
    }
    if (schedule.state == Schedule::State::terminating) settle_schedule(state, schedule);
    if (schedule.state != Schedule::State::active) continue;
    const bool has_turn = !schedule.queued.empty() && !runs_one(schedule);
    if (has_turn || !schedule.next || *schedule.next <= state.now.wall) fire(state, schedule);
  }
  for (const std::string& id : gone) {
    const auto found = state.schedules.find(id);
    log::info("schedule_deleted", {{"schedule", found->second->id}});
    state.changes.erase(store::Kind::schedule, "", id);
    state.dirty_schedules.erase(found->second.get());
    state.schedules.erase(found);
  }
}

void job_of_schedule_ended(State& state, Job& job) {
  const auto found = state.schedules.find(job.schedule);
  if (found == state.schedules.end() || has_bug(SeededBug::scheduled_end_missed)) return;
  Schedule& schedule = *found->second;
  if (schedule.open_jobs.erase(job.number) == 0) return;
  if (schedule.active_job == job.number) schedule.active_job = 0;
  state.dirty_schedules.insert(&schedule);
  // The next one's turn comes with fire_due(): `job` is still in use by who called this.
  settle_schedule(state, schedule);
}

}  // namespace scoria::batch
