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

Result<std::size_t> window_width(const ColumnPtr& column) {
  const ColumnPtr width = to_real(column);
  const double value = width->reals()[0];
  if (!(value >= 1 && value <= std::numeric_limits<std::int32_t>::max() && std::trunc(value) == value))
    return Error{Code::invalid, "the window's width must be a whole number of at least 1"};
  return static_cast<std::size_t>(value);
}

// Calls `each(window begin, row)` for every row that has a full window; every other row is left as it is.
template <typename Each>
void for_each_window(const Call& call, std::size_t width, Each each) {
  for (std::size_t group = 0; group < call.starts.size(); ++group) {
    const std::size_t first = call.starts[group];
    for (std::size_t row = first + width - 1; row < call.group_end(group); ++row) each(row + 1 - width, row);
  }
}

// The best of each window by a queue of candidates, each better than all after it: linear in rows.
// A window with NA is NA, else with NaN is NaN.
template <typename Worse>
Result<ColumnPtr> rolling_extreme(const Call& call, Worse is_worse) {
  SCORIA_TRY(width, window_width(call.args[1]));
  const ColumnPtr column = to_real(call.args[0]);
  const std::span<const double> in = column->reals();
  std::vector<double> out(call.size, na_real());
  std::vector<std::size_t> queue(call.size);
  for (std::size_t group = 0; group < call.starts.size(); ++group) {
    const std::size_t first = call.starts[group];
    std::size_t head = 0;
    std::size_t tail = 0;
    std::size_t after_na = first;   // one past the last NA seen
    std::size_t after_nan = first;  // one past the last NaN seen
    for (std::size_t row = first; row < call.group_end(group); ++row) {
      if (is_na(in[row])) after_na = row + 1;
      if (std::isnan(in[row])) {
        after_nan = row + 1;
      } else {
        while (tail > head && is_worse(in[queue[tail - 1]], in[row])) --tail;
        queue[tail++] = row;
      }
      if (row + 1 < first + width) continue;
      const std::size_t begin = row + 1 - width;
      while (head < tail && queue[head] < begin) ++head;
      if (after_na > begin) continue;
      out[row] = after_nan > begin ? kNan : in[queue[head]];
    }
  }
  ColumnPtr result = Column::real(std::move(out));
  return call.type == Type::integer ? to_integer(result) : result;
}

}  // namespace

Result<ColumnPtr> rolling_mean(const Call& call) {
  SCORIA_TRY(width, window_width(call.args[1]));
  const ColumnPtr column = to_real(call.args[0]);
  const std::span<const double> in = column->reals();
  const bool is_real = call.args[0]->type() == Type::real;
  std::vector<double> out(call.size, na_real());
  std::size_t after_na = 0;  // one past the last NA seen
  std::size_t seen = 0;
  for_each_window(call, width, [&](std::size_t begin, std::size_t row) {
    for (; seen <= row; ++seen)
      if (is_na(in[seen])) after_na = seen + 1;
    if (after_na > begin) return;
    const std::span<const double> window = in.subspan(begin, width);
    if (is_real) {
      out[row] = r_mean(window);
    } else {
      // R's mean of integers has no second pass.
      long double sum = 0;
      for (const double value : window) sum += static_cast<long double>(value);
      out[row] = static_cast<double>(sum / static_cast<long double>(width));
    }
    if (std::isnan(out[row])) out[row] = std::numeric_limits<double>::quiet_NaN();
  });
  return Column::real(std::move(out));
}

Result<ColumnPtr> rolling_min(const Call& call) {
  return rolling_extreme(call, [](double old, double value) { return old > value; });
}
Result<ColumnPtr> rolling_max(const Call& call) {
  return rolling_extreme(call, [](double old, double value) { return old < value; });
}

}  // namespace scoria::expr
