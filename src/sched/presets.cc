// The presets, as formulas that users can read and change. doAzureParallel shipped five of them; the differences are
// on purpose: WORKDAY and WEEKEND gave the minimum when they promised the maximum, WEEKEND read a variable that
// nothing set, MAX_CPU capped at the minimum and could not grow from one node, the queues kept one node for ever and
// gave every task a node of both kinds.
#include <array>
#include <string>
#include <utility>

#include "sched/autoscale.h"

namespace scoria::sched {
namespace {

// {dmin} and the like stand for the bounds.
constexpr std::string_view kByTime =
    R"($TargetDedicatedNodes = $isBusy ? {dmax} : {dmin};
$TargetLowPriorityNodes = $isBusy ? {lmax} : {lmin};
$NodeDeallocationOption = taskcompletion;
)";

constexpr std::string_view kWorkday =
    R"(// The maximum on Monday to Friday from 8 to 18 o'clock UTC, else the minimum.
$now = time();
$isBusy = $now.weekday >= 1 && $now.weekday <= 5 && $now.hour >= 8 && $now.hour < 18;
)";

constexpr std::string_view kWeekend =
    R"(// The maximum on Saturday and Sunday UTC, else the minimum.
$now = time();
$isBusy = $now.weekday == 0 || $now.weekday >= 6;
)";

constexpr std::string_view kQueue =
    R"(// As many nodes as the waiting tasks fill; without any, half as many each time.
$samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
$last = max(0, $ActiveTasks.GetSample(1));
$tasks = $samples < 70 ? $last : max($last, avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));
)";

constexpr std::string_view kQueueAndRunning =
    R"(// As many nodes as the waiting and running tasks fill; without any, half as many each time.
$samples = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 15);
$last = max(0, $PendingTasks.GetSample(1));
$tasks = $samples < 70 ? $last : max($last, avg($PendingTasks.GetSample(TimeInterval_Minute * 15)));
)";

// Dedicated nodes first; low-priority ones for what is left.
constexpr std::string_view kByTasks = R"($nodes = ceil($tasks / {slots});
$dedicated = $tasks > 0 ? $nodes : floor($TargetDedicatedNodes / 2);
$TargetDedicatedNodes = max({dmin}, min($dedicated, {dmax}));
$lowPriority = $tasks > 0 ? $nodes - $TargetDedicatedNodes : floor($TargetLowPriorityNodes / 2);
$TargetLowPriorityNodes = max({lmin}, min($lowPriority, {lmax}));
$NodeDeallocationOption = taskcompletion;
)";

constexpr std::string_view kMaxCpu =
    R"(// A tenth more nodes when all of 10 minutes were above 70 % CPU, a tenth fewer when an hour's mean was below 20 %.
$busy = $CPUPercent.GetSample(TimeInterval_Minute * 10);
$isBusy = $CPUPercent.GetSamplePercent(TimeInterval_Minute * 10) >= 70 && min($busy) > 0.7;
$calm = $CPUPercent.GetSample(TimeInterval_Minute * 60);
$isCalm = $CPUPercent.GetSamplePercent(TimeInterval_Minute * 60) >= 70 && avg($calm) < 0.2;
// A pool without nodes has no CPU to watch: the first one comes with a task.
$isNeeded = $CurrentDedicatedNodes == 0 && max(0, $ActiveTasks.GetSample(1)) > 0;
$nodes = $isNeeded ? 1 : $isBusy ? ceil($CurrentDedicatedNodes * 1.1)
       : $isCalm ? floor($CurrentDedicatedNodes * 0.9) : $CurrentDedicatedNodes;
$TargetDedicatedNodes = max({dmin}, min($nodes, {dmax}));
$TargetLowPriorityNodes = {lmin};
$NodeDeallocationOption = taskcompletion;
)";

constexpr std::string_view kScaleToZero =
    R"(// As many nodes as the most tasks of the last moments filled; the minimum once there were none for as long.
$idle = {idle} * TimeInterval_Second;
$tasks = max(0, $PendingTasks.GetSample(1), $PendingTasks.GetSample($idle));
$nodes = ceil($tasks / {slots});
$TargetDedicatedNodes = max({dmin}, min($nodes, {dmax}));
$TargetLowPriorityNodes = max({lmin}, min($nodes - $TargetDedicatedNodes, {lmax}));
$NodeDeallocationOption = taskcompletion;
)";

struct Preset {
  std::string_view name;
  std::string_view first;
  std::string_view second;
};
constexpr auto kPresets = std::to_array<Preset>({
    {"QUEUE", kQueue, kByTasks},
    {"QUEUE_AND_RUNNING", kQueueAndRunning, kByTasks},
    {"WORKDAY", kWorkday, kByTime},
    {"WEEKEND", kWeekend, kByTime},
    {"MAX_CPU", kMaxCpu, ""},
    {"SCALE_TO_ZERO", kScaleToZero, ""},
});

Status check(const PresetBounds& bounds) {
  const auto check_kind = [](const char* kind, int low, int high) -> Status {
    if (low >= 0 && low <= high) return Ok{};
    return Error{Code::invalid, std::string("autoscale bounds of ") + kind + " nodes are " + std::to_string(low) +
                                    " to " + std::to_string(high) +
                                    ": expected 0 or more, the minimum not above the maximum"};
  };
  SCORIA_TRY_STATUS(check_kind("dedicated", bounds.dedicated_min, bounds.dedicated_max));
  SCORIA_TRY_STATUS(check_kind("low-priority", bounds.low_priority_min, bounds.low_priority_max));
  if (bounds.task_slots_per_node < 1) {
    return Error{Code::invalid,
                 "task slots per node are " + std::to_string(bounds.task_slots_per_node) + ": expected 1 or more"};
  }
  if (bounds.idle < Duration::zero()) return Error{Code::invalid, "the idle time is negative: expected PT0S or longer"};
  return Ok{};
}

}  // namespace

Result<std::string> preset_formula(std::string_view name, const PresetBounds& bounds) {
  SCORIA_TRY_STATUS(check(bounds));
  const Preset* preset = nullptr;
  std::string names;
  for (const Preset& each : kPresets) {
    if (each.name == name) preset = &each;
    names += (names.empty() ? "" : ", ") + std::string(each.name);
  }
  if (preset == nullptr) {
    return Error{Code::invalid,
                 "'" + std::string(name.substr(0, 64)) + "' is no autoscale preset: expected one of " + names};
  }
  const auto idle = std::chrono::duration_cast<std::chrono::seconds>(bounds.idle);
  const std::pair<std::string_view, std::string> values[] = {
      {"{dmin}", std::to_string(bounds.dedicated_min)},        {"{dmax}", std::to_string(bounds.dedicated_max)},
      {"{lmin}", std::to_string(bounds.low_priority_min)},     {"{lmax}", std::to_string(bounds.low_priority_max)},
      {"{slots}", std::to_string(bounds.task_slots_per_node)}, {"{idle}", std::to_string(idle.count())}};
  std::string text = std::string(preset->first) + std::string(preset->second);
  for (const auto& [mark, value] : values) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

}  // namespace scoria::sched
