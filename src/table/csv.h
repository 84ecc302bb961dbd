// Comma-separated values in and out, RFC 4180 with R's conventions for missing values.
//
// Reading: numbers are correctly rounded (R's own reader is up to 1 ulp off). Unquoted NA is missing in every column; an
// empty or blank unquoted field is missing in a number or logical column and itself in a text column; quoted fields are
// never missing. NaN, Inf, -Inf (any case, also "infinity"), hexadecimal and signed numbers are read as R does, with blanks
// around them and in quotes too; TRUE/True/true/T and FALSE/False/false/F are logical.
// A column whose type is not given is inferred as R's type.convert does: logical, integer, double, else character.
// Quoted fields may hold separators, line ends and doubled quotes. LF, CRLF and a leading UTF-8 byte order mark are
// accepted; blank lines are skipped, as R does. The last line may lack its line end.
// Refused, naming the line and column: ragged rows, no header, an empty input, an unclosed quote, a quote inside an
// unquoted field or text after a closing quote, a carriage return that ends no line, a cell not of its column's type, a
// repeated column name, NUL bytes, invalid UTF-8, a record longer than max_record_bytes.
#pragma once

#include <cstddef>
#include <cstdint>
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
  // Types by column name (text for "verbatim"); every other column is inferred. Columns named here and absent from the
  // input are not an error. `factor` reads text into levels in order of first appearance.
  std::map<std::string, Type, std::less<>> types;
  // When given, only these columns are returned, in the order of the input (the others are checked for structure only,
  // and cost no parsing). Names absent from the input are not an error.
  std::optional<std::vector<std::string>> only;
  std::size_t max_record_bytes = 64u << 20;  // with its line end; above 1 GiB counts as 1 GiB
  std::size_t max_columns = 100'000;
  std::string source_name = "input";  // for messages: "input 'x.csv', line 3, column 'age': ..."
};

// Reads a table batch by batch, in the memory of about one batch as text and as a table.
// A column whose type is not given is inferred from the first batch. As a later batch may hold any number, numbers are then
// always double, never integer, and a column with nothing but missing cells in the first batch is double; a later cell that
// does not fit is an error that says how to give the type.
// Threads: one caller at a time. Owns: its source.
class CsvReader {
 public:
  // Reads the header. Errors: invalid, as above; the source's own.
  static Result<CsvReader> open(std::unique_ptr<ByteSource> source, const CsvOptions& options);
  CsvReader(CsvReader&&) noexcept;
  ~CsvReader();

  const std::vector<std::string>& header() const;
  // The next `max_rows` rows (at least 1), fewer only at the end; nullopt after it. A table with a header and no rows yields
  // one empty batch. After an error every call returns that error.
  Result<std::optional<Table>> next(std::size_t max_rows);

 private:
  struct State;
  explicit CsvReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The whole of a CSV text in one table; types are inferred over all rows.
Result<Table> read_csv(std::string_view text, const CsvOptions& options = {});

// How text and factor cells are written.
enum class CsvText : std::uint8_t {
  quoted,      // always in quotes, so that a text "NA" stays apart from a missing value
  as_it_came,  // in quotes only where it needs them: for columns passed through from an input
};

// Appends rows as CSV text with commas and LF. Doubles in the shortest form that reads back to the same bits ("NaN", "Inf",
// "-Inf" as R writes them; whole numbers below 2^53 without exponent), missing as NA, logical TRUE/FALSE. Names are quoted
// where they need it. A table of one column is always quoted, as an empty cell would be a blank line.
void append_csv_header(const Table& table, std::string& out);
void append_csv_rows(const Table& table, std::string& out, CsvText style = CsvText::quoted);

}  // namespace scoria::table
