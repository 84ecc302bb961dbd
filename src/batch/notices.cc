#include "batch/notices.h"

#include <algorithm>

#include "base/iso8601.h"
#include "base/log.h"
#include "batch/state_json.h"

namespace scoria::batch {
namespace {

constexpr std::chrono::seconds kFirstRetry{10};
constexpr std::chrono::hours kLongestRetry{1};
constexpr std::chrono::hours kGivenUpAfter{72};
constexpr std::size_t kMostUnderWay = 16;  // a receiver that hangs must not pile up requests

void store_notice(State& state, const std::string& id, const Notice& notice) {
  state.changes.put(
      {store::Kind::notice, "", id,
       Json{{"document", notice.document}, {"attempts", notice.attempts}, {"next", micros(notice.next)}}.dump()});
}

// One for each webhook. `name` is the same for the same event: told twice, it stays one.
void post(State& state, const std::string& name, std::string_view event, Json about) {
  for (std::size_t i = 0; i < state.settings.webhooks.size(); ++i) {
    const std::string id = name + "-" + std::to_string(i + 1);
    Json document = about;
    document["id"] = id;
    document["url"] = state.settings.webhooks[i];
    document["event"] = event;
    document["time"] = format_time(state.now.wall);
    document["account"] = state.settings.account_name;
    Notice notice{.document = std::move(document), .next = state.now.wall};
    store_notice(state, id, notice);
    state.notices[id] = std::move(notice);
  }
}

}  // namespace

void notify_job_ended(State& state, const Job& job) {
  const bool is_failed = job.counts.failed > 0 || job.execution_info.contains("schedulingError") ||
                         job.terminate_reason == "TaskFailed" || job.terminate_reason == "MaxWallClockTimeExpiry";
  Json about{{"jobId", job.id},
             {"poolId", job.pool_id},
             {"terminateReason", job.terminate_reason},
             {"succeeded", job.counts.succeeded},
             {"failed", job.counts.failed}};
  if (!job.schedule.empty()) about["jobScheduleId"] = job.schedule;
  post(state, "job-" + std::to_string(job.number), is_failed ? "job.failed" : "job.completed", std::move(about));
}

void notify_schedule_missed(State& state, const Schedule& schedule, WallTime due, std::uint64_t count,
                            std::string_view why) {
  log::warn("schedule_missed", {{"schedule", schedule.id}, {"count", count}, {"why", why}});
  post(state, "schedule-" + lower(schedule.id) + "-" + std::to_string(micros(due)), "schedule.missed",
       {{"jobScheduleId", schedule.id}, {"due", format_time(due)}, {"count", count}, {"reason", why}});
}

void notice_delivered(State& state, std::string_view id) {
  const auto found = state.notices.find(std::string(id));
  if (found == state.notices.end()) return;
  state.changes.erase(store::Kind::notice, "", found->first);
  state.notices.erase(found);
}

void notice_failed(State& state, std::string_view id, std::string_view why) {
  const auto found = state.notices.find(std::string(id));
  if (found == state.notices.end()) return;
  Notice& notice = found->second;
  notice.is_under_way = false;
  ++notice.attempts;
  Duration wait = kFirstRetry;
  for (int i = 1; i < notice.attempts && wait < kLongestRetry; ++i) wait *= 2;
  notice.next = state.now.wall + std::min<Duration>(wait, kLongestRetry);
  const auto made = parse_time(notice.document.value("time", ""));
  if (made.ok() && state.now.wall - made.value() >= kGivenUpAfter) {
    log::error("notice_given_up", {{"notice", id}, {"attempts", notice.attempts}, {"why", why}});
    notice_delivered(state, id);
    return;
  }
  log::warn("notice_failed", {{"notice", id}, {"attempts", notice.attempts}, {"why", why}});
  store_notice(state, found->first, notice);
}

void send_due_notices(State& state) {
  std::size_t under_way = static_cast<std::size_t>(
      std::ranges::count_if(state.notices, [](const auto& entry) { return entry.second.is_under_way; }));
  for (auto& [id, notice] : state.notices) {
    if (under_way >= kMostUnderWay) return;
    if (notice.is_under_way || notice.next > state.now.wall) continue;
    notice.is_under_way = true;
    ++under_way;
    Json document = notice.document;
    document["attempt"] = notice.attempts + 1;
    state.effects.notices.push_back(std::move(document));
  }
}

Status load_notice(State& state, const store::Document& document) {
  return guarded_load(document, [&](const Json& stored) -> Status {
    state.notices[document.id] = {
        .document = stored.at("document"), .attempts = stored.at("attempts"), .next = wall_of(stored.at("next"))};
    return Ok{};
  });
}

}  // namespace scoria::batch
