// What a CSV reader knows before the first row (the header and the wanted types), and whole rows read into a table.
// Threads: immutable; const members may run concurrently.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "table/csv.h"
#include "table/csv_column.h"
#include "table/csv_index.h"
#include "table/csv_record.h"

namespace scoria::table {

class CsvLayout {
 public:
  struct Field {
    std::string name;
    bool wanted = true;
    std::optional<Type> type;         // given by the caller, or settled by the first rows
    std::size_t settled_by_rows = 0;  // 0 when the caller gave it
  };

  // Errors: invalid, a separator that cannot be told from the rest of a CSV text.
  static Status check(const CsvOptions& options);
  // Takes the header record. Errors: invalid, a repeated name.
  static Result<CsvLayout> make(const CsvOptions& options, const CsvRecord& header);

  const std::vector<Field>& fields() const { return fields_; }
  std::vector<std::string> names() const;
  // Later rows have the types of these ones.
  void settle(const Table& first_rows);

  // All rows of `text` from `begin` on, in one table. `line` is the number of the line that begins there; `index` is one
  // made by index(), and only saves making another.
  Result<Table> read(CsvIndex& index, std::string_view text, std::size_t begin, std::size_t line, CsvGuess guess) const;

  CsvIndex index() const { return {options_.separator, fields_.size(), options_.max_record_bytes}; }
  const CsvOptions& options() const { return options_; }
  // The error for a fault in `text`, in which `begin` is the start of line number `line`.
  Error error(const CsvFault& fault, std::string_view text, std::size_t begin, std::size_t line) const;

 private:
  CsvFault misfit(const CsvBlock& block, std::size_t row, std::size_t field, std::string_view text) const;

  CsvOptions options_;
  std::vector<Field> fields_;
};

// "input 'x.csv', line 3: ...".
Error csv_error(std::string_view source, std::size_t line, const CsvFault& fault);

// How many line feeds there are.
std::size_t count_lines(std::string_view text);

// After the byte order mark, if there is one.
std::size_t skip_byte_order_mark(std::string_view text);

// `text` for a message: cut to some forty bytes, control characters escaped.
std::string excerpt(std::string_view text);

}  // namespace scoria::table
