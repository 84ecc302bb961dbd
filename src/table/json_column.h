// One key of JSON lines while a batch is read: values become a typed column, as the type given or as the type that the
// values so far agree on.
// Threads: one caller at a time. Owns: its values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "table/column.h"

namespace scoria::table {

// A number as RFC 8259 (section 6) writes it.
bool is_json_number(std::string_view token);

class JsonColumn {
 public:
  explicit JsonColumn(std::optional<Type> given);

  // Each sets row `row` (above every row set before; rows between are missing) and says what is wrong, "" when nothing is.
  std::string set_null(std::size_t row);
  std::string set_bool(std::size_t row, bool value);
  // `token`: a number as it stands in the text. Precondition: is_json_number(token).
  std::string set_number(std::size_t row, std::string_view token);
  std::string set_string(std::size_t row, std::string_view value);

  // How many rows were given a value or null.
  std::size_t given_rows() const { return given_rows_; }
  // The last row that was set; nullopt at first.
  std::optional<std::size_t> last_row() const { return last_row_; }
  // The rows after the last one set are missing.
  ColumnPtr finish(std::size_t rows) &&;

 private:
  enum class Kind : std::uint8_t { undecided, logical, integer, real, text, factor };

  void fill_to(std::size_t row);
  void start(std::size_t row);
  void push_missing();
  void push_text(std::string_view value);
  void become_real();
  std::string conflict(std::string_view what) const;

  bool is_given_;
  Kind kind_;
  std::size_t rows_ = 0;
  std::size_t given_rows_ = 0;
  std::optional<std::size_t> last_row_;
  bool only_special_ = true;  // every string so far was NaN, Inf or -Inf
  std::vector<double> reals_;
  std::vector<std::int32_t> integers_;  // or codes
  std::vector<std::uint8_t> logicals_;
  std::vector<std::int64_t> offsets_{0};
  std::string bytes_;
  std::vector<std::size_t> nulls_;  // of logical and text
  std::vector<std::string> levels_;
  std::unordered_map<std::string, std::int32_t> code_of_;
};

}  // namespace scoria::table
