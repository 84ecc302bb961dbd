// One column of a CSV text while it is read: cells are parsed into values at once, as the type given or as the narrowest
// type that has held every cell so far.
// Threads: one caller at a time. Owns: its values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "table/column.h"
#include "table/csv_index.h"

namespace scoria::table {

// How a column without a given type gets one.
enum class CsvGuess : std::uint8_t {
  from_all_rows,    // as R's type.convert: logical, integer, double, else character; nothing but missing: logical
  from_first_rows,  // a later row may hold any number: numbers are double, and so is nothing but missing
};

class CsvColumn {
 public:
  CsvColumn(std::optional<Type> given, CsvGuess guess);

  enum class Fit {
    all,    // every cell was appended
    none,   // a cell is not of the given type; see misfit_row()
    again,  // the type was too narrow and earlier cells are gone: restart() and append the text from its first row
  };
  // Appends field `field` of every row of the block. `readable_from`: the first byte of the text.
  Fit append(const CsvBlock& block, std::size_t field, const char* readable_from);

  void restart();
  void reserve(std::size_t rows);
  std::size_t misfit_row() const { return misfit_row_; }  // in the last block
  ColumnPtr finish() &&;

 private:
  enum class Kind : std::uint8_t { undecided, logical, integer, real, text, factor };
  static Kind kind_of(Type type);

  // Each appends cells from `row` on and returns the first row that did not fit, or block.rows.
  std::size_t append_missing(const CsvBlock& block, std::size_t field, std::size_t row);
  std::size_t append_logicals(const CsvBlock& block, std::size_t field, std::size_t row);
  std::size_t append_integers(const CsvBlock& block, std::size_t field, std::size_t row, const char* fast_from);
  std::size_t append_reals(const CsvBlock& block, std::size_t field, std::size_t row, const char* fast_from);
  std::size_t append_texts(const CsvBlock& block, std::size_t field, std::size_t row);
  std::size_t append_codes(const CsvBlock& block, std::size_t field, std::size_t row);
  Kind kind_that_fits(std::string_view raw) const;
  bool become(Kind kind);
  void clear();

  std::optional<Type> given_;
  CsvGuess guess_;
  Kind kind_;
  std::size_t rows_ = 0;
  std::size_t expected_rows_ = 0;
  std::size_t misfit_row_ = 0;
  bool saw_empty_ = false;          // an empty cell: missing in a number, "" in a text
  bool saw_negative_zero_ = false;  // which an integer cannot keep
  std::vector<double> reals_;
  std::vector<std::int32_t> integers_;  // or codes; kNaInt or -1 where missing
  std::vector<std::uint8_t> logicals_;  // 2 where missing
  std::vector<std::int64_t> offsets_;
  std::string bytes_;
  std::vector<std::size_t> null_texts_;
  std::string cell_;  // a quoted cell without its quotes
  std::vector<std::string> levels_;
  std::unordered_map<std::string, std::int32_t> code_of_;
};

}  // namespace scoria::table
