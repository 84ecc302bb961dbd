#include <cmath>
#include <limits>
#include <vector>

#include "base/na.h"
#include "expr/convert.h"
#include "expr/elementwise.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

// The rows of `yes` or `no` as `test` says, by plain arrays.
template <typename T>
std::vector<T> choose(Input<std::uint8_t> test, Input<T> yes, Input<T> no, std::size_t size) {
  std::vector<T> out(size);
  for (std::size_t row = 0; row < size; ++row) out[row] = test[row] != 0 ? yes[row] : no[row];
  return out;
}

ColumnPtr choose_text(const Column& test, const Column& yes, const Column& no, std::size_t size) {
  TextRows rows(size);
  for (std::size_t row = 0; row < size; ++row) {
    const std::size_t at = row_in(test, row);
    const Column& side = test.logicals()[at] != 0 ? yes : no;
    if (test.is_null(at) || side.is_null(row_in(side, row))) {
      rows.add_null();
    } else {
      rows.add(side.text_at(row_in(side, row)));
    }
  }
  return rows.finish();
}

// Folds one more argument into `best`. Less(a, b): a is to be kept before b.
template <typename Less>
void fold_reals(std::vector<double>& best, const Column& column, Less less) {
  const Input<double> values = input(column.reals());
  for (std::size_t row = 0; row < best.size(); ++row) {
    const double value = values[row];
    // A NaN sticks; NA among the arguments is seen to by the caller.
    if (!(std::isnan(best[row])) && (std::isnan(value) || less(value, best[row]))) best[row] = value;
  }
}

template <typename Less>
void fold_reals_known(std::vector<double>& best, const Column& column, Less less) {
  const Input<double> values = input(column.reals());
  for (std::size_t row = 0; row < best.size(); ++row) {
    const double value = values[row];
    if (!std::isnan(value) && (std::isnan(best[row]) || less(value, best[row]))) best[row] = value;
  }
}

template <typename Less>
ColumnPtr fold_integers(const Call& call, Less less) {
  std::vector<std::int32_t> best;
  for (const ColumnPtr& arg : call.args) {
    const ColumnPtr column = to_integer(arg);
    const Input<std::int32_t> values = input(column->integers());
    const bool is_first = best.empty();
    best.resize(call.size);
    for (std::size_t row = 0; row < call.size; ++row) {
      const std::int32_t value = values[row];
      if (is_first || (best[row] == kNaInt && call.na_rm)) {
        best[row] = value;
      } else if (value == kNaInt || best[row] == kNaInt) {
        if (!call.na_rm) best[row] = kNaInt;
      } else if (less(value, best[row])) {
        best[row] = value;
      }
    }
  }
  return Column::integer(std::move(best));
}

template <typename Less>
ColumnPtr fold(const Call& call, Less less) {
  if (call.type == Type::integer) return fold_integers(call, less);
  std::vector<double> best(call.size, std::numeric_limits<double>::quiet_NaN());
  bool is_first = true;
  std::vector<ColumnPtr> columns;
  for (const ColumnPtr& arg : call.args) {
    columns.push_back(to_real(arg));
    const Input<double> values = input(columns.back()->reals());
    if (is_first) {
      for (std::size_t row = 0; row < call.size; ++row) best[row] = values[row];
    } else if (call.na_rm) {
      fold_reals_known(best, *columns.back(), less);
    } else {
      fold_reals(best, *columns.back(), less);
    }
    is_first = false;
  }
  if (!call.na_rm) return Column::real(std::move(best), any_null(call.args, call.size));
  NullRows nulls(call.size);
  const table::Validity validity = any_null(call.args, call.size);
  if (!validity.all_valid())
    for (std::size_t row = 0; row < call.size; ++row)
      if (validity.is_null(row) && std::isnan(best[row])) nulls.add(row);
  return Column::real(std::move(best), nulls.take());
}

}  // namespace

Result<ColumnPtr> if_else(const Call& call) {
  const ColumnPtr test = to_logical(call.args[0]);
  const ColumnPtr yes = to_type(call.args[1], call.type);
  const ColumnPtr no = to_type(call.args[2], call.type);
  if (call.type == Type::text) return choose_text(*test, *yes, *no, call.size);

  NullRows nulls(call.size);
  const Input<std::uint8_t> tests = input(test->logicals());
  if (!test->validity().all_valid() || !yes->validity().all_valid() || !no->validity().all_valid()) {
    for (std::size_t row = 0; row < call.size; ++row) {
      const Column& side = tests[row] != 0 ? *yes : *no;
      if (test->is_null(row_in(*test, row)) || side.is_null(row_in(side, row))) nulls.add(row);
    }
  }
  switch (call.type) {
    case Type::real:
      return Column::real(choose(tests, input(yes->reals()), input(no->reals()), call.size), nulls.take());
    case Type::integer:
      return Column::integer(choose(tests, input(yes->integers()), input(no->integers()), call.size), nulls.take());
    default:
      return Column::logical(choose(tests, input(yes->logicals()), input(no->logicals()), call.size), nulls.take());
  }
}

Result<ColumnPtr> parallel_min(const Call& call) {
  return fold(call, [](auto a, auto b) { return a < b; });
}
Result<ColumnPtr> parallel_max(const Call& call) {
  return fold(call, [](auto a, auto b) { return a > b; });
}

Result<ColumnPtr> is_missing(const Call& call) {
  const Column& x = *call.args[0];
  std::vector<std::uint8_t> out(call.size, 0);
  if (x.type() == Type::real) {
    const auto values = x.reals();
    for (std::size_t row = 0; row < call.size; ++row) out[row] = std::isnan(values[row]);
  }
  for_each_null(x, call.size, [&](std::size_t row) { out[row] = 1; });
  return Column::logical(std::move(out));
}

Result<ColumnPtr> is_nan(const Call& call) {
  const Column& x = *call.args[0];
  std::vector<std::uint8_t> out(call.size, 0);
  if (x.type() == Type::real) {
    const auto values = x.reals();
    for (std::size_t row = 0; row < call.size; ++row) out[row] = std::isnan(values[row]) && !x.is_null(row);
  }
  return Column::logical(std::move(out));
}

Result<ColumnPtr> is_finite(const Call& call) {
  const Column& x = *call.args[0];
  std::vector<std::uint8_t> out(call.size, x.type() == Type::text ? 0 : 1);
  if (x.type() == Type::real) {
    const auto values = x.reals();
    for (std::size_t row = 0; row < call.size; ++row) out[row] = std::isfinite(values[row]);
  }
  for_each_null(x, call.size, [&](std::size_t row) { out[row] = 0; });
  return Column::logical(std::move(out));
}

Result<ColumnPtr> convert(const Call& call) {
  if (call.type == Type::real && call.args[0]->type() == Type::factor) return to_real(to_integer(call.args[0]));
  return to_type(call.args[0], call.type);
}

}  // namespace scoria::expr
