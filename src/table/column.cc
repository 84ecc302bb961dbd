#include "table/column.h"

#include <bit>
#include <cmath>
#include <utility>

#include "base/na.h"
#include "base/result.h"

namespace scoria::table {
namespace {

constexpr std::size_t words_for(std::size_t size) { return (size + 63) / 64; }

// Marks as null every slot that holds the missing value, and puts the missing value into every null slot.
template <typename Value, typename IsMissing>
void agree(std::span<Value> values, Validity& validity, Value missing, IsMissing is_missing) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_missing(values[i])) {
      if (validity.all_valid()) validity = Validity(values.size());
      validity.set_null(i);
    } else if (validity.is_null(i)) {
      values[i] = missing;
    }
  }
}

void check_size(const Validity& validity, std::size_t size) {
  SCORIA_CHECK(validity.all_valid() || validity.words().size() == words_for(size));
}

bool has_nan(std::span<const double> values) {
  bool nan = false;
  for (const double x : values) nan |= x != x;
  return nan;
}

// Most columns have no NaN at all, and that is quickly seen.
void agree_reals(std::span<double> values, Validity& validity) {
  if (!validity.all_valid() || has_nan(values)) agree(values, validity, na_real(), [](double x) { return is_na(x); });
}

template <typename Value>
std::vector<Value> pick(std::span<const Value> values, std::span<const std::uint32_t> rows) {
  std::vector<Value> out(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = values[rows[i]];
  return out;
}

template <typename Value>
std::vector<Value> part(std::span<const Value> values, std::size_t begin, std::size_t count) {
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(begin);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

std::string_view type_name(Type type) {
  switch (type) {
    case Type::logical: return "logical";
    case Type::integer: return "integer";
    case Type::real: return "double";
    case Type::text: return "character";
    case Type::factor: return "factor";
  }
  throw_bug(__FILE__, __LINE__, "a known Type");
}

Validity::Validity(std::size_t size) : words_(words_for(size), ~0ull) {}

std::size_t Validity::null_count(std::size_t rows) const {
  if (words_.empty()) return 0;
  std::size_t valid = 0;
  for (std::size_t i = 0; i < rows / 64; ++i) valid += static_cast<std::size_t>(std::popcount(words_[i]));
  if (rows % 64 != 0) {
    const std::uint64_t tail = words_[rows / 64] & ((1ull << (rows % 64)) - 1);
    valid += static_cast<std::size_t>(std::popcount(tail));
  }
  return rows - valid;
}

struct Column::Buffers {
  std::vector<double> reals;
  std::vector<std::int32_t> integers;  // or a factor's codes
  std::vector<std::uint8_t> logicals;
  std::vector<std::int64_t> offsets;
  std::string bytes;
  std::shared_ptr<const std::vector<std::string>> levels;
};

// A column alone.
struct Column::Whole {
  Column column{Key{}};
  Buffers buffers;
};

// Columns together. Each is small, as most of what many small requests cost would be making and ending them.
struct Column::Block {
  std::vector<double> values;
  std::vector<Column> columns;
};

void Column::set(Type type, std::size_t size, Validity validity) {
  type_ = type;
  size_ = size;
  if (validity.null_count(size) > 0) validity_ = std::move(validity);
}

std::shared_ptr<Column::Whole> Column::make(Type type, std::size_t size, Validity validity) {
  auto whole = std::make_shared<Whole>();
  whole->column.set(type, size, std::move(validity));
  whole->column.buffers_ = &whole->buffers;
  return whole;
}

ColumnPtr Column::column_of(std::shared_ptr<Whole> whole) {
  const Column* column = &whole->column;
  return {std::move(whole), column};
}

ColumnPtr Column::real(std::vector<double> values, Validity validity) {
  check_size(validity, values.size());
  agree_reals(values, validity);
  auto whole = make(Type::real, values.size(), std::move(validity));
  whole->buffers.reals = std::move(values);
  whole->column.reals_ = whole->buffers.reals;
  return column_of(std::move(whole));
}

ColumnBlock Column::reals(std::vector<double> values, std::size_t rows) {
  SCORIA_CHECK(rows > 0 && values.size() % rows == 0);
  auto block = std::make_shared<Block>();
  block->values = std::move(values);
  const std::size_t count = block->values.size() / rows;
  block->columns.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<double> own = std::span(block->values).subspan(i * rows, rows);
    Validity validity;
    agree_reals(own, validity);
    Column& column = block->columns.emplace_back(Key{});
    column.set(Type::real, rows, std::move(validity));
    column.reals_ = own;
  }
  const std::vector<Column>* columns = &block->columns;
  return {std::move(block), columns};
}

ColumnPtr Column::integer(std::vector<std::int32_t> values, Validity validity) {
  check_size(validity, values.size());
  agree(std::span(values), validity, kNaInt, [](std::int32_t x) { return x == kNaInt; });
  auto whole = make(Type::integer, values.size(), std::move(validity));
  whole->buffers.integers = std::move(values);
  return column_of(std::move(whole));
}

ColumnPtr Column::logical(std::vector<std::uint8_t> values, Validity validity) {
  check_size(validity, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = values[i] != 0 && !validity.is_null(i) ? 1 : 0;
  auto whole = make(Type::logical, values.size(), std::move(validity));
  whole->buffers.logicals = std::move(values);
  return column_of(std::move(whole));
}

ColumnPtr Column::text(std::vector<std::int64_t> offsets, std::string bytes, Validity validity) {
  SCORIA_CHECK(!offsets.empty() && offsets.front() == 0 && offsets.back() == static_cast<std::int64_t>(bytes.size()));
  const std::size_t size = offsets.size() - 1;
  check_size(validity, size);
  bool null_with_bytes = false;
  for (std::size_t i = 0; i < size; ++i) {
    SCORIA_CHECK(offsets[i] <= offsets[i + 1]);
    null_with_bytes |= validity.is_null(i) && offsets[i] != offsets[i + 1];
  }
  auto whole = make(Type::text, size, std::move(validity));
  if (null_with_bytes) {
    std::vector<std::int64_t> kept_offsets{0};
    std::string kept;
    for (std::size_t i = 0; i < size; ++i) {
      if (!whole->column.is_null(i)) {
        kept.append(bytes, static_cast<std::size_t>(offsets[i]), static_cast<std::size_t>(offsets[i + 1] - offsets[i]));
      }
      kept_offsets.push_back(static_cast<std::int64_t>(kept.size()));
    }
    offsets = std::move(kept_offsets);
    bytes = std::move(kept);
  }
  whole->buffers.offsets = std::move(offsets);
  whole->buffers.bytes = std::move(bytes);
  return column_of(std::move(whole));
}

ColumnPtr Column::text(std::span<const std::string> values, Validity validity) {
  std::vector<std::int64_t> offsets{0};
  offsets.reserve(values.size() + 1);
  std::string bytes;
  for (const std::string& value : values) {
    bytes += value;
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  return text(std::move(offsets), std::move(bytes), std::move(validity));
}

ColumnPtr Column::factor(std::vector<std::int32_t> codes, std::shared_ptr<const std::vector<std::string>> levels,
                         bool ordered, Validity validity) {
  SCORIA_CHECK(levels != nullptr);
  check_size(validity, codes.size());
  agree(std::span(codes), validity, -1, [](std::int32_t code) { return code == -1; });
  for (const std::int32_t code : codes) {
    SCORIA_CHECK(code >= -1 && code < static_cast<std::int64_t>(levels->size()));
  }
  auto whole = make(Type::factor, codes.size(), std::move(validity));
  whole->column.ordered_ = ordered;
  whole->buffers.integers = std::move(codes);
  whole->buffers.levels = std::move(levels);
  return column_of(std::move(whole));
}

std::span<const double> Column::reals() const {
  SCORIA_CHECK(type_ == Type::real);
  return reals_;
}

std::span<const std::int32_t> Column::integers() const {
  SCORIA_CHECK(type_ == Type::integer);
  return buffers_->integers;
}

std::span<const std::uint8_t> Column::logicals() const {
  SCORIA_CHECK(type_ == Type::logical);
  return buffers_->logicals;
}

std::string_view Column::text_at(std::size_t row) const {
  SCORIA_CHECK(type_ == Type::text && row < size_);
  const auto begin = static_cast<std::size_t>(buffers_->offsets[row]);
  return std::string_view(buffers_->bytes).substr(begin, static_cast<std::size_t>(buffers_->offsets[row + 1]) - begin);
}

std::span<const std::int64_t> Column::text_offsets() const {
  SCORIA_CHECK(type_ == Type::text);
  return buffers_->offsets;
}

std::string_view Column::text_bytes() const {
  SCORIA_CHECK(type_ == Type::text);
  return buffers_->bytes;
}

std::span<const std::int32_t> Column::codes() const {
  SCORIA_CHECK(type_ == Type::factor);
  return buffers_->integers;
}

const std::vector<std::string>& Column::levels() const {
  SCORIA_CHECK(type_ == Type::factor);
  return *buffers_->levels;
}

ColumnPtr Column::take(std::span<const std::uint32_t> rows) const {
  for (const std::uint32_t row : rows) SCORIA_CHECK(row < size_);
  Validity validity;
  if (!validity_.all_valid()) {
    validity = Validity(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (validity_.is_null(rows[i])) validity.set_null(i);
    }
  }
  switch (type_) {
    case Type::logical: return logical(pick<std::uint8_t>(buffers_->logicals, rows), std::move(validity));
    case Type::integer: return integer(pick<std::int32_t>(buffers_->integers, rows), std::move(validity));
    case Type::real: return real(pick<double>(reals_, rows), std::move(validity));
    case Type::factor:
      return factor(pick<std::int32_t>(buffers_->integers, rows), buffers_->levels, ordered_, std::move(validity));
    case Type::text: break;
  }
  std::vector<std::int64_t> offsets{0};
  offsets.reserve(rows.size() + 1);
  std::string bytes;
  for (const std::uint32_t row : rows) {
    bytes += text_at(row);
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  return text(std::move(offsets), std::move(bytes), std::move(validity));
}

ColumnPtr Column::slice(std::size_t begin, std::size_t count) const {
  SCORIA_CHECK(begin <= size_ && count <= size_ - begin);
  Validity validity;
  if (!validity_.all_valid()) {
    validity = Validity(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (validity_.is_null(begin + i)) validity.set_null(i);
    }
  }
  switch (type_) {
    case Type::logical: return logical(part<std::uint8_t>(buffers_->logicals, begin, count), std::move(validity));
    case Type::integer: return integer(part<std::int32_t>(buffers_->integers, begin, count), std::move(validity));
    case Type::real: return real(part<double>(reals_, begin, count), std::move(validity));
    case Type::factor:
      return factor(part<std::int32_t>(buffers_->integers, begin, count), buffers_->levels, ordered_,
                    std::move(validity));
    case Type::text: break;
  }
  std::vector<std::int64_t> offsets = part<std::int64_t>(buffers_->offsets, begin, count + 1);
  const std::int64_t first = offsets.front();
  std::string bytes =
      buffers_->bytes.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(offsets.back() - first));
  for (std::int64_t& offset : offsets) offset -= first;
  return text(std::move(offsets), std::move(bytes), std::move(validity));
}

}  // namespace scoria::table
