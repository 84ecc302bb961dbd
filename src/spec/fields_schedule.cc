#include <string>

#include "base/iso8601.h"
#include "spec/fields.h"

namespace scoria::spec {
namespace {

constexpr std::string_view kOverlaps[] = {"skip", "queueOne", "allow"};
constexpr std::string_view kCatchUps[] = {"none", "last", "all"};
constexpr std::string_view kScheduleStates[] = {"active", "completed", "disabled", "terminating", "deleting"};

// cron, timeZone, overlap and catchUp are ours; sched::Cron says what the first two may hold.
constexpr auto kScheduleFields = fields({
    time("doNotRunUntil"),
    time("doNotRunAfter"),
    duration("startWindow", 60),
    duration("recurrenceInterval", 60),
    text("cron", 1, 256),
    text("timeZone", 1, 64),
    one_of("overlap", kOverlaps),
    one_of("catchUp", kCatchUps),
});
constexpr Choice kScheduleChoices[] = {{{"recurrenceInterval", "cron", ""}}};
std::optional<Problem> check_schedule(Json::object_t& schedule) {
  if (!schedule.contains("cron")) {
    for (const std::string_view name : {"timeZone", "overlap", "catchUp"}) {
      if (schedule.contains(name)) return Problem{"InvalidPropertyValue", name, "goes with cron"};
    }
  }
  const auto from = schedule.find("doNotRunUntil");
  const auto until = schedule.find("doNotRunAfter");
  if (from == schedule.end() || until == schedule.end()) return {};
  const auto first = parse_time(from->second.get_ref<const std::string&>());
  const auto last = parse_time(until->second.get_ref<const std::string&>());
  if (first.ok() && last.ok() && first.value() < last.value()) return {};
  return Problem{"InvalidPropertyValue", "doNotRunAfter", "must be later than doNotRunUntil"};
}
constexpr Type kSchedule{kScheduleFields, kScheduleChoices, check_schedule};

constexpr auto kScheduleAddFields = fields({
    id("id").required(),
    text("displayName", 0, 1024),
    object("schedule", kSchedule).required(),
    object("jobSpecification", kJobSpecification).required(),
    objects("metadata", kMetadataItem),
});
constexpr auto kSchedulePatchFields = fields({
    object("schedule", kSchedule),
    object("jobSpecification", kJobSpecification),
    objects("metadata", kMetadataItem),
});
constexpr auto kScheduleUpdateFields = fields({
    object("schedule", kSchedule).required(),
    object("jobSpecification", kJobSpecification).required(),
    objects("metadata", kMetadataItem),
});

constexpr auto kRecentJobFields = fields({text("id"), text("url")});
constexpr Type kRecentJob{kRecentJobFields};
constexpr auto kScheduleExecutionFields =
    fields({time("nextRunTime"), object("recentJob", kRecentJob), time("endTime")});
constexpr Type kScheduleExecution{kScheduleExecutionFields};
constexpr auto kScheduleAddedFields = fields({
    text("url"),
    text("eTag"),
    time("lastModified"),
    time("creationTime"),
    one_of("state", kScheduleStates),
    time("stateTransitionTime"),
    one_of("previousState", kScheduleStates),
    time("previousStateTransitionTime"),
    object("executionInfo", kScheduleExecution),
    any_object("stats"),
});

}  // namespace

constexpr Type kScheduleAdd{kScheduleAddFields};
constexpr Type kSchedulePatch{kSchedulePatchFields};
constexpr Type kScheduleUpdate{kScheduleUpdateFields};
constexpr Type kScheduleAdded{kScheduleAddedFields};

}  // namespace scoria::spec
