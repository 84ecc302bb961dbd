#include "sched/formula_samples.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "sched/formula_names.h"

namespace scoria::sched::formula {
namespace {

std::optional<double> own_count(const Metric& metric, const AutoscaleInput& input) {
  if (metric.name == "CurrentDedicatedNodes") return input.current_dedicated;
  if (metric.name == "CurrentLowPriorityNodes") return input.current_low_priority;
  if (metric.name == "TaskSlotsPerNode") return input.task_slots_per_node;
  return std::nullopt;
}

// A pool's own counts have one sample, now, unless their history is kept.
Series series_of(const Metric& metric, const AutoscaleInput& input, const Series*& found) {
  const auto at = input.metrics.find(metric.name);
  if (at != input.metrics.end()) {
    found = &at->second;
    return {};
  }
  Series own;
  own.last = input.now;
  if (const auto count = own_count(metric, input)) own.values.push_back(*count);
  return own;
}

struct Window {
  WallTime begin, end;  // begin is outside, end inside
};

class Reader {
 public:
  Reader(const Metric& metric, Method method, const AutoscaleInput& input, Budget& budget)
      : metric_(metric),
        method_(method),
        input_(input),
        budget_(budget),
        period_(std::max<std::int64_t>(input.period.count(), 1)) {
    own_ = series_of(metric, input, series_);
    if (series_ == nullptr) series_ = &own_;
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<Value> sample(std::span<const Value> arguments);
  Result<Value> percent(std::span<const Value> arguments);
  Result<Value> count();
  Value history_begin() const;
  Error wrong(const std::string& what) const {
    return evaluation_error("$" + std::string(metric_.name) + "." + std::string(method_name(method_)) + ": " + what);
  }

 private:
  static bool is_time(const Value& value) {
    return std::holds_alternative<Instant>(value) || std::holds_alternative<Span>(value);
  }
  Result<WallTime> time_of(const Value& value) const;
  Result<Window> window_of(std::span<const Value> arguments) const;
  double possible(const Window& window) const;
  Result<std::vector<double>> samples_in(const Window& window);
  Result<Value> newest(double wanted);

  Metric metric_;
  Method method_;
  const AutoscaleInput& input_;
  Budget& budget_;
  std::int64_t period_;
  Series own_;
  const Series* series_ = nullptr;
};

Result<WallTime> Reader::time_of(const Value& value) const {
  if (const auto* instant = std::get_if<Instant>(&value)) return wall_time_of(*instant);
  std::int64_t ticks = 0;
  if (__builtin_sub_overflow(instant_of(input_.now).ticks, std::get<Span>(value).ticks, &ticks)) {
    return wrong("a time outside the years 1 to 9999");
  }
  const auto made = make_instant(ticks);
  if (!made.ok()) return wrong(made.error().message);
  return wall_time_of(made.value());
}

Result<Window> Reader::window_of(std::span<const Value> arguments) const {
  SCORIA_TRY(begin, time_of(arguments[0]));
  WallTime end = input_.now;
  if (arguments.size() > 1) {
    SCORIA_TRY(given, time_of(arguments[1]));
    end = given;
  }
  // Azure's documents write the bounds in both orders.
  return Window{std::min(begin, end), std::max(begin, end)};
}

double Reader::possible(const Window& window) const {
  return std::max(1.0,
                  std::floor(static_cast<double>((window.end - window.begin).count()) / static_cast<double>(period_)));
}

Result<std::vector<double>> Reader::samples_in(const Window& window) {
  const auto size = static_cast<std::int64_t>(series_->values.size());
  // Ages count periods back from the newest sample: end <= last - age * period < begin turned around.
  const auto up = [&](Duration span) { return (span.count() + period_ - 1) / period_; };
  const std::int64_t newest = window.end >= series_->last ? 0 : up(series_->last - window.end);
  const std::int64_t oldest = series_->last <= window.begin ? -1 : std::min(size, up(series_->last - window.begin)) - 1;
  std::vector<double> values;
  if (newest > oldest) return values;
  SCORIA_TRY_STATUS(budget_.spend(static_cast<std::size_t>(oldest - newest + 1)));
  for (std::int64_t age = oldest; age >= newest; --age) {
    const double value = series_->values[static_cast<std::size_t>(size - 1 - age)];
    if (std::isfinite(value)) values.push_back(value);
  }
  return values;
}

Result<Value> Reader::newest(double wanted) {
  if (wanted < 0) return wrong("a negative number of samples");
  std::vector<double> values;
  std::size_t at = series_->values.size();
  while (at > 0 && static_cast<double>(values.size()) + 1 <= wanted) {
    SCORIA_TRY_STATUS(budget_.spend(1));
    --at;
    if (std::isfinite(series_->values[at])) values.push_back(series_->values[at]);
  }
  std::ranges::reverse(values);
  return make_vector(std::move(values));
}

Result<Value> Reader::sample(std::span<const Value> arguments) {
  if (arguments.size() == 1 && std::holds_alternative<double>(arguments[0])) {
    return newest(std::get<double>(arguments[0]));
  }
  const auto* required = std::get_if<double>(&arguments.back());
  const std::span<const Value> times = required ? arguments.first(arguments.size() - 1) : arguments;
  if (times.empty() || times.size() > 2 || !std::ranges::all_of(times, is_time)) {
    return wrong(
        "expected a number of samples, or the begin and at choice the "
        "end as times or intervals back from now, and at "
        "choice the required percentage");
  }
  if (required && !(*required >= 0 && *required <= 100)) return wrong("the required percentage must be 0 to 100");
  SCORIA_TRY(window, window_of(times));
  SCORIA_TRY(values, samples_in(window));
  const double all = possible(window);
  const auto there = static_cast<double>(values.size());
  if (required && there * 100 < *required * all) {
    return wrong("too few samples: " + show(there) + " of " + show(all) + " are there, " + show(*required) +
                 " percent are required");
  }
  return make_vector(std::move(values));
}

Result<Value> Reader::percent(std::span<const Value> arguments) {
  if (arguments.empty() || arguments.size() > 2 || !std::ranges::all_of(arguments, is_time)) {
    return wrong(
        "expected the begin and at choice the end, as times or "
        "intervals back from now");
  }
  SCORIA_TRY(window, window_of(arguments));
  SCORIA_TRY(values, samples_in(window));
  return Value(std::min(100.0, 100 * static_cast<double>(values.size()) / possible(window)));
}

Result<Value> Reader::count() {
  SCORIA_TRY_STATUS(budget_.spend(series_->values.size()));
  const auto there = std::ranges::count_if(series_->values, [](double value) { return std::isfinite(value); });
  return Value(static_cast<double>(there));
}

Value Reader::history_begin() const {
  const auto first = std::ranges::find_if(series_->values, [](double value) { return std::isfinite(value); });
  if (first == series_->values.end()) return instant_of(input_.history_begin);
  return instant_of(series_->last - Duration(period_ * (series_->values.end() - first - 1)));
}

}  // namespace

Result<Value> latest(const Metric& metric, const AutoscaleInput& input) {
  if (const auto count = own_count(metric, input)) return Value(*count);
  const auto at = input.metrics.find(metric.name);
  if (at != input.metrics.end()) {
    const std::vector<double>& values = at->second.values;
    const auto newest = std::find_if(values.rbegin(), values.rend(), [](double value) { return std::isfinite(value); });
    if (newest != values.rend()) return Value(*newest);
  }
  return evaluation_error("$" + std::string(metric.name) + " has no sample yet: use max(0, $" +
                          std::string(metric.name) + ".GetSample(1)) for 0 instead of this error");
}

Result<Value> call_method(const Metric& metric, Method method, std::span<const Value> arguments,
                          const AutoscaleInput& input, Budget& budget) {
  Reader reader(metric, method, input, budget);
  switch (method) {
    case Method::get_sample:
      if (arguments.empty()) return reader.wrong("expected a number of samples or a time interval");
      return reader.sample(arguments);
    case Method::get_sample_percent: return reader.percent(arguments);
    default: break;
  }
  if (!arguments.empty()) return reader.wrong("takes no arguments");
  if (method == Method::count) return reader.count();
  if (method == Method::history_begin_time) return reader.history_begin();
  return Value(Span{input.period.count() * 10});
}

}  // namespace scoria::sched::formula
