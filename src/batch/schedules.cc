#include "batch/schedules.h"

#include <algorithm>
#include <array>

#include "base/iso8601.h"
#include "base/log.h"
#include "base/seeded_bug.h"
#include "batch/jobs.h"
#include "batch/schedule_firing.h"
#include "batch/state_json.h"
#include "spec/errors.h"

namespace scoria::batch {

using spec::batch_error;

namespace {

constexpr std::array<std::string_view, 5> kScheduleStates{"active", "disabled", "terminating", "completed", "deleting"};
constexpr std::chrono::minutes kLeast{1};

std::string_view state_name(Schedule::State state) { return kScheduleStates[static_cast<std::size_t>(state)]; }

Error bad_value(const std::string& property, const Json& value, const std::string& reason) {
  return batch_error("InvalidPropertyValue", property + " is " + value.dump() + ", " + reason,
                     {{"PropertyName", property}, {"PropertyValue", value.dump()}, {"Reason", reason}});
}

Result<std::optional<WallTime>> read_time(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return std::optional<WallTime>();
  const auto parsed =
      found->is_string() ? parse_time(found->get<std::string>()) : Result<WallTime>(Error{Code::invalid, "no text"});
  if (!parsed.ok()) return bad_value(key, *found, "must be a time such as 2026-11-29T13:36:00Z");
  return std::optional<WallTime>(parsed.value());
}

Result<std::optional<Duration>> read_span(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return std::optional<Duration>();
  const auto parsed = found->is_string() ? parse_duration(found->get<std::string>())
                                         : Result<Duration>(Error{Code::invalid, "no text"});
  if (!parsed.ok() || parsed.value() < kLeast) return bad_value(key, *found, "must be a duration of PT1M or more");
  if (parsed.value() == kForever) return std::optional<Duration>();
  return std::optional<Duration>(parsed.value());
}

template <typename Choice, std::size_t N>
Result<Choice> read_choice(const Json& body, const char* key, Choice fallback,
                           const std::array<std::pair<std::string_view, Choice>, N>& choices) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return fallback;
  std::string names;
  for (const auto& [name, choice] : choices) {
    if (found->is_string() && lower(found->get<std::string>()) == lower(name)) return choice;
    names.append(names.empty() ? "" : ", ").append(name);
  }
  return bad_value(key, *found, "must be one of " + names);
}

// What the body's `schedule` says; the rest of `to` stays.
Status read_schedule(Schedule& to, const Json& body) {
  const Json timetable = body.value("schedule", Json::object());
  if (!timetable.is_object()) return bad_value("schedule", timetable, "must be an object");
  sched::Recurrence recurrence{.created = to.stamp.created};
  SCORIA_TRY(not_before, read_time(timetable, "doNotRunUntil"));
  SCORIA_TRY(not_after, read_time(timetable, "doNotRunAfter"));
  SCORIA_TRY(window, read_span(timetable, "startWindow"));
  SCORIA_TRY(interval, read_span(timetable, "recurrenceInterval"));
  if (not_before && not_after && *not_after <= *not_before) {
    return bad_value("doNotRunAfter", timetable["doNotRunAfter"], "must be later than doNotRunUntil");
  }
  recurrence.not_before = not_before;
  recurrence.not_after = not_after;
  recurrence.start_window = window;
  recurrence.interval = interval;
  std::optional<sched::Cron> cron;
  if (const auto text = timetable.find("cron"); text != timetable.end() && !text->is_null()) {
    if (!text->is_string()) return bad_value("cron", *text, "must be a text such as \"0 6 * * mon-fri\"");
    if (interval) return bad_value("cron", *text, "excludes recurrenceInterval");
    const Json zone = timetable.value("timeZone", Json(""));
    if (!zone.is_string()) return bad_value("timeZone", zone, "must be a name such as \"Europe/Zurich\"");
    auto parsed = sched::Cron::parse(text->get<std::string>(), zone.get<std::string>());
    if (!parsed.ok()) return bad_value("cron", *text, "which is none: " + parsed.error().message);
    cron = std::move(parsed).value();
  } else if (timetable.contains("timeZone") && !timetable["timeZone"].is_null()) {
    return bad_value("timeZone", timetable["timeZone"], "goes with cron only");
  }
  constexpr std::array<std::pair<std::string_view, sched::Overlap>, 3> kOverlaps{
      {{"skip", sched::Overlap::skip}, {"queueOne", sched::Overlap::queue_one}, {"allow", sched::Overlap::allow}}};
  constexpr std::array<std::pair<std::string_view, sched::CatchUp>, 3> kCatchUps{
      {{"none", sched::CatchUp::none}, {"last", sched::CatchUp::last}, {"all", sched::CatchUp::all}}};
  SCORIA_TRY(overlap, read_choice(timetable, "overlap", sched::Overlap::queue_one, kOverlaps));
  SCORIA_TRY(catch_up, read_choice(timetable, "catchUp", sched::CatchUp::last, kCatchUps));
  to.recurrence = recurrence;
  to.cron = std::move(cron);
  to.overlap = overlap;
  to.catch_up = catch_up;
  return Ok{};
}

Status check_specification(const Json& body) {
  const auto found = body.find("jobSpecification");
  if (found == body.end() || !found->is_object()) {
    return batch_error("MissingRequiredProperty", "a job schedule needs a jobSpecification",
                       {{"PropertyName", "jobSpecification"}});
  }
  const auto pool = found->find("poolInfo");
  if (pool == found->end() || !pool->is_object() ||
      (!pool->contains("poolId") && !pool->contains("autoPoolSpecification"))) {
    return batch_error("MissingRequiredProperty",
                       "a jobSpecification needs poolInfo with poolId or autoPoolSpecification",
                       {{"PropertyName", "jobSpecification/poolInfo"}});
  }
  return Ok{};
}

// One that clients may still change.
Result<Schedule*> find_live(State& state, std::string_view id) {
  SCORIA_TRY(schedule, find_schedule(state, id));
  if (schedule->state == Schedule::State::deleting) return batch_error("JobScheduleBeingDeleted");
  if (schedule->state == Schedule::State::terminating) return batch_error("JobScheduleBeingTerminated");
  if (schedule->state == Schedule::State::completed) return batch_error("JobScheduleCompleted");
  return schedule;
}

// `body` takes effect for future jobs: what was fired stays fired.
Result<Stamp> replace_body(State& state, Schedule& schedule, Json body) {
  Schedule probe;
  probe.stamp = schedule.stamp;
  SCORIA_TRY_STATUS(read_schedule(probe, body));
  SCORIA_TRY_STATUS(check_specification(body));
  schedule.recurrence = probe.recurrence;
  schedule.cron = std::move(probe.cron);
  schedule.overlap = probe.overlap;
  schedule.catch_up = probe.catch_up;
  schedule.body = std::move(body);
  // A new timetable counts from now: opportunities that it would have had before it was set are none.
  if (schedule.recurrence.interval || schedule.cron) {
    schedule.last = std::max(schedule.last.value_or(state.now.wall), state.now.wall);
  }
  schedule.stamp.changed(state.now.wall);
  state.dirty_schedules.insert(&schedule);
  plan_next(state, schedule);
  return schedule.stamp;
}

}  // namespace

Result<Schedule*> find_schedule(State& state, std::string_view id) {
  const auto found = state.schedules.find(lower(id));
  if (found == state.schedules.end()) {
    return batch_error("JobScheduleNotFound", "The specified job schedule does not exist: '" + std::string(id) + "'.");
  }
  return found->second.get();
}

void set_schedule_state(State& state, Schedule& schedule, Schedule::State to) {
  if (schedule.state == to) return;
  schedule.previous_state = std::string(state_name(schedule.state));
  schedule.previous_since = schedule.stamp.state_since;
  schedule.state = to;
  schedule.stamp.state_changed(state.now.wall);
  state.dirty_schedules.insert(&schedule);
  log::info("schedule_state", {{"schedule", schedule.id}, {"state", state_name(to)}});
}

Result<Stamp> add_schedule(State& state, Json body) {
  const std::string id = body.value("id", "");
  if (id.empty()) {
    return batch_error("MissingRequiredProperty", "a job schedule needs an id", {{"PropertyName", "id"}});
  }
  if (state.schedules.contains(lower(id))) {
    return batch_error("JobScheduleExists", "The specified job schedule already exists: '" + id + "'.");
  }
  // Jobs and schedules share one space of ids.
  if (find_job(state, id).ok()) {
    return batch_error("JobWithSameIdExists", "A job with the id '" + id + "' exists already.");
  }
  SCORIA_TRY_STATUS(check_specification(body));
  auto made = make<Schedule>(state);
  Schedule& schedule = *made;
  schedule.id = id;
  schedule.stamp.created = schedule.stamp.modified = schedule.stamp.state_since = state.now.wall;
  SCORIA_TRY_STATUS(read_schedule(schedule, body));
  schedule.body = std::move(body);
  if (schedule.cron) schedule.last = state.now.wall;  // the minute that it is made in is none of its firings
  state.schedules.emplace(lower(id), std::move(made));
  state.dirty_schedules.insert(&schedule);
  log::info("schedule_added", {{"schedule", id}});
  fire(state, schedule);
  return schedule.stamp;
}

Result<Stamp> patch_schedule(State& state, std::string_view id, Json body, const Precondition& condition) {
  SCORIA_TRY(schedule, find_live(state, id));
  SCORIA_TRY_STATUS(condition.check(schedule->stamp));
  Json merged = schedule->body;
  const bool is_timetable = body.contains("schedule");
  for (const char* key : {"schedule", "jobSpecification", "metadata"}) {
    if (body.contains(key)) merged[key] = std::move(body[key]);
  }
  if (is_timetable) return replace_body(state, *schedule, std::move(merged));
  SCORIA_TRY_STATUS(check_specification(merged));
  schedule->body = std::move(merged);
  schedule->stamp.changed(state.now.wall);
  state.dirty_schedules.insert(schedule);
  return schedule->stamp;
}

Result<Stamp> update_schedule(State& state, std::string_view id, Json body, const Precondition& condition) {
  SCORIA_TRY(schedule, find_live(state, id));
  SCORIA_TRY_STATUS(condition.check(schedule->stamp));
  Json whole{{"id", schedule->id}};
  if (schedule->body.contains("displayName")) whole["displayName"] = schedule->body["displayName"];
  for (const char* key : {"schedule", "jobSpecification", "metadata"}) {
    if (body.contains(key) && !body[key].is_null()) whole[key] = std::move(body[key]);
  }
  return replace_body(state, *schedule, std::move(whole));
}

Status delete_schedule(State& state, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(schedule, find_schedule(state, id));
  SCORIA_TRY_STATUS(condition.check(schedule->stamp));
  if (schedule->state == Schedule::State::deleting) return batch_error("JobScheduleBeingDeleted");
  schedule->queued.clear();
  set_schedule_state(state, *schedule, Schedule::State::deleting);
  state.dirty_schedules.insert(schedule);
  return Ok{};  // its jobs go with fire_due(): there may be many
}

Status terminate_schedule(State& state, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(schedule, find_live(state, id));
  SCORIA_TRY_STATUS(condition.check(schedule->stamp));
  schedule->queued.clear();
  schedule->next.reset();
  set_schedule_state(state, *schedule, Schedule::State::terminating);
  const std::set<std::uint64_t> numbers = schedule->open_jobs;
  for (const std::uint64_t number : numbers) {
    const auto job = state.jobs_by_number.find(number);
    if (job == state.jobs_by_number.end()) continue;
    const std::string job_id = job->second->id;
    (void)terminate_job(state, job_id, "TerminateJobSchedule", {});  // one that ends by itself is as good
  }
  settle_schedule(state, *schedule);
  return Ok{};
}

Status disable_schedule(State& state, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(schedule, find_live(state, id));
  SCORIA_TRY_STATUS(condition.check(schedule->stamp));
  schedule->queued.clear();
  schedule->next.reset();
  set_schedule_state(state, *schedule, Schedule::State::disabled);
  return Ok{};
}

Status enable_schedule(State& state, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(schedule, find_live(state, id));
  SCORIA_TRY_STATUS(condition.check(schedule->stamp));
  if (schedule->state == Schedule::State::active) return Ok{};
  set_schedule_state(state, *schedule, Schedule::State::active);
  // What fell due while it was disabled is not made up for; a schedule of one job that has not run yet runs it.
  if (schedule->recurrence.interval || schedule->cron) {
    schedule->last = std::max(schedule->last.value_or(state.now.wall), state.now.wall);
  }
  fire(state, *schedule);
  return Ok{};
}

Result<std::string> run_schedule_now(State& state, std::string_view id) {
  SCORIA_TRY(schedule, find_live(state, id));
  return make_scheduled_job(state, *schedule);
}

Result<std::vector<WallTime>> next_firings(const State& state, std::string_view id, int count) {
  const auto found = state.schedules.find(lower(id));
  if (found == state.schedules.end()) {
    return batch_error("JobScheduleNotFound", "The specified job schedule does not exist: '" + std::string(id) + "'.");
  }
  const Schedule& schedule = *found->second;
  std::vector<WallTime> out;
  if (schedule.state == Schedule::State::completed || schedule.state == Schedule::State::terminating ||
      schedule.state == Schedule::State::deleting) {
    return out;
  }
  std::optional<WallTime> last = schedule.last;
  while (static_cast<int>(out.size()) < std::clamp(count, 0, 1000)) {
    const auto next = opportunity_after(schedule, last, state.now.wall);
    if (!next) break;
    out.push_back(*next);
    last = *next;
  }
  return out;
}

Json schedule_document(const Schedule& schedule) {
  Json out = schedule.body;
  out["id"] = schedule.id;
  out["url"] = "/jobschedules/" + schedule.id;
  out["eTag"] = schedule.stamp.etag();
  out["lastModified"] = format_time(schedule.stamp.modified);
  out["creationTime"] = format_time(schedule.stamp.created);
  out["state"] = state_name(schedule.state);
  out["stateTransitionTime"] = format_time(schedule.stamp.state_since);
  if (!schedule.previous_state.empty()) {
    out["previousState"] = schedule.previous_state;
    out["previousStateTransitionTime"] = format_time(schedule.previous_since);
  }
  Json info = Json::object();
  if (schedule.next && schedule.state == Schedule::State::active) info["nextRunTime"] = format_time(*schedule.next);
  if (!schedule.recent_job.is_null()) info["recentJob"] = schedule.recent_job;
  if (schedule.ended) info["endTime"] = format_time(*schedule.ended);
  out["executionInfo"] = std::move(info);
  return out;
}

Json stored_schedule(const Schedule& schedule) {
  Json out = schedule_document(schedule);
  Json queued = Json::array();
  for (const WallTime time : schedule.queued) queued.push_back(micros(time));
  Json& own = out[spec::kPrivate];
  own = {{"body", schedule.body},
         {"stamp", stamp_json(schedule.stamp)},
         {"previousSince", micros(schedule.previous_since)},
         {"last", optional_micros(schedule.last)},
         {"ended", optional_micros(schedule.ended)},
         {"jobsMade", schedule.jobs_made},
         {"activeJob", schedule.active_job},
         {"openJobs", schedule.open_jobs},
         {"queued", std::move(queued)}};
  return out;
}

Status load_schedule(State& state, const store::Document& document) {
  return guarded_load(document, [&](const Json& stored) -> Status {
    const Json& own = stored.at(spec::kPrivate);
    auto made = make<Schedule>(state);
    Schedule& schedule = *made;
    schedule.id = stored.at("id");
    schedule.body = own.at("body");
    schedule.stamp = stamp_of(own.at("stamp"));
    if (auto read = read_schedule(schedule, schedule.body); !read.ok()) {
      return with_context("the stored job schedule '" + schedule.id + "'", read.error());
    }
    const auto kind = std::ranges::find(kScheduleStates, stored.at("state").get<std::string>());
    if (kind == kScheduleStates.end()) {
      return Error{Code::corrupt, "the stored job schedule '" + schedule.id + "' has no known state"};
    }
    schedule.state = static_cast<Schedule::State>(kind - kScheduleStates.begin());
    schedule.previous_state = stored.value("previousState", "");
    schedule.previous_since = wall_of(own.at("previousSince"));
    if (stored.at("executionInfo").contains("recentJob")) schedule.recent_job = stored["executionInfo"]["recentJob"];
    if (!has_bug(SeededBug::last_forgotten)) schedule.last = optional_wall(own, "last");
    schedule.ended = optional_wall(own, "ended");
    schedule.jobs_made = own.at("jobsMade");
    schedule.active_job = own.at("activeJob");
    schedule.open_jobs = own.at("openJobs").get<std::set<std::uint64_t>>();
    for (const Json& time : own.at("queued")) schedule.queued.push_back(wall_of(time));
    state.schedules[lower(schedule.id)] = std::move(made);
    return Ok{};
  });
}

}  // namespace scoria::batch
