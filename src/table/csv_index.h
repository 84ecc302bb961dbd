// Finds where the fields of CSV records end, some tens of kilobytes of records at a time, 64 bytes at a step.
// Source: the bit masks of Langdale & Lemire, "Parsing gigabytes of JSON per second" (VLDB Journal 28, 2019), section 3.
// Threads: one caller at a time. Borrows: the text, for as long as its block is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "table/csv_record.h"

namespace scoria::table {

// Whole records of equal width, by the ends of their fields. Positions are relative to `base`.
struct CsvBlock {
  const char* base = nullptr;
  // ends[-1] is readable too, and one before the start of field 0. Each end is a separator, a line feed or the text's end.
  const std::uint32_t* ends = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  bool has_returns = false;  // lines may end in CR LF

  const char* begin(std::size_t row, std::size_t field) const {
    return base + static_cast<std::uint32_t>(ends[static_cast<std::ptrdiff_t>(row * columns + field) - 1] + 1);
  }
  // Past the last byte of the field; the carriage return of a line end is left out (no other stands outside quotes).
  const char* end(std::size_t row, std::size_t field) const {
    const char* at = base + ends[row * columns + field];
    return has_returns && field + 1 == columns && at != base && at[-1] == '\r' ? at - 1 : at;
  }
};

// One bit per byte of a 64-byte step.
struct CsvMasks {
  std::uint64_t separators = 0;
  std::uint64_t newlines = 0;
  std::uint64_t quotes = 0;
  std::uint64_t returns = 0;
  std::uint64_t zeros = 0;
  bool non_ascii = false;
};
CsvMasks csv_masks(const char* bytes, char separator);           // the fastest this build has
CsvMasks csv_masks_portable(const char* bytes, char separator);  // the same by a plain loop

class CsvIndex {
 public:
  CsvIndex(char separator, std::size_t columns, std::size_t max_record_bytes);

  enum class Found { rows, more, end, fault };
  // Indexes records of `text` from `begin` on, skipping blank lines: `rows` (see block(), next()), `more` (no complete
  // record yet; only when not at_end), `end` (no record is left), `fault` (the first record is refused; see fault()).
  // No more than about `rows_wanted` rows are looked for.
  Found find(std::string_view text, std::size_t begin, bool at_end, std::size_t rows_wanted = kEveryRow);
  static constexpr std::size_t kEveryRow = ~std::size_t{0};

  const CsvBlock& block() const { return block_; }
  // Where the text after the rows begins. After `more`: where the incomplete record begins.
  std::size_t next() const { return next_; }
  // Where the first `rows` rows of the block end, in the text. Precondition: 1 <= rows <= block().rows.
  std::size_t end_of_rows(std::size_t rows) const;
  const CsvFault& fault() const { return fault_; }

 private:
  struct Scan;
  Scan scan(std::string_view window, bool at_end);
  std::size_t whole_rows(const Scan& scan, std::string_view window) const;
  Found refuse(std::string_view text, bool at_end);
  Found accept(std::string_view text, const Scan& scan, std::size_t rows);

  char separator_;
  std::size_t columns_;
  std::size_t max_record_bytes_;
  std::size_t window_;
  std::size_t row_bytes_ = 0;  // of the last rows found
  std::size_t ends_size_;
  std::unique_ptr<std::uint32_t[]> ends_;  // ends_[0] is the end before the first field
  CsvBlock block_;
  std::size_t begin_ = 0;
  std::size_t next_ = 0;
  std::size_t text_size_ = 0;
  CsvFault fault_;
};

}  // namespace scoria::table
