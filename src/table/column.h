// One typed column of a table in memory, in Arrow's layout: values, a validity bitmap, offsets for text, codes for factors.
// Threads: immutable once built. Ownership: what a Column shows lies beside it and lives as long; tables share columns by ColumnPtr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scoria::table {

// R's column types. A factor is Arrow's dictionary type with 32-bit codes.
enum class Type : std::uint8_t { logical, integer, real, text, factor };

// "logical", "integer", "double", "character", "factor": as R names them, for messages.
std::string_view type_name(Type type);

// Which rows hold a value. Bit i set = row i is valid (Arrow); no words at all = every row is valid.
class Validity {
 public:
  Validity() = default;
  // `size` rows, all valid, ready for set_null().
  explicit Validity(std::size_t size);

  bool all_valid() const { return words_.empty(); }
  bool is_null(std::size_t row) const { return !words_.empty() && (words_[row >> 6] >> (row & 63) & 1) == 0; }
  // Precondition: built with a size above `row`.
  void set_null(std::size_t row) { words_[row >> 6] &= ~(1ull << (row & 63)); }
  std::size_t null_count(std::size_t rows) const;
  std::span<const std::uint64_t> words() const { return words_; }

 private:
  std::vector<std::uint64_t> words_;
};

class Column;
using ColumnPtr = std::shared_ptr<const Column>;
using ColumnBlock = std::shared_ptr<const std::vector<Column>>;

class Column {
  struct Key {};  // for the functions below alone, which build columns where they stay

 public:
  explicit Column(Key) {}
  Column(Column&&) noexcept =
      default;  // for a block's vector; nothing is copied, as it would show what lies beside another
  Column& operator=(Column&&) = delete;

  // A null slot holds: real na_real(), integer kNaInt, logical 0, factor -1, text "". The builders below enforce it,
  // and turn na_real() / kNaInt / -1 found in values into nulls, so R's own vectors can be handed over as they are.
  static ColumnPtr real(std::vector<double> values, Validity validity = {});
  // Columns of `rows` doubles each, one behind the other in `values`, which live and end together: a table of one row would
  // otherwise cost more to make than most models take to score it. Precondition: rows > 0 divides values.size().
  static ColumnBlock reals(std::vector<double> values, std::size_t rows);
  static ColumnPtr integer(std::vector<std::int32_t> values, Validity validity = {});
  static ColumnPtr logical(std::vector<std::uint8_t> values, Validity validity = {});
  // offsets.size() == rows + 1; row i is bytes [offsets[i], offsets[i + 1]).
  static ColumnPtr text(std::vector<std::int64_t> offsets, std::string bytes, Validity validity = {});
  static ColumnPtr text(std::span<const std::string> values, Validity validity = {});
  // codes are 0-based positions in levels. Precondition: every code < levels->size().
  static ColumnPtr factor(std::vector<std::int32_t> codes, std::shared_ptr<const std::vector<std::string>> levels,
                          bool ordered = false, Validity validity = {});

  Type type() const { return type_; }
  std::size_t size() const { return size_; }
  const Validity& validity() const { return validity_; }
  bool is_null(std::size_t row) const { return validity_.is_null(row); }

  // Each is a bug to call on a column of another type.
  std::span<const double> reals() const;
  std::span<const std::int32_t> integers() const;
  std::span<const std::uint8_t> logicals() const;
  std::string_view text_at(std::size_t row) const;
  // Row i is bytes [offsets[i], offsets[i + 1]) of text_bytes().
  std::span<const std::int64_t> text_offsets() const;
  std::string_view text_bytes() const;
  std::span<const std::int32_t> codes() const;
  const std::vector<std::string>& levels() const;
  bool ordered() const { return ordered_; }

  // The rows named by `rows`, in that order. Precondition: every index < size().
  ColumnPtr take(std::span<const std::uint32_t> rows) const;
  ColumnPtr slice(std::size_t begin, std::size_t count) const;

 private:
  struct Buffers;
  struct Whole;
  struct Block;
  static std::shared_ptr<Whole> make(Type type, std::size_t size, Validity validity);
  static ColumnPtr column_of(std::shared_ptr<Whole> whole);
  void set(Type type, std::size_t size, Validity validity);

  Type type_ = Type::real;
  bool ordered_ = false;
  std::size_t size_ = 0;
  Validity validity_;
  std::span<const double> reals_;
  const Buffers* buffers_ = nullptr;  // of all other types
};

}  // namespace scoria::table
