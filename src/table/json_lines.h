// JSON lines in and out: one flat object per line (RFC 8259). null and absent keys are missing values; NaN and infinities are
// written as the strings "NaN", "Inf", "-Inf" and read back from them in a number column. Numbers are correctly rounded,
// whatever their length. Blank lines are skipped; an input without objects has no batches.
// Types come from options as in csv.h, else are inferred over each batch: true/false logical, whole numbers within 32 bits
// integer (written without point or exponent), other numbers double, strings character, nothing but null logical. A column of
// numbers may also hold the three strings. A number in a column given as character or factor is taken as it stands.
// `only` and the limits of options hold too; `separator` means nothing here.
// Refused, naming line and key: a mixture of numbers, strings and true/false in one column; nested objects and arrays; a key
// that stands twice in one object; what is not JSON or not UTF-8; NUL characters; more keys than max_columns, or so many that
// nearly every cell of a batch is absent; a line longer than max_record_bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/byte_source.h"
#include "base/result.h"
#include "table/csv.h"
#include "table/table.h"

namespace scoria::table {

// Threads: one caller at a time. Owns: its source.
class JsonLinesReader {
 public:
  // Reads nothing yet.
  static Result<JsonLinesReader> open(std::unique_ptr<ByteSource> source, CsvOptions options);
  JsonLinesReader(JsonLinesReader&&) noexcept;
  ~JsonLinesReader();

  // The next `max_rows` rows (at least 1), fewer only at the end; nullopt after it. Columns: those of the batch, in order of
  // first appearance. After an error every call returns that error.
  Result<std::optional<Table>> next(std::size_t max_rows);

 private:
  struct State;
  explicit JsonLinesReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One object per row with every column as a key; text is written as it is, and must be UTF-8.
void append_json_lines(const Table& table, std::string& out);

}  // namespace scoria::table
