// Azure Batch's autoscale formulas: parsed once, evaluated against samples.
// Source: "Create a formula to automatically scale compute nodes in a Batch pool", Azure Batch documentation.
// Threads: a Formula is immutable; evaluate() may run concurrently. Pure: no clock, no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace scoria::sched {

// A metric's values, oldest first, `period` apart; what formulas call $CPUPercent, $PendingTasks, ...
struct Series {
  std::vector<double> values;  // NaN where a sample is missing
  WallTime last;               // when the newest was taken
};

struct AutoscaleInput {
  WallTime now;
  Duration period = std::chrono::seconds(30);
  WallTime history_begin;
  // By name without $: "CPUPercent", "ActiveTasks", "PendingTasks" (active and running), ... CPUPercent is a share
  // from 0 to 1, as the formulas of Azure's documents compare it with 0.7. The newest sample of a task count should
  // be of `now`.
  std::map<std::string, Series, std::less<>> metrics;
  double current_dedicated = 0, current_low_priority = 0;
  double target_dedicated = 0, target_low_priority = 0;  // what the variables hold when the formula starts
  double task_slots_per_node = 1;
  std::string deallocation_option = "requeue";
  std::uint64_t random_seed = 1;  // of rand()
  bool sunday_is_seven = false;   // of .weekday; Azure's documents say only that Monday is 1
};

struct AutoscaleOutcome {
  int target_dedicated = 0;  // truncated, never negative
  int target_low_priority = 0;
  std::string deallocation_option;
  // "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;a=1": Azure's form.
  std::string results;
};

class Formula {
 public:
  // Errors: AutoScalingFormulaSyntaxError (line, column, what was expected), AutoScaleFormulaTooLong (over 8 KiB),
  // both as api_code.
  static Result<Formula> parse(std::string_view text);

  // Errors: AutoScalingFormulaEvaluationError: an undefined variable, a wrong type, too few samples, a division by
  // zero; more than 1,000,000 steps.
  Result<AutoscaleOutcome> evaluate(const AutoscaleInput& input) const;

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

// The results of a run that failed: the targets as they were.
std::string unchanged_results(const AutoscaleInput& input);

// doAzureParallel's five presets, corrected, and scale-to-zero, as formulas by name: QUEUE, QUEUE_AND_RUNNING,
// WORKDAY, WEEKEND, MAX_CPU, SCALE_TO_ZERO. What each does is in docs/autoscale.md.
struct PresetBounds {
  int dedicated_min = 0, dedicated_max = 0, low_priority_min = 0, low_priority_max = 0;
  int task_slots_per_node = 1;
  Duration idle = std::chrono::minutes(2);  // of SCALE_TO_ZERO: how long without tasks before nodes go
};
// Errors: invalid, listing the names, or bounds that are none (negative, a minimum above its maximum, no slots).
Result<std::string> preset_formula(std::string_view name, const PresetBounds& bounds);

}  // namespace scoria::sched
