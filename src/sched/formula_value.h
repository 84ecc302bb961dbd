// What formulas compute with, and the operators between them. There is no boolean: comparisons give 0 or 1. A number
// is always finite: what would not be is an error.
// Source: the table of operations in Azure Batch's documentation of autoscale formulas.
// Threads: plain values, free functions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sched/formula_program.h"

namespace scoria::sched::formula {

inline constexpr std::int64_t kTicksPerSecond = 10'000'000;

// Of 100 ns, .NET's and therefore Azure's; since 1970, UTC.
struct Instant {
  std::int64_t ticks = 0;
};
struct Span {
  std::int64_t ticks = 0;
};
struct Metric {
  std::string_view name;  // without $
};
using Vector = std::shared_ptr<const std::vector<double>>;  // shared, as variables are copied often and never changed
using Value = std::variant<double, Vector, std::string, Instant, Span, Metric>;

// Work that one evaluation may do: one step for each instruction and each element that is read or made.
class Budget {
 public:
  Status spend(std::size_t steps);

 private:
  std::size_t left_ = kStepLimit;
};

// What is wrong while a formula runs, as AutoScalingFormulaEvaluationError; the evaluator adds the place.
Error evaluation_error(const std::string& what);

std::string_view type_name(const Value& value);  // "a number", "a vector", ... for messages
Value make_vector(std::vector<double> values);
Result<Value> make_number(double value,
                          std::string_view of);    // errors: not finite
Result<Instant> make_instant(std::int64_t ticks);  // errors: outside the years 1 to 9999
Instant instant_of(WallTime time);
WallTime wall_time_of(Instant instant);  // rounded down to a microsecond

// `op` is one of add ... greater. Metrics must have been replaced by their values.
Result<Value> apply(Op op, const Value& left, const Value& right, Budget& budget);
Result<Value> negate(const Value& value);
Result<Value> member_of(const Value& value, Member member, bool sunday_is_seven);

// As Azure's results have it: 2.5, [1,2], 2016-10-13T19:18:47.805Z, .NET's 1.02:00:00 for intervals.
std::string show(const Value& value);

}  // namespace scoria::sched::formula
