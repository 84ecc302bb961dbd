#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string_view>
#include <vector>

#include "expr/convert.h"
#include "expr/elementwise.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

template <typename T, typename F>
void compare_loop(std::uint8_t* out, std::size_t size, Input<T> a, Input<T> b, F f) {
  if (a.step == 1 && b.step == 1) {
    for (std::size_t row = 0; row < size; ++row) out[row] = f(a.data[row], b.data[row]);
  } else if (a.step == 1) {
    const T right = size == 0 ? T{} : b.data[0];
    for (std::size_t row = 0; row < size; ++row) out[row] = f(a.data[row], right);
  } else {
    const T left = size == 0 ? T{} : a.data[0];
    for (std::size_t row = 0; row < size; ++row) out[row] = f(left, b[row]);
  }
}

bool is_whole(const Column& column) { return column.type() == Type::integer || column.type() == Type::logical; }

// A single whole double beside integers can be compared as an integer: week == start + 1.
ColumnPtr as_integer_constant(const ColumnPtr& column) {
  if (column->type() != Type::real || column->size() != 1 || column->is_null(0)) return nullptr;
  const double value = column->reals()[0];
  if (std::trunc(value) != value || std::fabs(value) > std::numeric_limits<std::int32_t>::max()) return nullptr;
  return to_integer(column);
}

template <typename F>
ColumnPtr compare_integers(const ColumnPtr& left, const ColumnPtr& right, std::size_t size, F f) {
  const ColumnPtr args[] = {to_integer(left), to_integer(right)};
  std::vector<std::uint8_t> out(size);
  compare_loop(out.data(), size, input(args[0]->integers()), input(args[1]->integers()), f);
  return Column::logical(std::move(out), any_null(args, size));
}

template <typename F>
ColumnPtr compare_reals(const ColumnPtr& left, const ColumnPtr& right, std::size_t size, F f) {
  const ColumnPtr a = to_real(left);
  const ColumnPtr b = to_real(right);
  const Input<double> x = input(a->reals());
  const Input<double> y = input(b->reals());
  std::vector<std::uint8_t> out(size);
  compare_loop(out.data(), size, x, y, f);
  // NA and NaN alike compare as NA, and both are NaN in the slots.
  NullRows nulls(size);
  const auto holds_nan = [](std::span<const double> values) {
    bool found = false;
    for (const double value : values) found |= value != value;
    return found;
  };
  if (holds_nan(a->reals()) || holds_nan(b->reals()))
    for (std::size_t row = 0; row < size; ++row)
      if (std::isnan(x[row]) || std::isnan(y[row])) nulls.add(row);
  return Column::logical(std::move(out), nulls.take());
}

// A factor beside one text: its codes beside that level's code.
template <typename F>
ColumnPtr compare_level(const ColumnPtr& factor, std::string_view text, std::size_t size, F f) {
  const auto& levels = factor->levels();
  const auto found = std::find(levels.begin(), levels.end(), text);
  const std::int32_t code = found == levels.end() ? -2 : static_cast<std::int32_t>(found - levels.begin());
  std::vector<std::uint8_t> out(size);
  compare_loop(out.data(), size, input(factor->codes()), Input<std::int32_t>{&code, 0}, f);
  const ColumnPtr args[] = {factor};
  return Column::logical(std::move(out), any_null(args, size));
}

template <typename F>
ColumnPtr compare_texts(const ColumnPtr& left, const ColumnPtr& right, std::size_t size, F f) {
  const ColumnPtr args[] = {to_text(left), to_text(right)};
  const std::size_t left_step = args[0]->size() == 1 ? 0 : 1;
  const std::size_t right_step = args[1]->size() == 1 ? 0 : 1;
  std::vector<std::uint8_t> out(size);
  for (std::size_t row = 0; row < size; ++row)
    out[row] = f(args[0]->text_at(row * left_step), args[1]->text_at(row * right_step));
  return Column::logical(std::move(out), any_null(args, size));
}

template <typename F>
ColumnPtr compare(const Call& call, F f) {
  const ColumnPtr& left = call.args[0];
  const ColumnPtr& right = call.args[1];
  const auto is_text = [](const Column& column) {
    return column.type() == Type::text || column.type() == Type::factor;
  };
  if (is_text(*left) || is_text(*right)) {
    if constexpr (std::is_same_v<F, std::equal_to<>> || std::is_same_v<F, std::not_equal_to<>>) {
      for (const auto& [factor, other] : {std::pair{left, right}, std::pair{right, left}})
        if (factor->type() == Type::factor && other->type() == Type::text && other->size() == 1 && !other->is_null(0))
          return compare_level(factor, other->text_at(0), call.size, f);
    }
    return compare_texts(left, right, call.size, f);
  }
  if (is_whole(*left) && is_whole(*right)) return compare_integers(left, right, call.size, f);
  if (is_whole(*left))
    if (const ColumnPtr constant = as_integer_constant(right)) return compare_integers(left, constant, call.size, f);
  if (is_whole(*right))
    if (const ColumnPtr constant = as_integer_constant(left)) return compare_integers(constant, right, call.size, f);
  return compare_reals(left, right, call.size, f);
}

// FALSE, TRUE, NA as 0, 1, 2.
std::vector<std::uint8_t> three_valued(const ColumnPtr& column, std::size_t size) {
  const ColumnPtr logical = to_logical(column);
  const auto values = logical->logicals();
  std::vector<std::uint8_t> out(size);
  if (values.size() == 1) {
    std::fill(out.begin(), out.end(), values[0]);
  } else {
    std::copy(values.begin(), values.end(), out.begin());
  }
  for_each_null(*logical, size, [&](std::size_t row) { out[row] = 2; });
  return out;
}

ColumnPtr from_three_valued(std::vector<std::uint8_t> values) {
  NullRows nulls(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (values[row] != 2) continue;
    values[row] = 0;
    nulls.add(row);
  }
  return Column::logical(std::move(values), nulls.take());
}

// `decisive`: the value that settles the answer even beside NA.
ColumnPtr join(const Call& call, std::uint8_t decisive) {
  std::vector<std::uint8_t> left = three_valued(call.args[0], call.size);
  const std::vector<std::uint8_t> right = three_valued(call.args[1], call.size);
  for (std::size_t row = 0; row < call.size; ++row) {
    const std::uint8_t a = left[row];
    const std::uint8_t b = right[row];
    if (a == decisive || b == decisive) {
      left[row] = decisive;
    } else {
      left[row] = a == 2 || b == 2 ? 2 : static_cast<std::uint8_t>(1 - decisive);
    }
  }
  return from_three_valued(std::move(left));
}

}  // namespace

Result<ColumnPtr> equal(const Call& call) { return compare(call, std::equal_to<>{}); }
Result<ColumnPtr> not_equal(const Call& call) { return compare(call, std::not_equal_to<>{}); }
Result<ColumnPtr> less(const Call& call) { return compare(call, std::less<>{}); }
Result<ColumnPtr> less_equal(const Call& call) { return compare(call, std::less_equal<>{}); }
Result<ColumnPtr> greater(const Call& call) { return compare(call, std::greater<>{}); }
Result<ColumnPtr> greater_equal(const Call& call) { return compare(call, std::greater_equal<>{}); }

Result<ColumnPtr> logical_and(const Call& call) { return join(call, 0); }
Result<ColumnPtr> logical_or(const Call& call) { return join(call, 1); }

Result<ColumnPtr> exclusive_or(const Call& call) {
  std::vector<std::uint8_t> left = three_valued(call.args[0], call.size);
  const std::vector<std::uint8_t> right = three_valued(call.args[1], call.size);
  for (std::size_t row = 0; row < call.size; ++row)
    left[row] = left[row] == 2 || right[row] == 2 ? 2 : left[row] ^ right[row];
  return from_three_valued(std::move(left));
}

Result<ColumnPtr> logical_not(const Call& call) {
  std::vector<std::uint8_t> values = three_valued(call.args[0], call.size);
  for (std::uint8_t& value : values)
    if (value != 2) value = 1 - value;
  return from_three_valued(std::move(values));
}

}  // namespace scoria::expr
