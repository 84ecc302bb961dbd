#include "expr/shift.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "base/na.h"
#include "expr/convert.h"
#include "expr/kernel.h"

namespace scoria::expr {

using table::Column;
using table::ColumnPtr;
using table::Type;

namespace {

template <typename T>
std::vector<T> with_fill(std::span<const T> values, std::span<const std::uint32_t> positions, T fill) {
  std::vector<T> out(values.begin(), values.end());
  for (const std::uint32_t position : positions) out[position] = fill;
  return out;
}

ColumnPtr filled_text(const Column& column, const std::vector<std::uint8_t>& is_filled, const ColumnPtr& fill) {
  TextRows rows(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    const bool here = is_filled[row] != 0;
    if (here ? !fill || fill->is_null(0) : column.is_null(row)) {
      rows.add_null();
    } else {
      rows.add(here ? fill->text_at(0) : column.text_at(row));
    }
  }
  return rows.finish();
}

}  // namespace

Result<std::size_t> shift_distance(const ColumnPtr& n) {
  const ColumnPtr real = to_real(n);
  const double value = real->reals()[0];
  if (!(value >= 0 && value <= std::numeric_limits<std::int32_t>::max() && std::trunc(value) == value)) {
    std::string shown = "NA";
    if (!real->is_null(0)) {
      shown.clear();
      append_number(value, shown);
    }
    return Error{Code::invalid, "the number of rows to move is " + shown + ", must be a whole number of at least 0"};
  }
  return static_cast<std::size_t>(value);
}

ShiftedRows shifted_rows(const std::span<const std::uint32_t>* rows, std::size_t distance, bool is_lead,
                         std::span<const std::uint32_t> starts, std::size_t size,
                         const std::vector<std::uint32_t>& group_of) {
  const std::size_t count = rows == nullptr ? size : rows->size();
  ShiftedRows shifted;
  shifted.rows.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = rows == nullptr ? i : (*rows)[i];
    const std::size_t group = group_of[row];
    const std::size_t begin = starts[group];
    const std::size_t end = group + 1 < starts.size() ? starts[group + 1] : size;
    const bool inside = is_lead ? distance < end - row : distance <= row - begin;
    shifted.rows[i] = static_cast<std::uint32_t>(!inside ? row : is_lead ? row + distance : row - distance);
    if (!inside) shifted.outside.push_back(static_cast<std::uint32_t>(i));
  }
  return shifted;
}

ColumnPtr lag_reals(const Column& column, std::size_t distance, std::span<const std::uint32_t> starts) {
  const std::span<const double> in = column.reals();
  std::vector<double> out(in.size());
  for (std::size_t group = 0; group < starts.size(); ++group) {
    const std::size_t begin = starts[group];
    const std::size_t end = group + 1 < starts.size() ? starts[group + 1] : in.size();
    const std::size_t known = begin + std::min(distance, end - begin);
    const auto at = [](auto& values, std::size_t row) { return values.begin() + static_cast<std::ptrdiff_t>(row); };
    std::fill(at(out, begin), at(out, known), na_real());
    std::copy(at(in, begin), at(in, end - (known - begin)), at(out, known));
  }
  return Column::real(std::move(out));
}

Result<ColumnPtr> filled(const ColumnPtr& column, std::span<const std::uint32_t> positions, const ColumnPtr& fill) {
  if (positions.empty()) return column;
  const bool is_na_fill = !fill || fill->is_null(0);
  std::vector<std::uint8_t> is_filled(column->size(), 0);
  for (const std::uint32_t position : positions) is_filled[position] = 1;
  if (column->type() == Type::text) return filled_text(*column, is_filled, fill);

  NullRows nulls(column->size());
  for_each_null(*column, column->size(), [&](std::size_t row) {
    if (is_filled[row] == 0) nulls.add(row);
  });
  if (is_na_fill)
    for (const std::uint32_t position : positions) nulls.add(position);
  switch (column->type()) {
    case Type::real:
      return Column::real(with_fill(column->reals(), positions, is_na_fill ? na_real() : fill->reals()[0]),
                          nulls.take());
    case Type::integer:
      return Column::integer(with_fill(column->integers(), positions, is_na_fill ? kNaInt : fill->integers()[0]),
                             nulls.take());
    case Type::logical:
      return Column::logical(
          with_fill(column->logicals(), positions, is_na_fill ? std::uint8_t{0} : fill->logicals()[0]), nulls.take());
    default: break;
  }
  if (!is_na_fill) return Error{Code::invalid, "the default of a factor must be NA"};
  return Column::factor(with_fill(column->codes(), positions, -1),
                        std::make_shared<const std::vector<std::string>>(column->levels()), column->ordered(),
                        nulls.take());
}

}  // namespace scoria::expr
