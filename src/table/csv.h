// Comma-separated values in and out, RFC 4180 with R's conventions for missing values.
//
// Reading: numbers are correctly rounded (R's own reader is up to 1 ulp off). Unquoted NA is missing in every column;
// an empty unquoted field is missing in a number or logical column and "" in a text column. NaN, Inf, -Inf (any case, also
// "infinity"), hexadecimal and signed numbers are read as R does; TRUE/FALSE/T/F/true/false are logical.
// A column whose type is not given is inferred as R's type.convert does: logical, integer, double, else character.
// Quoted fields may hold separators, line ends and doubled quotes. LF, CRLF and a leading UTF-8 byte order mark are accepted.
// Refused, naming the line and column: ragged rows, no header, an empty input, an unclosed quote, a cell not of its column's
// type, a repeated column name, NUL bytes, invalid UTF-8, a record longer than max_record_bytes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "table/table.h"

namespace scoria::table {

struct CsvOptions {
  char separator = ',';
  // Types by column name (text for "verbatim"); every other column is inferred from the rows of the first batch, and a later
  // cell that does not fit is an error that says so. Columns named here and absent from the input are not an error.
  // `factor` reads text into levels in order of first appearance.
  std::map<std::string, Type, std::less<>> types;
  // When given, only these columns are returned (the others are checked for structure only, and cost no parsing).
  std::optional<std::vector<std::string>> only;
  std::size_t max_record_bytes = 64u << 20;
  std::size_t max_columns = 100'000;
  std::string source_name = "input";  // for messages: "input 'x.csv', line 3, column 'age': ..."
};

// Reads a table batch by batch in bounded memory.
// Threads: one caller at a time. Owns: its source.
class CsvReader {
 public:
  // Reads the header. Errors: invalid, as above; the source's own.
  static Result<CsvReader> open(std::unique_ptr<ByteSource> source, CsvOptions options);
  CsvReader(CsvReader&&) noexcept;
  ~CsvReader();

  const std::vector<std::string>& header() const;
  // The next at most `max_rows` rows; nullopt at the end. A table with a header and no rows yields one empty batch.
  Result<std::optional<Table>> next(std::size_t max_rows);

 private:
  struct State;
  explicit CsvReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The whole of a CSV text in one table; types are inferred over all rows.
Result<Table> read_csv(std::string_view text, const CsvOptions& options = {});

// Appends rows as CSV text. Doubles in the shortest form that reads back to the same bits ("NaN", "Inf", "-Inf" as R
// writes them), missing as NA, logical TRUE/FALSE. Text and factor cells are quoted, so that a text "NA" stays apart from
// a missing value; names are quoted where they need it.
// With `verbatim_text` text cells are written unquoted unless they need quotes: for columns passed through from an input.
void append_csv_header(const Table& table, std::string& out);
void append_csv_rows(const Table& table, std::string& out);

}  // namespace scoria::table
