#include "sched/formula_names.h"

#include <algorithm>
#include <array>

#include "sched/formula_value.h"

namespace scoria::sched::formula {
namespace {

struct ServiceName {
  std::string_view text;
  NameKind kind;
  std::string_view metric = {};
  std::int64_t ticks = 0;
};

constexpr auto kNames = std::to_array<ServiceName>({
    {"$TargetDedicatedNodes", NameKind::target_dedicated},
    {"$TargetDedicated", NameKind::target_dedicated_alias},
    {"$TargetLowPriorityNodes", NameKind::target_low_priority},
    {"$TargetLowPriority", NameKind::target_low_priority_alias},
    {"$NodeDeallocationOption", NameKind::deallocation_option},
    {"$CPUPercent", NameKind::metric, "CPUPercent"},
    {"$WallClockSeconds", NameKind::metric, "WallClockSeconds"},
    {"$MemoryBytes", NameKind::metric, "MemoryBytes"},
    {"$DiskBytes", NameKind::metric, "DiskBytes"},
    {"$DiskReadBytes", NameKind::metric, "DiskReadBytes"},
    {"$DiskWriteBytes", NameKind::metric, "DiskWriteBytes"},
    {"$DiskReadOps", NameKind::metric, "DiskReadOps"},
    {"$DiskWriteOps", NameKind::metric, "DiskWriteOps"},
    {"$NetworkInBytes", NameKind::metric, "NetworkInBytes"},
    {"$NetworkOutBytes", NameKind::metric, "NetworkOutBytes"},
    {"$SampleNodeCount", NameKind::metric, "SampleNodeCount"},
    {"$ActiveTasks", NameKind::metric, "ActiveTasks"},
    {"$RunningTasks", NameKind::metric, "RunningTasks"},
    {"$PendingTasks", NameKind::metric, "PendingTasks"},
    {"$SucceededTasks", NameKind::metric, "SucceededTasks"},
    {"$FailedTasks", NameKind::metric, "FailedTasks"},
    {"$TaskSlotsPerNode", NameKind::metric, "TaskSlotsPerNode"},
    {"$CurrentDedicatedNodes", NameKind::metric, "CurrentDedicatedNodes"},
    {"$CurrentDedicated", NameKind::metric, "CurrentDedicatedNodes"},
    {"$CurrentLowPriorityNodes", NameKind::metric, "CurrentLowPriorityNodes"},
    {"$CurrentLowPriority", NameKind::metric, "CurrentLowPriorityNodes"},
    {"$PreemptedNodeCount", NameKind::metric, "PreemptedNodeCount"},
    {"$UsableNodeCount", NameKind::metric, "UsableNodeCount"},
    {"TimeInterval_Zero", NameKind::interval, {}, 0},
    {"TimeInterval_100ns", NameKind::interval, {}, 1},
    {"TimeInterval_Microsecond", NameKind::interval, {}, 10},
    {"TimeInterval_Millisecond", NameKind::interval, {}, kTicksPerSecond / 1000},
    {"TimeInterval_Second", NameKind::interval, {}, kTicksPerSecond},
    {"TimeInterval_Minute", NameKind::interval, {}, 60 * kTicksPerSecond},
    {"TimeInterval_Hour", NameKind::interval, {}, 3600 * kTicksPerSecond},
    {"TimeInterval_Day", NameKind::interval, {}, 86'400 * kTicksPerSecond},
    {"TimeInterval_Week", NameKind::interval, {}, 7 * 86'400 * kTicksPerSecond},
    {"TimeInterval_Year", NameKind::interval, {}, 365 * 86'400 * kTicksPerSecond},
});

constexpr std::array<std::string_view, 7> kMembers = {"year", "month", "day", "weekday", "hour", "minute", "second"};
constexpr std::array<std::string_view, 5> kMethods = {"GetSample", "GetSamplePercent", "GetSamplePeriod", "Count",
                                                      "HistoryBeginTime"};
constexpr std::array<std::string_view, 4> kOptions = {"requeue", "terminate", "taskcompletion", "retaineddata"};

bool is_same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

template <typename Kind, std::size_t size>
std::optional<Kind> find(const std::array<std::string_view, size>& names, std::string_view text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Kind>(found - names.begin());
}

}  // namespace

Name resolve_name(std::string_view text) {
  const auto found = std::ranges::find(kNames, text, &ServiceName::text);
  if (found == kNames.end()) return Name{std::string(text)};
  return Name{std::string(text), found->kind, found->metric, found->ticks};
}

std::optional<Member> find_member(std::string_view text) { return find<Member>(kMembers, text); }
std::optional<Method> find_method(std::string_view text) { return find<Method>(kMethods, text); }
std::string_view method_name(Method method) { return kMethods[static_cast<std::size_t>(method)]; }

bool is_deallocation_option(std::string_view text) { return std::ranges::find(kOptions, text) != kOptions.end(); }

std::string deallocation_options() { return "requeue, terminate, taskcompletion or retaineddata"; }

std::string_view similar_name(std::string_view text) {
  if (text.starts_with('$')) text.remove_prefix(1);
  for (const ServiceName& name : kNames) {
    const std::string_view bare = name.text.starts_with('$') ? name.text.substr(1) : name.text;
    if (is_same_but_for_case(bare, text)) return name.text;
  }
  for (const std::string_view option : kOptions) {
    if (is_same_but_for_case(option, text)) return option;
  }
  return {};
}

}  // namespace scoria::sched::formula
