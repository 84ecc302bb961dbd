#include "sched/formula_value.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>

namespace scoria::sched::formula {
namespace {

constexpr std::int64_t kTicksPerDay = 86'400 * kTicksPerSecond;
constexpr std::int64_t kFirstTick = -719'162 * kTicksPerDay;    // 0001-01-01
constexpr std::int64_t kTicksAfter = 2'932'897 * kTicksPerDay;  // 10000-01-01
// More elements than people read; the results of a run are stored with the pool.
constexpr std::size_t kShownElements = 50;
constexpr std::size_t kShownText = 256;

std::string_view symbol(Op op) {
  switch (op) {
    case Op::add: return "+";
    case Op::subtract: return "-";
    case Op::multiply: return "*";
    case Op::divide: return "/";
    case Op::less: return "<";
    case Op::less_equal: return "<=";
    case Op::equal: return "==";
    case Op::not_equal: return "!=";
    case Op::greater_equal: return ">=";
    case Op::greater: return ">";
    default: return "?";
  }
}

bool is_comparison(Op op) { return op >= Op::less && op <= Op::greater; }

template <typename T>
double compare(Op op, const T& left, const T& right) {
  switch (op) {
    case Op::less: return left < right ? 1 : 0;
    case Op::less_equal: return left <= right ? 1 : 0;
    case Op::equal: return left == right ? 1 : 0;
    case Op::not_equal: return left != right ? 1 : 0;
    case Op::greater_equal: return left >= right ? 1 : 0;
    default: return left > right ? 1 : 0;
  }
}

Error mismatch(Op op, const Value& left, const Value& right) {
  std::string what = "'" + std::string(symbol(op)) + "' does not go between " + std::string(type_name(left)) + " and " +
                     std::string(type_name(right));
  if (std::holds_alternative<Vector>(left) || std::holds_alternative<Vector>(right)) {
    what +=
        ": make one number of the vector first, with max(v), avg(v), "
        "sum(v) or val(v, 0)";
  }
  return evaluation_error(what);
}

Result<double> calculate(Op op, double left, double right) {
  double value = 0;
  switch (op) {
    case Op::add: value = left + right; break;
    case Op::subtract: value = left - right; break;
    case Op::multiply: value = left * right; break;
    default:
      if (right == 0) return evaluation_error("division by zero");
      value = left / right;
  }
  if (!std::isfinite(value)) return evaluation_error("the result of '" + std::string(symbol(op)) + "' is out of range");
  return value;
}

Result<Span> make_span(long double ticks) {
  constexpr long double kLargest = static_cast<long double>(std::numeric_limits<std::int64_t>::max());
  if (!(ticks > -kLargest && ticks < kLargest)) return evaluation_error("a time interval of more than 29,000 years");
  return Span{static_cast<std::int64_t>(ticks)};
}

Result<Value> calculate_spans(Op op, const Value& left, const Value& right) {
  const auto* left_span = std::get_if<Span>(&left);
  const auto* right_span = std::get_if<Span>(&right);
  const auto* left_number = std::get_if<double>(&left);
  const auto* right_number = std::get_if<double>(&right);
  const auto ticks = [](const Span* span) { return static_cast<long double>(span->ticks); };
  long double result = 0;
  if (left_span && right_span && (op == Op::add || op == Op::subtract)) {
    result = op == Op::add ? ticks(left_span) + ticks(right_span) : ticks(left_span) - ticks(right_span);
  } else if (left_span && right_number && op == Op::multiply) {
    result = ticks(left_span) * *right_number;
  } else if (left_number && right_span && op == Op::multiply) {
    result = *left_number * ticks(right_span);
  } else if (left_span && right_number && op == Op::divide) {
    if (*right_number == 0) return evaluation_error("division by zero");
    result = ticks(left_span) / *right_number;
  } else {
    return mismatch(op, left, right);
  }
  SCORIA_TRY(span, make_span(result));
  return Value(span);
}

Result<Value> calculate_instants(Op op, const Value& left, const Value& right) {
  const auto* left_instant = std::get_if<Instant>(&left);
  const auto* right_instant = std::get_if<Instant>(&right);
  if (left_instant && right_instant && op == Op::subtract) {
    return Value(Span{left_instant->ticks - right_instant->ticks});  // within 9999 years: cannot overflow
  }
  const Instant* instant = left_instant ? left_instant : right_instant;
  const auto* span = std::get_if<Span>(left_instant ? &right : &left);
  const bool is_minus = op == Op::subtract && left_instant != nullptr;
  if (!span || !(op == Op::add || is_minus)) return mismatch(op, left, right);
  std::int64_t sum = 0;
  const bool is_out = is_minus ? __builtin_sub_overflow(instant->ticks, span->ticks, &sum)
                               : __builtin_add_overflow(instant->ticks, span->ticks, &sum);
  if (is_out) return evaluation_error("a time outside the years 1 to 9999");
  SCORIA_TRY(made, make_instant(sum));
  return Value(made);
}

Result<Value> calculate_vectors(Op op, const Value& left, const Value& right, Budget& budget) {
  const auto* left_vector = std::get_if<Vector>(&left);
  const auto* right_vector = std::get_if<Vector>(&right);
  if ((!left_vector && !std::holds_alternative<double>(left)) ||
      (!right_vector && !std::holds_alternative<double>(right))) {
    return mismatch(op, left, right);
  }
  const std::size_t size = left_vector ? (*left_vector)->size() : (*right_vector)->size();
  if (left_vector && right_vector && size != (*right_vector)->size()) {
    return evaluation_error("'" + std::string(symbol(op)) + "' between vectors of " + std::to_string(size) + " and " +
                            std::to_string((*right_vector)->size()) + " elements: they must be of one length");
  }
  SCORIA_TRY_STATUS(budget.spend(size));
  std::vector<double> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double a = left_vector ? (**left_vector)[i] : std::get<double>(left);
    const double b = right_vector ? (**right_vector)[i] : std::get<double>(right);
    SCORIA_TRY(value, calculate(op, a, b));
    values[i] = value;
  }
  return make_vector(std::move(values));
}

std::string show_number(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.15g",
                value == 0 ? 0.0 : value);  // no "-0"
  return text.data();
}

std::string show_instant(Instant instant) {
  const auto time = std::chrono::floor<std::chrono::milliseconds>(wall_time_of(instant));
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::string show_span(Span span) {
  const std::uint64_t ticks =
      span.ticks < 0 ? -static_cast<std::uint64_t>(span.ticks) : static_cast<std::uint64_t>(span.ticks);
  const std::uint64_t seconds = ticks / kTicksPerSecond;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%02u:%02u:%02u", static_cast<unsigned>(seconds / 3600 % 24),
                static_cast<unsigned>(seconds / 60 % 60), static_cast<unsigned>(seconds % 60));
  std::string shown = span.ticks < 0 ? "-" : "";
  if (seconds >= 86'400) shown += std::to_string(seconds / 86'400) + ".";
  shown += text.data();
  if (ticks % kTicksPerSecond != 0) shown += "." + std::to_string(kTicksPerSecond + ticks % kTicksPerSecond).substr(1);
  return shown;
}

}  // namespace

Status Budget::spend(std::size_t steps) {
  if (steps > left_) {
    return evaluation_error("the formula takes more than " + std::to_string(kStepLimit) +
                            " steps: use fewer or shorter vectors");
  }
  left_ -= steps;
  return Ok{};
}

Error evaluation_error(const std::string& what) {
  return Error{Code::invalid, what, "AutoScalingFormulaEvaluationError"};
}

std::string_view type_name(const Value& value) {
  constexpr std::array<std::string_view, 6> kTypes = {"a number", "a vector",        "a text",
                                                      "a time",   "a time interval", "a metric"};
  return kTypes[value.index()];
}

Value make_vector(std::vector<double> values) { return std::make_shared<const std::vector<double>>(std::move(values)); }

Result<Value> make_number(double value, std::string_view of) {
  if (!std::isfinite(value)) return evaluation_error("the result of " + std::string(of) + " is no finite number");
  return Value(value);
}

Result<Instant> make_instant(std::int64_t ticks) {
  if (ticks < kFirstTick || ticks >= kTicksAfter) return evaluation_error("a time outside the years 1 to 9999");
  return Instant{ticks};
}

Instant instant_of(WallTime time) {
  const std::int64_t micros = time.time_since_epoch().count();
  return Instant{std::clamp(micros, kFirstTick / 10, kTicksAfter / 10 - 1) * 10};
}

WallTime wall_time_of(Instant instant) {
  const std::int64_t micros = instant.ticks / 10 - (instant.ticks % 10 < 0 ? 1 : 0);
  return WallTime(Duration(micros));
}

Result<Value> apply(Op op, const Value& left, const Value& right, Budget& budget) {
  const auto* a = std::get_if<double>(&left);
  const auto* b = std::get_if<double>(&right);
  if (is_comparison(op)) {
    if (left.index() != right.index()) return mismatch(op, left, right);
    if (a) return Value(compare(op, *a, *b));
    if (const auto* text = std::get_if<std::string>(&left)) {
      return Value(compare(op, *text, std::get<std::string>(right)));
    }
    if (const auto* instant = std::get_if<Instant>(&left)) {
      return Value(compare(op, instant->ticks, std::get<Instant>(right).ticks));
    }
    if (const auto* span = std::get_if<Span>(&left)) {
      return Value(compare(op, span->ticks, std::get<Span>(right).ticks));
    }
    return mismatch(op, left, right);
  }
  if (a && b) {
    SCORIA_TRY(value, calculate(op, *a, *b));
    return Value(value);
  }
  const auto either = [&]<typename T>() { return std::holds_alternative<T>(left) || std::holds_alternative<T>(right); };
  if (either.template operator()<std::string>()) return mismatch(op, left, right);
  if (either.template operator()<Vector>()) return calculate_vectors(op, left, right, budget);
  if (either.template operator()<Instant>()) return calculate_instants(op, left, right);
  return calculate_spans(op, left, right);
}

Result<Value> negate(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return Value(-*number);
  if (const auto* span = std::get_if<Span>(&value))
    return Value(Span{-span->ticks});  // make_span keeps out the minimum
  return evaluation_error("'-' does not go before " + std::string(type_name(value)) +
                          ": expected a number or a time interval");
}

Result<Value> member_of(const Value& value, Member member, bool sunday_is_seven) {
  const auto* instant = std::get_if<Instant>(&value);
  if (!instant) {
    return evaluation_error(
        "only a time has year, month, day, weekday, hour, "
        "minute and second, not " +
        std::string(type_name(value)));
  }
  const WallTime time = wall_time_of(*instant);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  switch (member) {
    case Member::year: return Value(static_cast<double>(static_cast<int>(date.year())));
    case Member::month: return Value(static_cast<double>(static_cast<unsigned>(date.month())));
    case Member::day: return Value(static_cast<double>(static_cast<unsigned>(date.day())));
    case Member::weekday: {
      const std::chrono::weekday weekday(day);
      return Value(static_cast<double>(sunday_is_seven ? weekday.iso_encoding() : weekday.c_encoding()));
    }
    case Member::hour: return Value(static_cast<double>(clock.hours().count()));
    case Member::minute: return Value(static_cast<double>(clock.minutes().count()));
    case Member::second: return Value(static_cast<double>(clock.seconds().count()));
  }
  return evaluation_error("an unknown part of a time");
}

std::string show(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return show_number(*number);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return text->size() <= kShownText ? *text : text->substr(0, kShownText) + "...";
  }
  if (const auto* instant = std::get_if<Instant>(&value)) return show_instant(*instant);
  if (const auto* span = std::get_if<Span>(&value)) return show_span(*span);
  if (const auto* metric = std::get_if<Metric>(&value)) return "$" + std::string(metric->name);
  const std::vector<double>& values = *std::get<Vector>(value);
  std::string shown = "[";
  for (std::size_t i = 0; i < std::min(values.size(), kShownElements); ++i) {
    if (i > 0) shown += ',';
    shown += show_number(values[i]);
  }
  if (values.size() > kShownElements) shown += ",...";
  return shown + "]";
}

}  // namespace scoria::sched::formula
