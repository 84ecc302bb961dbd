#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "expr/convert.h"
#include "expr/elementwise.h"
#include "expr/limits.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

bool is_text(const Column& column) { return column.type() == Type::text || column.type() == Type::factor; }

ColumnPtr texts_in(const ColumnPtr& left, const ColumnPtr& right) {
  const ColumnPtr x = to_text(left);
  const ColumnPtr set = to_text(right);
  std::vector<std::string_view> known;
  bool has_null = false;
  for (std::size_t row = 0; row < set->size(); ++row) {
    if (set->is_null(row)) {
      has_null = true;
    } else {
      known.push_back(set->text_at(row));
    }
  }
  std::sort(known.begin(), known.end());
  std::vector<std::uint8_t> out(x->size());
  for (std::size_t row = 0; row < out.size(); ++row)
    out[row] = x->is_null(row) ? has_null : std::binary_search(known.begin(), known.end(), x->text_at(row));
  return Column::logical(std::move(out));
}

ColumnPtr numbers_in(const ColumnPtr& left, const ColumnPtr& right) {
  const ColumnPtr x = to_real(left);
  const ColumnPtr set = to_real(right);
  std::vector<double> known;
  bool has_null = false;
  bool has_nan = false;
  for (std::size_t row = 0; row < set->size(); ++row) {
    const double value = set->reals()[row];
    if (set->is_null(row)) {
      has_null = true;
    } else if (std::isnan(value)) {
      has_nan = true;
    } else {
      known.push_back(value);
    }
  }
  std::sort(known.begin(), known.end());
  std::vector<std::uint8_t> out(x->size());
  for (std::size_t row = 0; row < out.size(); ++row) {
    const double value = x->reals()[row];
    if (std::isnan(value)) {
      out[row] = x->is_null(row) ? has_null : has_nan;
    } else {
      out[row] = std::binary_search(known.begin(), known.end(), value);
    }
  }
  return Column::logical(std::move(out));
}

// Appends the arguments' values of one type.
template <typename T, typename Values>
std::vector<T> joined(std::span<const ColumnPtr> args, std::size_t size, NullRows& nulls, Values values) {
  std::vector<T> out;
  out.reserve(size);
  for (const ColumnPtr& arg : args) {
    const std::size_t first = out.size();
    const std::span<const T> part = values(*arg);
    out.insert(out.end(), part.begin(), part.end());
    for_each_null(*arg, arg->size(), [&](std::size_t row) { nulls.add(first + row); });
  }
  return out;
}

}  // namespace

Result<ColumnPtr> is_in(const Call& call) {
  if (is_text(*call.args[0]) || is_text(*call.args[1])) return texts_in(call.args[0], call.args[1]);
  return numbers_in(call.args[0], call.args[1]);
}

Result<ColumnPtr> combine(const Call& call) {
  std::vector<ColumnPtr> args;
  std::size_t size = 0;
  for (const ColumnPtr& arg : call.args) {
    args.push_back(to_type(arg, call.type));
    size += arg->size();
  }
  if (size > kMaxVectorLength)
    return Error{Code::too_large, "a vector of " + std::to_string(size) + " values, must have at most " +
                                      std::to_string(kMaxVectorLength)};
  NullRows nulls(size);
  if (call.type == Type::real)
    return Column::real(joined<double>(args, size, nulls, [](const Column& c) { return c.reals(); }), nulls.take());
  if (call.type == Type::integer)
    return Column::integer(joined<std::int32_t>(args, size, nulls, [](const Column& c) { return c.integers(); }),
                           nulls.take());
  if (call.type == Type::logical)
    return Column::logical(joined<std::uint8_t>(args, size, nulls, [](const Column& c) { return c.logicals(); }),
                           nulls.take());
  TextRows rows(size);
  for (const ColumnPtr& arg : args) {
    for (std::size_t row = 0; row < arg->size(); ++row) {
      if (arg->is_null(row)) {
        rows.add_null();
      } else {
        rows.add(arg->text_at(row));
      }
    }
  }
  return rows.finish();
}

Result<ColumnPtr> range(const Call& call) {
  std::int64_t ends[2] = {};
  for (std::size_t side = 0; side < 2; ++side) {
    const ColumnPtr end = to_real(call.args[side]);
    const double value = end->reals()[0];
    if (!(std::trunc(value) == value) || std::fabs(value) > std::numeric_limits<std::int32_t>::max())
      return Error{Code::invalid, "both ends of ':' must be whole numbers within 32 bits"};
    ends[side] = static_cast<std::int64_t>(value);
  }
  const std::int64_t step = ends[0] <= ends[1] ? 1 : -1;
  const auto size = static_cast<std::size_t>((ends[1] - ends[0]) * step + 1);
  if (size > kMaxVectorLength)
    return Error{Code::too_large, "a range of " + std::to_string(size) + " values, must have at most " +
                                      std::to_string(kMaxVectorLength)};
  std::vector<std::int32_t> values(size);
  for (std::size_t i = 0; i < size; ++i)
    values[i] = static_cast<std::int32_t>(ends[0] + step * static_cast<std::int64_t>(i));
  return Column::integer(std::move(values));
}

}  // namespace scoria::expr
