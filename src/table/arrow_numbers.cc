#include <bit>
#include <charconv>
#include <type_traits>
#include <utility>

#include "base/na.h"
#include "table/arrow_column.h"
#include "table/arrow_text.h"

namespace scoria::table {
namespace {

static_assert(std::endian::native == std::endian::little, "Arrow's buffers are read as they lie in memory");

constexpr std::int64_t kExact = 1ll << 53;  // doubles hold every whole number up to here

Result<ColumnPtr> nulls(const ArrowView& view) {
  if (view.array().n_buffers != 0) return view.invalid("type 'n' has no buffers");
  Validity none(view.rows());
  for (std::size_t row = 0; row < view.rows(); ++row) none.set_null(row);
  return Column::logical(std::vector<std::uint8_t>(view.rows()), std::move(none));
}

Result<ColumnPtr> logicals(const ArrowView& view) {
  SCORIA_TRY_STATUS(view.check_buffers(2));
  SCORIA_TRY(validity, view.validity());
  SCORIA_TRY(bits, view.values(1, 0));
  std::vector<std::uint8_t> out(view.rows());
  for (std::size_t row = 0; row < out.size(); ++row) {
    const std::size_t at = view.offset() + row;
    out[row] = static_cast<std::uint8_t>(std::to_integer<unsigned>(bits[at / 8]) >> (at % 8) & 1);
  }
  return Column::logical(std::move(out), std::move(validity));
}

template <typename Value>
Result<ColumnPtr> integers(const ArrowView& view) {
  SCORIA_TRY_STATUS(view.check_buffers(2));
  SCORIA_TRY(validity, view.validity());
  SCORIA_TRY(first, view.values(1, sizeof(Value)));
  std::vector<std::int32_t> out(view.rows());
  for (std::size_t row = 0; row < out.size(); ++row) {
    out[row] = +read_value<Value>(first, row);  // int8 is a number, not a character
    if constexpr (sizeof(Value) == sizeof(std::int32_t)) {
      if (out[row] == kNaInt && !validity.is_null(row)) {
        return view.wrong_row(row, "-2147483648 is R's missing integer; give the column as int64 or float64");
      }
    }
  }
  return Column::integer(std::move(out), std::move(validity));
}

template <typename Value>
bool is_exact(Value value) {
  if constexpr (std::is_floating_point_v<Value> || sizeof(Value) < 8) {
    return true;
  } else if constexpr (std::is_unsigned_v<Value>) {
    return value <= static_cast<Value>(kExact);
  } else {
    return value <= kExact && value >= -kExact;
  }
}

template <typename Value>
Result<ColumnPtr> doubles(const ArrowView& view) {
  SCORIA_TRY_STATUS(view.check_buffers(2));
  SCORIA_TRY(validity, view.validity());
  SCORIA_TRY(first, view.values(1, sizeof(Value)));
  std::vector<double> out(view.rows());
  for (std::size_t row = 0; row < out.size(); ++row) {
    const auto value = read_value<Value>(first, row);
    // Beyond 2^53 two neighbours would become the same number.
    if (!is_exact(value) && !validity.is_null(row)) return view.beyond(row, std::to_string(value));
    out[row] = static_cast<double>(value);
  }
  return Column::real(std::move(out), std::move(validity));
}

Result<ColumnPtr> halves(const ArrowView& view) {
  SCORIA_TRY_STATUS(view.check_buffers(2));
  SCORIA_TRY(validity, view.validity());
  SCORIA_TRY(first, view.values(1, sizeof(std::uint16_t)));
  std::vector<double> out(view.rows());
  for (std::size_t row = 0; row < out.size(); ++row) out[row] = half_to_double(read_value<std::uint16_t>(first, row));
  return Column::real(std::move(out), std::move(validity));
}

struct DecimalFormat {
  int scale = 0;
  int bits = 128;
};

// "d:precision,scale" or "d:precision,scale,bits".
std::optional<DecimalFormat> parse_decimal_format(std::string_view format) {
  int parts[3] = {0, 0, 128};
  const char* at = format.data() + 2;
  const char* const end = format.data() + format.size();
  for (int part = 0;; ++part) {
    const auto [stop, problem] = std::from_chars(at, end, parts[part]);
    if (problem != std::errc{}) return std::nullopt;
    if (stop == end) return part == 0 ? std::nullopt : std::optional(DecimalFormat{parts[1], parts[2]});
    if (*stop != ',' || part == 2) return std::nullopt;
    at = stop + 1;
  }
}

Result<ColumnPtr> decimals(const ArrowView& view) {
  const auto format = parse_decimal_format(view.format());
  if (!format || (format->bits != 32 && format->bits != 64 && format->bits != 128)) return view.unsupported();
  const int width = format->bits / 8;
  SCORIA_TRY_STATUS(view.check_buffers(2));
  SCORIA_TRY(validity, view.validity());
  SCORIA_TRY(first, view.values(1, static_cast<std::size_t>(width)));
  std::vector<double> out(view.rows());
  for (std::size_t row = 0; row < out.size(); ++row) {
    if (validity.is_null(row)) continue;
    const auto number = decimal_to_double(first + row * static_cast<std::size_t>(width), width, format->scale);
    if (!number) return view.beyond(row, "a decimal");
    out[row] = *number;
  }
  return Column::real(std::move(out), std::move(validity));
}

}  // namespace

Result<ColumnPtr> import_numbers(const ArrowView& view) {
  if (view.format().starts_with("d:")) return decimals(view);
  switch (view.format().size() == 1 ? view.format().front() : '?') {
    case 'n': return nulls(view);
    case 'b': return logicals(view);
    case 'c': return integers<std::int8_t>(view);
    case 'C': return integers<std::uint8_t>(view);
    case 's': return integers<std::int16_t>(view);
    case 'S': return integers<std::uint16_t>(view);
    case 'i': return integers<std::int32_t>(view);
    case 'I': return doubles<std::uint32_t>(view);
    case 'l': return doubles<std::int64_t>(view);
    case 'L': return doubles<std::uint64_t>(view);
    case 'e': return halves(view);
    case 'f': return doubles<float>(view);
    case 'g': return doubles<double>(view);
    default: return view.unsupported();
  }
}

}  // namespace scoria::table
