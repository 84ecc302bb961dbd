#include "plan/ordering.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

namespace scoria::plan {
namespace {

using table::Column;
using table::Type;

// A column's rows as small numbers in the column's order: equal values share a number, missing ones have the last.
struct Codes {
  std::vector<std::uint32_t> code;
  std::uint32_t count = 0;
};

// Keys of any type, ranked by sorting.
template <typename Key>
Codes ranked(const Column& column, Key key) {
  std::vector<std::uint32_t> rows;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!column.is_null(row)) rows.push_back(static_cast<std::uint32_t>(row));
  }
  std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  Codes codes{std::vector<std::uint32_t>(column.size()), 0};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || key(rows[i - 1]) < key(rows[i])) ++codes.count;
    codes.code[rows[i]] = codes.count - 1;
  }
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row)) codes.code[row] = codes.count;
  }
  ++codes.count;
  return codes;
}

// Whole numbers as their distance from the least one, where that stays near the number of rows.
bool by_distance(const Column& column, std::span<const std::int32_t> values, Codes& codes) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = std::numeric_limits<std::int64_t>::min();
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (column.is_null(row)) continue;
    least = std::min<std::int64_t>(least, values[row]);
    most = std::max<std::int64_t>(most, values[row]);
  }
  if (least > most) least = most = 0;
  const std::int64_t span = most - least + 1;
  if (span > static_cast<std::int64_t>(values.size()) * 4 + 65'536) return false;
  codes.count = static_cast<std::uint32_t>(span + 1);
  codes.code.resize(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    codes.code[row] = static_cast<std::uint32_t>(column.is_null(row) ? span : values[row] - least);
  }
  return true;
}

Codes codes_of(const Column& column) {
  Codes codes;
  switch (column.type()) {
    case Type::factor:
      if (by_distance(column, column.codes(), codes)) return codes;
      return ranked(column, [&](std::uint32_t row) { return column.codes()[row]; });
    case Type::integer:
      if (by_distance(column, column.integers(), codes)) return codes;
      return ranked(column, [&](std::uint32_t row) { return column.integers()[row]; });
    case Type::logical: return ranked(column, [&](std::uint32_t row) { return column.logicals()[row]; });
    case Type::text: return ranked(column, [&](std::uint32_t row) { return column.text_at(row); });
    case Type::real: {
      // NaN compares with nothing; give it a place of its own after every number, where NA goes too.
      const auto key = [&](std::uint32_t row) {
        const double value = column.reals()[row];
        return std::isnan(value) ? std::pair(1, 0.0) : std::pair(0, value);
      };
      return ranked(column, key);
    }
  }
  throw_bug(__FILE__, __LINE__, "a known Type");
}

// A stable counting sort by one column's codes.
void sort_by(const Codes& codes, std::vector<std::uint32_t>& rows) {
  std::vector<std::uint32_t> begin(codes.count + 1, 0);
  for (const std::uint32_t code : codes.code) ++begin[code + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<std::uint32_t> sorted(rows.size());
  for (const std::uint32_t row : rows) sorted[begin[codes.code[row]]++] = row;
  rows = std::move(sorted);
}

}  // namespace

Result<Ordering> order_rows(const table::Table& table, const std::vector<std::string>& group_by,
                            const std::vector<std::string>& arrange) {
  if (table.rows() >= std::numeric_limits<std::int32_t>::max()) {
    return Error{Code::too_large, "a partition has " + std::to_string(table.rows()) + " rows, more than 2^31"};
  }
  std::vector<Codes> keys;
  for (const std::vector<std::string>* names : {&group_by, &arrange}) {
    for (const std::string& name : *names) {
      const table::ColumnPtr column = table.find(name);
      if (column == nullptr) return Error{Code::invalid, "there is no column '" + name + "' to order rows by"};
      keys.push_back(codes_of(*column));
    }
  }
  Ordering ordering;
  ordering.rows.resize(table.rows());
  std::iota(ordering.rows.begin(), ordering.rows.end(), 0);
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) sort_by(*key, ordering.rows);  // the first key decides last
  for (std::size_t i = 0; i < ordering.rows.size(); ++i) {
    bool starts = i == 0;
    for (std::size_t k = 0; k < group_by.size() && !starts; ++k) {
      starts = keys[k].code[ordering.rows[i]] != keys[k].code[ordering.rows[i - 1]];
    }
    if (starts) ordering.group_starts.push_back(static_cast<std::uint32_t>(i));
  }
  return ordering;
}

}  // namespace scoria::plan
