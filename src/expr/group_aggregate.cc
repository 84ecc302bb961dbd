#include <cmath>
#include <limits>
#include <vector>

#include "base/na.h"
#include "expr/arithmetic.h"
#include "expr/convert.h"
#include "expr/group.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

// The values of one argument that belong to a group: its rows there, or its only row.
template <typename T>
std::span<const T> part(const Call& call, std::span<const T> values, std::size_t group) {
  if (values.size() != call.size) return values;
  const std::size_t first = call.starts[group];
  return values.subspan(first, call.group_end(group) - first);
}

std::vector<ColumnPtr> all_to(Type type, std::span<const ColumnPtr> args) {
  std::vector<ColumnPtr> out;
  for (const ColumnPtr& arg : args) out.push_back(to_type(arg, type));
  return out;
}

// na_real() if a value is NA, NaN if one is NaN, else 0. R's sum, mean, min and max all let NA win.
double missing_among(std::span<const double> values) {
  bool nan = false;
  for (const double value : values) nan |= value != value;
  if (!nan) return 0;
  for (const double value : values)
    if (is_na(value)) return na_real();
  return kNan;
}

std::vector<double> known_only(std::span<const double> values) {
  std::vector<double> out;
  for (const double value : values)
    if (!std::isnan(value)) out.push_back(value);
  return out;
}

// Of one argument, as R adds up each argument by itself and then the sums, in double.
double sum_part(std::span<const double> values, bool na_rm) {
  long double sum = 0;
  for (const double value : values)
    if (!na_rm || !std::isnan(value)) sum += static_cast<long double>(value);
  return static_cast<double>(sum);
}

// R goes over to double where the sum leaves 32 bits; a column has one type, so that is refused.
Result<ColumnPtr> sum_integers(const Call& call) {
  const std::vector<ColumnPtr> args = all_to(Type::integer, call.args);
  std::vector<std::int32_t> out(call.starts.size());
  for (std::size_t group = 0; group < out.size(); ++group) {
    std::int64_t sum = 0;
    bool is_na_sum = false;
    for (const ColumnPtr& arg : args) {
      for (const std::int32_t value : part(call, arg->integers(), group)) {
        if (value == kNaInt) {
          is_na_sum |= !call.na_rm;
        } else {
          sum += value;
        }
      }
    }
    out[group] = is_na_sum ? kNaInt : narrow(sum);
    if (!is_na_sum && out[group] == kNaInt)
      return Error{Code::unsupported, "a sum of integers is beyond 32 bits, write sum(as.numeric(x))"};
  }
  return Column::integer(std::move(out));
}

// Better(a, b): a is to be taken instead of b. `none`: what R gives for no values at all.
template <typename Better>
ColumnPtr extreme(const Call& call, double none, Better better) {
  const std::vector<ColumnPtr> args = all_to(Type::real, call.args);
  std::vector<double> out(call.starts.size());
  for (std::size_t group = 0; group < out.size(); ++group) {
    double best = none;
    bool is_first = true;
    double missing = 0;
    for (const ColumnPtr& arg : args) {
      for (const double value : part(call, arg->reals(), group)) {
        if (std::isnan(value)) {
          if (!is_na(missing)) missing = is_na(value) ? na_real() : kNan;
        } else if (is_first || better(value, best)) {
          best = value;
          is_first = false;
        }
      }
    }
    out[group] = std::isnan(missing) && !call.na_rm ? missing : best;
  }
  ColumnPtr result = Column::real(std::move(out));
  return call.type == Type::integer ? to_integer(result) : result;
}

}  // namespace

double r_mean(std::span<const double> values) {
  const auto count = static_cast<long double>(values.size());
  long double sum = 0;
  for (const double value : values) sum += static_cast<long double>(value);
  long double mean = sum / count;
  if (std::isfinite(static_cast<double>(mean))) {
    long double rest = 0;
    for (const double value : values) rest += static_cast<long double>(value) - mean;
    mean += rest / count;
  }
  return static_cast<double>(mean);
}

Result<ColumnPtr> sum_of(const Call& call) {
  if (call.type == Type::integer) return sum_integers(call);
  const std::vector<ColumnPtr> args = all_to(Type::real, call.args);
  std::vector<double> out(call.starts.size());
  for (std::size_t group = 0; group < out.size(); ++group) {
    double sum = 0;
    double missing = 0;
    for (const ColumnPtr& arg : args) {
      const std::span<const double> values = part(call, arg->reals(), group);
      if (!call.na_rm && !is_na(missing)) {
        const double here = missing_among(values);
        if (std::isnan(here)) missing = here;
      }
      sum += sum_part(values, call.na_rm);
    }
    out[group] = std::isnan(missing) ? missing : std::isnan(sum) ? kNan : sum;
  }
  return Column::real(std::move(out));
}

Result<ColumnPtr> mean_of(const Call& call) {
  const ColumnPtr column = to_real(call.args[0]);
  const bool is_real = call.args[0]->type() == Type::real;
  std::vector<double> out(call.starts.size());
  for (std::size_t group = 0; group < out.size(); ++group) {
    std::span<const double> values = part(call, column->reals(), group);
    std::vector<double> known;
    const double missing = missing_among(values);
    if (std::isnan(missing)) {
      if (!call.na_rm) {
        out[group] = missing;
        continue;
      }
      known = known_only(values);
      values = known;
    }
    if (is_real) {
      out[group] = r_mean(values);
    } else {
      long double sum = 0;
      for (const double value : values) sum += static_cast<long double>(value);
      out[group] = static_cast<double>(sum / static_cast<long double>(values.size()));
    }
  }
  return Column::real(std::move(out));
}

Result<ColumnPtr> min_of(const Call& call) {
  return extreme(call, kInf, [](double a, double b) { return a < b; });
}
Result<ColumnPtr> max_of(const Call& call) {
  return extreme(call, -kInf, [](double a, double b) { return a > b; });
}

Result<ColumnPtr> group_size(const Call& call) {
  std::vector<std::int32_t> out(call.starts.size());
  for (std::size_t group = 0; group < out.size(); ++group)
    out[group] = static_cast<std::int32_t>(call.group_end(group) - call.starts[group]);
  return Column::integer(std::move(out));
}

}  // namespace scoria::expr
