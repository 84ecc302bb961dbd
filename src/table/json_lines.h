// JSON lines in and out: one flat object per line. null and absent keys are missing values; NaN and infinities are written as
// the strings "NaN", "Inf", "-Inf" and read back from them in a number column.
// Types come from options as in csv.h, else are inferred over the batch: true/false logical, whole numbers within 32 bits integer,
// other numbers double, strings character; a mixture of numbers and strings is refused, naming line and key.
// Nested objects and arrays are refused by line and key.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/byte_source.h"
#include "base/result.h"
#include "table/csv.h"
#include "table/table.h"

namespace scoria::table {

class JsonLinesReader {
 public:
  static Result<JsonLinesReader> open(std::unique_ptr<ByteSource> source, CsvOptions options);
  JsonLinesReader(JsonLinesReader&&) noexcept;
  ~JsonLinesReader();

  // The next at most `max_rows` rows; nullopt at the end. Columns: those of the batch, in order of first appearance.
  Result<std::optional<Table>> next(std::size_t max_rows);

 private:
  struct State;
  explicit JsonLinesReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

void append_json_lines(const Table& table, std::string& out);

}  // namespace scoria::table
