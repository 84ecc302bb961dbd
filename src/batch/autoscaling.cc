#include "batch/autoscaling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/iso8601.h"
#include "base/log.h"
#include "batch/allocation.h"
#include "batch/pool_body.h"
#include "batch/samples.h"
#include "spec/errors.h"

namespace scoria::batch {

using spec::batch_error;

namespace {

constexpr std::chrono::seconds kBetweenChanges{1};
constexpr std::chrono::hours kLongestInterval{168};

struct Bounds {
  int least = 0, most = 0;
  Duration idle = std::chrono::minutes(2);
};

std::optional<Bounds> bounds_of(const Pool& pool) {
  const auto found = pool.body.find("scaleBetween");
  if (found == pool.body.end() || !found->is_object()) return std::nullopt;
  Bounds bounds{.least = found->value("min", 0), .most = found->value("max", 0)};
  if (const auto idle = parse_duration(found->value("idle", "PT2M")); idle.ok()) bounds.idle = idle.value();
  return bounds;
}

Status check_bounds(const Json& scale) {
  const auto is_count = [&](const char* key) {
    return !scale.contains(key) || (scale[key].is_number_integer() && scale[key].get<std::int64_t>() >= 0 &&
                                    scale[key].get<std::int64_t>() <= kMaxNodes);
  };
  if (!scale.is_object() || !is_count("min") || !is_count("max") || scale.value("min", 0) > scale.value("max", 0)) {
    return batch_error(
        "InvalidPropertyValue",
        "scaleBetween is " + scale.dump() +
            ", must be {\"min\", \"max\", \"idle\"} with 0 <= min <= max <= " + std::to_string(kMaxNodes),
        {{"PropertyName", "scaleBetween"}});
  }
  if (scale.contains("idle") &&
      (!scale["idle"].is_string() || !parse_duration(scale["idle"].get<std::string>()).ok())) {
    return batch_error("InvalidPropertyValue",
                       "scaleBetween's idle is " + scale["idle"].dump() + ", must be a duration such as PT2M",
                       {{"PropertyName", "scaleBetween/idle"}});
  }
  return Ok{};
}

std::string demand_text(const Pool& pool) {
  const QueueCounts counts = count_queue(pool);
  return std::to_string(counts.active) + "/" + std::to_string(counts.running) + "/" + std::to_string(counts.finished());
}

sched::AutoscaleInput input_of(const State& state, const Pool& pool) {
  int dedicated = 0;
  int low_priority = 0;
  for (const auto& [name, node] : pool.nodes) ++(node->is_dedicated ? dedicated : low_priority);
  sched::AutoscaleInput input;
  input.now = state.now.wall;
  input.period = kSamplePeriod;
  input.history_begin = pool.stamp.created;
  for (const auto& [name, series] : pool.history) input.metrics.emplace(name, series);
  input.current_dedicated = dedicated;
  input.current_low_priority = low_priority;
  input.target_dedicated = pool.target_dedicated;
  input.target_low_priority = pool.target_low_priority;
  input.task_slots_per_node = pool.slots_per_node;
  input.deallocation_option = deallocation_name(pool.deallocation);
  input.random_seed = static_cast<std::uint64_t>(state.now.wall.time_since_epoch().count());
  return input;
}

// {timestamp, results, error?}, and what the formula wants where it could be evaluated.
struct Run {
  Json shown;
  std::optional<sched::AutoscaleOutcome> outcome;
};

Run run(const State& state, const Pool& pool, const sched::Formula& formula) {
  Run out;
  out.shown["timestamp"] = format_time(state.now.wall);
  auto outcome = formula.evaluate(input_of(state, pool));
  if (outcome.ok()) {
    out.shown["results"] = outcome.value().results;
    out.outcome = std::move(outcome).value();
    return out;
  }
  // What holds on: the targets as they are.
  out.shown["results"] = "$TargetDedicatedNodes=" + std::to_string(pool.target_dedicated) +
                         ";$TargetLowPriorityNodes=" + std::to_string(pool.target_low_priority) +
                         ";$NodeDeallocationOption=" + std::string(deallocation_name(pool.deallocation));
  out.shown["error"] = run_error(outcome.error());
  return out;
}

void evaluate_now(State& state, Pool& pool) {
  refresh_latest_sample(state, pool);
  Run result = run(state, pool, *pool.formula);
  pool.autoscale_run = std::move(result.shown);
  pool.last_evaluation = state.now.wall;
  pool.next_evaluation = state.now.wall + pool.evaluation_interval;
  pool.demand_seen = demand_text(pool);
  ++state.autoscale_evaluations;
  state.dirty_pools.insert(&pool);
  if (!result.outcome) {
    ++state.autoscale_errors;
    log::warn("autoscale_failed", {{"pool", pool.id}, {"why", pool.autoscale_run["error"].value("message", "")}});
    return;
  }
  if (const auto option = parse_deallocation(result.outcome->deallocation_option, "$NodeDeallocationOption");
      option.ok()) {
    pool.deallocation = option.value();
  }
  set_targets(state, pool, result.outcome->target_dedicated, result.outcome->target_low_priority);
}

// Without a formula: as many nodes as the queue fills, at once; fewer when that held for `idle`.
void follow_queue(State& state, Pool& pool, const Bounds& bounds) {
  const std::uint64_t slots = slots_in_demand(pool);
  const std::uint64_t per_node = static_cast<std::uint64_t>(std::max(1, pool.slots_per_node));
  const int wanted = std::clamp(static_cast<int>(std::min<std::uint64_t>((slots + per_node - 1) / per_node,
                                                                         static_cast<std::uint64_t>(kMaxNodes))),
                                bounds.least, bounds.most);
  const bool is_low = pool.body.value("/scaleBetween/lowPriority"_json_pointer, false);
  const int target = is_low ? pool.target_low_priority : pool.target_dedicated;
  const auto set = [&](int nodes) { set_targets(state, pool, is_low ? 0 : nodes, is_low ? nodes : 0); };
  pool.demand_seen = demand_text(pool);
  if (wanted >= target) {
    pool.idle_since.reset();
    if (wanted > target) set(wanted);
    return;
  }
  if (!pool.idle_since) pool.idle_since = state.now.wall;
  if (state.now.wall - *pool.idle_since < bounds.idle) return;
  pool.idle_since.reset();
  pool.deallocation = Deallocation::taskcompletion;
  set(wanted);
}

}  // namespace

std::uint64_t slots_in_demand(const Pool& pool) {
  const QueueCounts counts = count_queue(pool);
  return counts.active_slots + counts.running_slots;
}

Status start_autoscale(State& state, Pool& pool) {
  if (const auto scale = pool.body.find("scaleBetween"); scale != pool.body.end()) {
    SCORIA_TRY_STATUS(check_bounds(*scale));
    if (pool.body.value("enableAutoScale", false)) {
      return batch_error("InvalidAutoScalingSettings",
                         "pool '" + pool.id + "' has scaleBetween and enableAutoScale: one of them",
                         {{"PropertyName", "scaleBetween"}});
    }
    take_sample(state, pool);
    const Bounds bounds = *bounds_of(pool);
    set_targets(state, pool, 0, 0);
    follow_queue(state, pool, bounds);
    return Ok{};
  }
  if (!pool.body.value("enableAutoScale", false)) {
    if (pool.body.contains("autoScaleFormula") || pool.body.contains("autoScaleEvaluationInterval")) {
      return batch_error("InvalidPropertyValue",
                         "pool '" + pool.id + "' has an autoscale formula or interval, but enableAutoScale is not true",
                         {{"PropertyName", "enableAutoScale"}});
    }
    take_sample(state, pool);
    return Ok{};
  }
  const std::string text = pool.body.value("autoScaleFormula", pool.formula_text);
  if (text.empty()) {
    return batch_error("InvalidAutoScalingSettings", "pool '" + pool.id + "' needs an autoScaleFormula",
                       {{"PropertyName", "autoScaleFormula"}});
  }
  Duration interval = std::chrono::minutes(15);
  if (const auto found = pool.body.find("autoScaleEvaluationInterval"); found != pool.body.end()) {
    const auto parsed = parse_duration(found->is_string() ? found->get<std::string>() : "");
    if (!parsed.ok() || parsed.value() < state.settings.minimum_evaluation_interval ||
        parsed.value() > kLongestInterval) {
      return batch_error("InvalidPropertyValue",
                         "autoScaleEvaluationInterval is " + found->dump() + ", must be from " +
                             format_duration(state.settings.minimum_evaluation_interval) + " to PT168H",
                         {{"PropertyName", "autoScaleEvaluationInterval"}, {"PropertyValue", found->dump()}});
    }
    interval = parsed.value();
  }
  SCORIA_TRY(formula, sched::Formula::parse(text));
  pool.formula = std::move(formula);
  pool.formula_text = text;
  pool.evaluation_interval = interval;
  if (pool.history.empty()) take_sample(state, pool);
  evaluate_now(state, pool);
  return Ok{};
}

void stop_autoscale(Pool& pool) {
  pool.formula.reset();
  pool.formula_text.clear();
  pool.next_evaluation.reset();
  pool.autoscale_run = Json();
  pool.idle_since.reset();
  for (const char* key : {"autoScaleFormula", "autoScaleEvaluationInterval", "scaleBetween"}) pool.body.erase(key);
  pool.body["enableAutoScale"] = false;
}

void tick_autoscale(State& state, Pool& pool) {
  if (!pool.next_sample || state.now.wall >= *pool.next_sample || *pool.next_sample - state.now.wall > kSamplePeriod) {
    take_sample(state, pool);
  }
  if (pool.formula) {
    // Further away than its interval: the clock was set back.
    const bool is_due = !pool.next_evaluation || state.now.wall >= *pool.next_evaluation ||
                        *pool.next_evaluation - state.now.wall > pool.evaluation_interval;
    if (is_due) evaluate_now(state, pool);
  } else if (const auto bounds = bounds_of(pool)) {
    follow_queue(state, pool, *bounds);
  }
}

bool scale_on_change(State& state, Pool& pool) {
  if (!pool.formula && !pool.body.contains("scaleBetween")) return false;
  if (demand_text(pool) == pool.demand_seen) return false;
  if (pool.formula) {
    if (pool.last_evaluation && state.now.wall - *pool.last_evaluation < kBetweenChanges &&
        state.now.wall >= *pool.last_evaluation) {
      return true;
    }
    evaluate_now(state, pool);
  } else if (const auto bounds = bounds_of(pool)) {
    follow_queue(state, pool, *bounds);
  }
  return false;
}

Json run_error(const Error& error) {
  // The shape within a run, unlike that of replies: a plain text, and {name, value}.
  return {{"code", error.api_code.empty() ? "AutoScalingFormulaEvaluationError" : error.api_code},
          {"message", "An error occurred during evaluation of the autoscale formula."},
          {"values", Json::array({{{"name", "Message"}, {"value", error.message}}})}};
}

Json try_formula(State& state, Pool& pool, std::string_view text) {
  auto formula = sched::Formula::parse(text);
  if (!formula.ok()) {
    return {{"timestamp", format_time(state.now.wall)},
            {"results", "$TargetDedicatedNodes=" + std::to_string(pool.target_dedicated) +
                            ";$TargetLowPriorityNodes=" + std::to_string(pool.target_low_priority) +
                            ";$NodeDeallocationOption=" + std::string(deallocation_name(pool.deallocation))},
            {"error", run_error(formula.error())}};
  }
  refresh_latest_sample(state, pool);
  return run(state, pool, formula.value()).shown;
}

}  // namespace scoria::batch
