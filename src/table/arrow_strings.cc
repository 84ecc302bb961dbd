#include <string_view>
#include <utility>

#include "table/arrow_column.h"
#include "table/arrow_text.h"
#include "table/csv_record.h"

namespace scoria::table {
namespace {

Error too_long(const ArrowView& view, std::size_t size) {
  return {Code::too_large, view.name() + ": " + std::to_string(size) + " bytes of text; at most " +
                               std::to_string(view.options().max_text_bytes) + " are read"};
}

// What null rows hold is not looked at.
Result<ColumnPtr> text_column(const ArrowView& view, std::vector<std::int64_t> offsets, std::string bytes,
                              Validity validity) {
  const std::string_view all = bytes;
  // Mostly all of it is right at once, and no value begins within a character.
  bool is_right = find_invalid_utf8(all) == std::string_view::npos;
  for (std::size_t row = 1; is_right && row < view.rows(); ++row) {
    const auto at = static_cast<std::size_t>(offsets[row]);
    is_right = at == all.size() || (static_cast<unsigned char>(all[at]) & 0xC0) != 0x80;
  }
  for (std::size_t row = 0; !is_right && row < view.rows(); ++row) {
    const auto begin = static_cast<std::size_t>(offsets[row]);
    const auto value = all.substr(begin, static_cast<std::size_t>(offsets[row + 1]) - begin);
    if (!validity.is_null(row) && find_invalid_utf8(value) != std::string_view::npos) {
      return view.wrong_row(row, "the text is not UTF-8");
    }
  }
  return Column::text(std::move(offsets), std::move(bytes), std::move(validity));
}

template <typename Offset>
Result<ColumnPtr> text(const ArrowView& view) {
  SCORIA_TRY_STATUS(view.check_buffers(3));
  SCORIA_TRY(validity, view.validity());
  SCORIA_TRY(from, view.values(1, sizeof(Offset)));
  std::vector<std::int64_t> offsets(view.rows() + 1);
  if (view.rows() == 0) return Column::text(std::move(offsets), "");
  for (std::size_t row = 0; row <= view.rows(); ++row) {
    offsets[row] = read_value<Offset>(from, row);
    if (offsets[row] < (row == 0 ? 0 : offsets[row - 1])) {
      return view.wrong_row(row == 0 ? 0 : row - 1, "the offsets of its text go backwards");
    }
  }
  const std::int64_t first = offsets.front();
  const std::int64_t size = offsets.back() - first;
  if (size > view.options().max_text_bytes) return too_long(view, static_cast<std::size_t>(size));
  const auto* const bytes = static_cast<const char*>(view.array().buffers[2]);
  if (bytes == nullptr && size > 0) return view.invalid("buffer 2 is missing");
  for (std::int64_t& offset : offsets) offset -= first;
  std::string copy = size == 0 ? std::string() : std::string(bytes + first, static_cast<std::size_t>(size));
  return text_column(view, std::move(offsets), std::move(copy), std::move(validity));
}

// One value of type utf8_view: 16 bytes, a length and then up to 12 bytes of text or its first four, a buffer and an offset there.
Result<std::string_view> view_at(const ArrowView& view, const std::byte* at, std::size_t row) {
  const ArrowArray& array = view.array();
  const auto length = read_value<std::int32_t>(at, 0);
  if (length < 0) return view.wrong_row(row, "the length of its text is negative");
  const auto size = static_cast<std::size_t>(length);
  if (length <= 12) return std::string_view(reinterpret_cast<const char*>(at) + 4, size);
  const auto index = read_value<std::int32_t>(at, 2);
  const auto offset = read_value<std::int32_t>(at, 3);
  if (index < 0 || index >= array.n_buffers - 3 || offset < 0) return view.wrong_row(row, "its text lies in no buffer");
  const auto* const buffer = static_cast<const char*>(array.buffers[2 + index]);
  const auto* const sizes = static_cast<const std::byte*>(array.buffers[array.n_buffers - 1]);
  if (buffer == nullptr || sizes == nullptr ||
      read_value<std::int64_t>(sizes, static_cast<std::size_t>(index)) < std::int64_t{offset} + length) {
    return view.wrong_row(row, "its text goes beyond the end of its buffer");
  }
  return std::string_view(buffer + offset, size);
}

Result<ColumnPtr> text_views(const ArrowView& view) {
  if (view.array().n_buffers < 3) return view.invalid("type 'vu' has at least 3 buffers");
  SCORIA_TRY_STATUS(view.check_buffers(view.array().n_buffers));
  SCORIA_TRY(validity, view.validity());
  SCORIA_TRY(first, view.values(1, 16));
  std::vector<std::int64_t> offsets{0};
  offsets.reserve(view.rows() + 1);
  std::string bytes;
  for (std::size_t row = 0; row < view.rows(); ++row) {
    if (!validity.is_null(row)) {
      SCORIA_TRY(value, view_at(view, first + row * 16, row));
      if (bytes.size() + value.size() > static_cast<std::size_t>(view.options().max_text_bytes)) {
        return too_long(view, bytes.size() + value.size());
      }
      bytes += value;
    }
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  return text_column(view, std::move(offsets), std::move(bytes), std::move(validity));
}

// Values that `write(value, out)` appends as text, or refuses.
template <typename Value, typename Write>
Result<ColumnPtr> written(const ArrowView& view, const Write& write) {
  SCORIA_TRY_STATUS(view.check_buffers(2));
  SCORIA_TRY(validity, view.validity());
  SCORIA_TRY(first, view.values(1, sizeof(Value)));
  std::vector<std::int64_t> offsets{0};
  offsets.reserve(view.rows() + 1);
  std::string bytes;
  for (std::size_t row = 0; row < view.rows(); ++row) {
    if (!validity.is_null(row) && !write(read_value<Value>(first, row), bytes)) {
      return view.wrong_row(row, std::to_string(read_value<Value>(first, row)) + " of type '" +
                                     view.format().substr(0, 40) + "' is no day or time of the years 0 to 9999");
    }
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  return Column::text(std::move(offsets), std::move(bytes), std::move(validity));
}

Result<ColumnPtr> dates(const ArrowView& view) {
  if (view.format() == "tdD") {
    return written<std::int32_t>(view, [](std::int64_t days, std::string& out) { return append_date(days, out); });
  }
  constexpr std::int64_t kDay = 86'400'000;
  return written<std::int64_t>(
      view, [](std::int64_t ms, std::string& out) { return ms % kDay == 0 && append_date(ms / kDay, out); });
}

// "tts" to "ttn", or "tss:ZONE" to "tsn:ZONE".
Result<ColumnPtr> times(const ArrowView& view) {
  const std::string& format = view.format();
  const std::size_t unit = format.size() > 2 ? std::string_view("smun").find(format[2]) : std::string::npos;
  if (unit == std::string::npos) return view.unsupported();
  constexpr std::int64_t kPerSecond[] = {1, 1000, 1'000'000, 1'000'000'000};
  const std::int64_t per_second = kPerSecond[unit];
  if (format.starts_with("tt") && format.size() == 3) {
    const auto write = [=](std::int64_t ticks, std::string& out) { return append_time(ticks, per_second, out); };
    return unit < 2 ? written<std::int32_t>(view, write) : written<std::int64_t>(view, write);
  }
  if (!format.starts_with("ts") || format.size() < 4 || format[3] != ':') return view.unsupported();
  const bool has_zone = format.size() > 4;
  return written<std::int64_t>(view, [=](std::int64_t ticks, std::string& out) {
    if (!append_timestamp(ticks, per_second, out)) return false;
    if (has_zone) out += 'Z';
    return true;
  });
}

}  // namespace

Result<ColumnPtr> import_text(const ArrowView& view) {
  const std::string& format = view.format();
  if (format == "u") return text<std::int32_t>(view);
  if (format == "U") return text<std::int64_t>(view);
  if (format == "vu") return text_views(view);
  if (format == "tdD" || format == "tdm") return dates(view);
  return times(view);
}

}  // namespace scoria::table
