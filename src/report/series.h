// The columns of forecast tables as plain vectors: which series a row belongs to, its time, its numbers.
// Threads: plain values and pure functions; a SeriesIndex is one caller's at a time.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "table/table.h"

namespace scoria::report {

inline constexpr std::uint32_t kNoSeries = std::numeric_limits<std::uint32_t>::max();

// Numbers the series of several tables alike: one number per combination of key values, from 0 in order of appearance.
// Values are the same when they read the same: integer 1, double 1 and text "1".
class SeriesIndex {
 public:
  explicit SeriesIndex(std::vector<std::string> keys);

  // The series of every row; kNoSeries where a key is missing. `what` names the table in messages.
  // Errors: invalid, naming a key column that the table lacks.
  Result<std::vector<std::uint32_t>> number(const table::Table& table, std::string_view what);

  std::size_t size() const { return names_.size(); }
  // The values of the keys, as text.
  const std::vector<std::string>& names(std::uint32_t series) const { return names_.at(series); }
  // "sku 3, store 8", for messages and titles.
  std::string title(std::uint32_t series) const;

 private:
  struct Key {
    std::string name;
    std::vector<std::string> values;
    std::unordered_map<std::string, std::uint32_t> codes;
    std::unordered_map<std::uint64_t, std::uint32_t> joined;  // (series of the keys before, code) -> series
  };
  std::vector<std::uint32_t> code(const table::Column& column, Key& key);
  std::uint32_t join(const std::vector<std::vector<std::uint32_t>>& codes, std::size_t row);

  std::vector<Key> keys_;
  std::vector<std::vector<std::string>> names_;
};

enum class TimeKind : std::uint8_t { number, date };

struct Times {
  TimeKind kind = TimeKind::number;
  std::vector<double> values;  // dates: days since 1970-01-01, parts of a day included; NaN where missing
};

// Numbers, or text that holds numbers or ISO-8601 dates (2026-11-20, 2026-11-20T06:30Z).
// Errors: invalid, when the column is absent or a cell is neither.
Result<Times> times(const table::Table& table, const std::string& column, std::string_view what);

// NaN where a cell is missing, NaN or infinite. Errors: invalid, when the column is absent or holds text.
Result<std::vector<double>> numbers(const table::Table& table, const std::string& column, std::string_view what);

// 112, or 2026-11-20 (with the hour where there is one).
std::string time_text(TimeKind kind, double time);

}  // namespace scoria::report
