// The structure of one column of the Arrow C data interface, checked as far as the interface lets one.
// Threads: a plain value. Borrows: schema, array, name and options, for as long as it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/result.h"
#include "table/arrow_c.h"
#include "table/column.h"

namespace scoria::table {

class ArrowView {
 public:
  // Rows [begin, begin + rows) of `array`. Precondition: neither is negative and their sum is at most 2^48. `name` is for messages.
  // Errors: invalid, when lengths, offsets and counts do not fit together.
  static Result<ArrowView> open(const ArrowSchema& schema, const ArrowArray& array, std::int64_t begin,
                                std::int64_t rows, const std::string& name, const ArrowImportOptions& options);

  const std::string& format() const { return format_; }
  std::size_t rows() const { return rows_; }
  const ArrowSchema& schema() const { return *schema_; }
  const ArrowArray& array() const { return *array_; }
  const std::string& name() const { return *name_; }
  const ArrowImportOptions& options() const { return *options_; }

  // That there are `count` buffers, the first of them the validity bitmap.
  Status check_buffers(std::int64_t count) const;
  // Precondition: check_buffers().
  Result<Validity> validity() const;

  // Where row 0 is, counted from the buffers' beginnings.
  std::size_t offset() const { return offset_; }
  // Buffer `index` from row 0 on, rows being `width` bytes; nullptr only when there are no rows.
  Result<const std::byte*> values(std::int64_t index, std::size_t width) const;

  Error invalid(const std::string& what) const;
  Error wrong_row(std::size_t row, const std::string& what) const;
  Error beyond(std::size_t row, const std::string& value) const;  // a whole number that doubles may not hold
  Error unsupported() const;

 private:
  ArrowView() = default;
  Status check() const;

  const ArrowSchema* schema_ = nullptr;
  const ArrowArray* array_ = nullptr;
  const std::string* name_ = nullptr;
  const ArrowImportOptions* options_ = nullptr;
  std::string format_;
  std::int64_t begin_ = 0;
  std::size_t rows_ = 0;
  std::size_t offset_ = 0;
};

// Buffers need not be aligned.
template <typename Value>
Value read_value(const std::byte* from, std::size_t index) {
  Value value;
  std::memcpy(&value, from + index * sizeof(Value), sizeof(Value));
  return value;
}

}  // namespace scoria::table
