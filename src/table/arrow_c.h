// Tables in and out through the Arrow C data interface, without an Arrow library.
// Source: arrow.apache.org/docs/format/CDataInterface.html (arrow_abi.h holds its structures).
//
// What a column becomes depends on its type alone, never on its values, so that every batch of a stream has the same types:
//   bool                                   logical
//   int8 int16 int32 uint8 uint16          integer
//   uint32 int64 uint64 float16/32/64      double; a whole number beyond 2^53 is refused, as no double may hold it
//   decimal32/64/128                       double, the nearest; beyond 2^53 without a fraction refused
//   utf8, large_utf8, utf8_view            character
//   dictionary of text or whole numbers    factor with the dictionary as levels; the ordered flag is kept
//   date32, date64                         character: 2020-01-05
//   timestamp                              character: 2020-01-05 10:00:00, a fraction only where there is one; 2020-01-05 10:00:00Z
//                                          when it has a time zone, in UTC
//   time32, time64                         character: 10:00:00
//   null                                   logical, all missing
// So a table from Arrow is the table of the CSV file that says the same. Extension types count as what they are stored as. A float64
// holding R's own NA is missing; NaN is a value. Refused by column name: nested types, binary, durations, intervals, decimal256,
// run-end encoding; a repeated name; text or names that are not UTF-8; int32 -2147483648, which is R's NA.
//
// Pointers are believed, as the interface gives no size to check them by. Lengths, offsets, counts, formats, dictionary indices,
// text offsets and string views are not.
// Threads: independent calls are independent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "table/arrow_abi.h"
#include "table/table.h"

namespace scoria::table {

struct ArrowImportOptions {
  // When given, only these columns are looked at, whatever the others are. Names that are absent are not an error.
  std::optional<std::vector<std::string>> only;
  std::size_t first_row = 1;  // what messages call the first row
  std::int64_t max_rows = 2'147'483'647;
  std::int64_t max_columns = 1'000'000;
  std::int64_t max_text_bytes = 64ll << 30;  // of one column
};

// A schema that is released when this goes.
class OwnedSchema {
 public:
  OwnedSchema() = default;
  // Moves `schema` here, as the interface says: it is marked as released.
  explicit OwnedSchema(ArrowSchema* schema);
  OwnedSchema(OwnedSchema&& other) noexcept : OwnedSchema(&other.schema_) {}
  OwnedSchema& operator=(OwnedSchema&&) = delete;
  ~OwnedSchema();

  const ArrowSchema& get() const { return schema_; }
  ArrowSchema* out() { return &schema_; }  // for a producer to fill; only while it holds nothing

 private:
  ArrowSchema schema_{};
};

class OwnedArray {
 public:
  OwnedArray() = default;
  explicit OwnedArray(ArrowArray* array);
  OwnedArray(OwnedArray&& other) noexcept : OwnedArray(&other.array_) {}
  OwnedArray& operator=(OwnedArray&&) = delete;
  ~OwnedArray();

  const ArrowArray& get() const { return array_; }
  ArrowArray* out() { return &array_; }

 private:
  ArrowArray array_{};
};

// The record batch `array` of type `schema`, copied; both stay the caller's. For streams: one schema, many arrays.
// Errors: invalid (a structure or value that cannot be, naming column and row), unsupported (a type, naming the column), too_large.
Result<Table> import_batch(const ArrowSchema& schema, const ArrowArray& array, const ArrowImportOptions& options = {});

// The same, taking ownership: both are released exactly once, when it fails too. A null pointer or a released structure is an error.
Result<Table> import_table(ArrowSchema* schema, ArrowArray* array, const ArrowImportOptions& options = {});

// Fills both with a record batch that shares the table's columns: the numbers, texts and codes are not copied, logicals are.
// Types: double float64, integer int32, logical bool, character large_utf8, factor dictionary<int32, large_utf8>.
// The caller releases both, in any order and on any thread, also after the table is gone. Throws only std::bad_alloc, and then
// leaves both released.
void export_table(const Table& table, ArrowSchema* schema, ArrowArray* array);

}  // namespace scoria::table
