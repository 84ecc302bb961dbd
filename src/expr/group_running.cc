#include <cmath>
#include <limits>
#include <vector>

#include "base/na.h"
#include "expr/convert.h"
#include "expr/group.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

// One pass over a group: `next(value, row in group)` gives the running value. From the first NA or NaN on, or once the
// running value is NaN, the rest of the group is that: na_real() for NA, else NaN.
template <typename Next>
void run_group(std::span<const double> in, std::span<double> out, Next next) {
  for (std::size_t row = 0; row < in.size(); ++row) {
    const double value = next(in[row], row);
    out[row] = value;
    if (std::isnan(value)) {
      const double rest = is_na(in[row]) ? na_real() : std::numeric_limits<double>::quiet_NaN();
      std::fill(out.begin() + static_cast<std::ptrdiff_t>(row), out.end(), rest);
      return;
    }
  }
}

// `start()` makes the `next` of each group.
template <typename Start>
ColumnPtr run_groups(const Call& call, Start start) {
  const ColumnPtr column = to_real(call.args[0]);
  const std::span<const double> in = column->reals();
  std::vector<double> out(call.size);
  for (std::size_t group = 0; group < call.starts.size(); ++group) {
    const std::size_t first = call.starts[group];
    const std::size_t count = call.group_end(group) - first;
    run_group(in.subspan(first, count), std::span(out).subspan(first, count), start());
  }
  return Column::real(std::move(out));
}

template <typename Next>
ColumnPtr run_integers(const Call& call, Next next) {
  const ColumnPtr column = to_integer(call.args[0]);
  const std::span<const std::int32_t> in = column->integers();
  std::vector<std::int32_t> out(call.size, kNaInt);
  for (std::size_t group = 0; group < call.starts.size(); ++group) {
    const std::size_t end = call.group_end(group);
    for (std::size_t row = call.starts[group]; row < end && in[row] != kNaInt; ++row) {
      const std::int32_t value = row == call.starts[group] ? in[row] : next(out[row - 1], in[row]);
      if (value == kNaInt) break;  // overflow: as R, NA from here on
      out[row] = value;
    }
  }
  return Column::integer(std::move(out));
}

template <typename Keep>
ColumnPtr run_extreme(const Call& call, Keep keep) {
  if (call.type == Type::integer)
    return run_integers(call, [&](std::int32_t best, std::int32_t value) { return keep(best, value) ? best : value; });
  return run_groups(call, [&] {
    return [&, best = 0.0](double value, std::size_t row) mutable {
      if (row == 0 || std::isnan(value) || !keep(best, value)) best = value;
      return best;
    };
  });
}

}  // namespace

Result<ColumnPtr> cumulative_sum(const Call& call) {
  if (call.type == Type::integer)
    return run_integers(call, [](std::int32_t sum, std::int32_t value) {
      const std::int64_t wide = std::int64_t{sum} + value;
      constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
      return wide > kMost || wide < -kMost ? kNaInt : static_cast<std::int32_t>(wide);
    });
  return run_groups(call, [] {
    return [sum = 0.0L](double value, std::size_t) mutable {
      sum += static_cast<long double>(value);
      return static_cast<double>(sum);
    };
  });
}

Result<ColumnPtr> cumulative_product(const Call& call) {
  return run_groups(call, [] {
    return [product = 1.0L](double value, std::size_t) mutable {
      product *= static_cast<long double>(value);
      return static_cast<double>(product);
    };
  });
}

Result<ColumnPtr> cumulative_mean(const Call& call) {
  return run_groups(call, [] {
    return [sum = 0.0](double value, std::size_t row) mutable {
      sum += value;
      return sum / static_cast<double>(row + 1);
    };
  });
}

Result<ColumnPtr> cumulative_mean_known(const Call& call) {
  const ColumnPtr column = to_real(call.args[0]);
  const std::span<const double> in = column->reals();
  std::vector<double> out(call.size);
  for (std::size_t group = 0; group < call.starts.size(); ++group) {
    double sum = 0;
    double known = 0;
    const std::size_t end = call.group_end(group);
    for (std::size_t row = call.starts[group]; row < end; ++row) {
      const double value = in[row];
      // A select each, no branch: adding 0 to a sum that started from +0 leaves its bits as they are.
      const bool is_known = value == value;
      sum += is_known ? value : 0;
      known += is_known ? 1 : 0;
      out[row] = is_known ? sum / known : value;
    }
  }
  return Column::real(std::move(out));
}

Result<ColumnPtr> cumulative_min(const Call& call) {
  return run_extreme(call, [](auto best, auto value) { return best < value; });
}
Result<ColumnPtr> cumulative_max(const Call& call) {
  return run_extreme(call, [](auto best, auto value) { return best > value; });
}

Result<ColumnPtr> row_number(const Call& call) {
  std::vector<std::int32_t> out(call.size);
  for (std::size_t group = 0; group < call.starts.size(); ++group) {
    std::int32_t number = 0;
    for (std::size_t row = call.starts[group]; row < call.group_end(group); ++row) out[row] = ++number;
  }
  return Column::integer(std::move(out));
}

}  // namespace scoria::expr
