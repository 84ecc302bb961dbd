// Any text as an autoscale formula: parsing fails by a syntax error only, evaluating by an evaluation error only, the same text and input
// give the same outcome, targets are not negative, and results hold no more than they may.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include "sched/autoscale.h"

namespace {

using scoria::sched::AutoscaleInput;
using scoria::sched::Series;

AutoscaleInput input() {
  AutoscaleInput made;
  made.now = scoria::WallTime(std::chrono::seconds(1'795'860'900));
  made.history_begin = made.now - std::chrono::hours(1);
  made.metrics["ActiveTasks"] = Series{{1, 2, std::nan(""), 4, 5, 6}, made.now};
  made.metrics["CPUPercent"] = Series{std::vector<double>(200, 0.9), made.now - std::chrono::seconds(12)};
  made.metrics["PendingTasks"] = Series{{std::numeric_limits<double>::max(), -1, HUGE_VAL}, made.now};
  made.metrics["FailedTasks"] = Series{{}, made.now};
  made.current_dedicated = 3;
  made.target_dedicated = 2;
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto formula = scoria::sched::Formula::parse(text);
  if (!formula.ok()) {
    SCORIA_CHECK(formula.error().api_code ==
                 (size > 8192 ? "AutoScaleFormulaTooLong" : "AutoScalingFormulaSyntaxError"));
    return 0;
  }
  const auto first = formula.value().evaluate(input());
  if (!first.ok()) {
    SCORIA_CHECK(first.error().api_code == "AutoScalingFormulaEvaluationError");
    return 0;
  }
  SCORIA_CHECK(first.value().target_dedicated >= 0 && first.value().target_low_priority >= 0);
  SCORIA_CHECK(first.value().results.size() < 8192 + 100 * 2048);
  const auto second = formula.value().evaluate(input());
  SCORIA_CHECK(second.ok() && second.value().results == first.value().results);
  return 0;
}
