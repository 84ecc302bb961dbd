#include "plan/complete.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <set>

#include "expr/message.h"
#include "expr/scalar.h"
#include "plan/ordering.h"
#include "plan/row_keys.h"
#include "plan/stacking.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Table;
using table::Type;

// Of one row in one column: before or after another in R's order, NaN and NA last and apart.
int compare(const Column& column, std::uint32_t a, std::uint32_t b) {
  const auto rank = [&](std::uint32_t row) { return column.is_null(row) ? 2 : is_missing(column, row) ? 1 : 0; };
  if (rank(a) != rank(b) || rank(a) > 0) return rank(a) - rank(b);
  const auto order = [](auto x, auto y) { return x < y ? -1 : (y < x ? 1 : 0); };
  switch (column.type()) {
    case Type::logical: return order(column.logicals()[a], column.logicals()[b]);
    case Type::integer: return order(column.integers()[a], column.integers()[b]);
    case Type::real: return order(column.reals()[a], column.reals()[b]);
    case Type::factor: return order(column.codes()[a], column.codes()[b]);
    case Type::text: return order(column.text_at(a), column.text_at(b));
  }
  throw_bug(__FILE__, __LINE__, "a known Type");
}

// One of the things combined: its values, and which of them each row of the group has.
struct Element {
  std::vector<std::string> names;
  std::vector<ColumnPtr> values;  // by name
  std::int64_t count = 0;
  std::vector<std::int64_t> positions;  // by row of the group; -1: none
};

// The distinct combinations of some columns that the rows have.
Element distinct(const Table& table, const std::vector<std::string>& names, std::span<const std::uint32_t> rows) {
  std::vector<ColumnPtr> columns;
  for (const std::string& name : names) columns.push_back(table.find(name));
  const auto order = [&](std::size_t a, std::size_t b) {
    for (const ColumnPtr& column : columns) {
      if (const int before = compare(*column, rows[a], rows[b]); before != 0) return before;
    }
    return 0;
  };
  std::vector<std::size_t> sorted(rows.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::stable_sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) { return order(a, b) < 0; });
  Element element{names, {}, 0, std::vector<std::int64_t>(rows.size())};
  std::vector<std::uint32_t> representatives;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i == 0 || order(sorted[i - 1], sorted[i]) != 0) representatives.push_back(rows[sorted[i]]);
    element.positions[sorted[i]] = static_cast<std::int64_t>(representatives.size()) - 1;
  }
  element.count = static_cast<std::int64_t>(representatives.size());
  for (const ColumnPtr& column : columns) element.values.push_back(column->take(representatives));
  return element;
}

// All levels of a factor, those that no row has included, and NA where some row has it.
Element levels_of(const std::string& name, const Column& column, std::span<const std::uint32_t> rows) {
  Element element{{name}, {}, 0, {}};
  const auto count = static_cast<std::int32_t>(column.levels().size());
  bool has_missing = false;
  for (const std::uint32_t row : rows) {
    has_missing = has_missing || column.is_null(row);
    element.positions.push_back(column.is_null(row) ? count : column.codes()[row]);
  }
  std::vector<std::int32_t> codes(static_cast<std::size_t>(count));
  std::iota(codes.begin(), codes.end(), 0);
  if (has_missing) codes.push_back(-1);
  element.count = static_cast<std::int64_t>(codes.size());
  element.values.push_back(Column::factor(
      std::move(codes), std::make_shared<const std::vector<std::string>>(column.levels()), column.ordered()));
  return element;
}

Result<Element> element_of(const Table& table, const std::vector<std::string>& names, const Complete& how,
                           std::span<const std::uint32_t> rows) {
  const ColumnPtr column = table.find(names[0]);
  if (const auto range = how.ranges.find(names[0]); names.size() == 1 && range != how.ranges.end()) {
    auto sequence = full_sequence(*column, rows, range->second);
    if (!sequence.ok()) return with_context("column '" + names[0] + "'", std::move(sequence).error());
    const auto count = static_cast<std::int64_t>(sequence.value().values->size());
    return Element{names, {sequence.value().values}, count, std::move(sequence.value().positions)};
  }
  if (names.size() == 1 && column->type() == Type::factor) return levels_of(names[0], *column, rows);
  return distinct(table, names, rows);
}

// Where one row of the result comes from: a row of the table, and for a new one the combination it stands for.
struct Origin {
  std::uint32_t row;
  std::int64_t combination;
};

// The value that replaces missing ones, as one row of the column's own type.
Result<ColumnPtr> fill_value(const Column& column, const std::string& text) {
  const char* end = text.data() + text.size();
  double number = 0;
  const auto parsed = std::from_chars(text.data(), end, number);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == end;
  const Error wrong{Code::invalid, "'" + text + "' is not " + std::string(table::type_name(column.type()))};
  switch (column.type()) {
    case Type::text: return Column::text(std::vector<std::string>{text});
    case Type::real:
      if (!is_number) return wrong;
      return Column::real({number});
    case Type::integer:
      if (!is_number || number != std::floor(number) || std::abs(number) > 2147483647.0) return wrong;
      return Column::integer({static_cast<std::int32_t>(number)});
    case Type::logical:
      if (text == "TRUE" || text == "true") return Column::logical({1});
      if (text == "FALSE" || text == "false") return Column::logical({0});
      // A column of nothing but NA is read as logical, and is whatever fills it.
      if (is_number && column.validity().null_count(column.size()) == column.size()) return Column::real({number});
      return wrong;
    case Type::factor: {
      const auto level = std::find(column.levels().begin(), column.levels().end(), text);
      if (level == column.levels().end()) return Error{Code::invalid, "'" + text + "' is no level"};
      return Column::factor({static_cast<std::int32_t>(level - column.levels().begin())},
                            std::make_shared<const std::vector<std::string>>(column.levels()), column.ordered());
    }
  }
  throw_bug(__FILE__, __LINE__, "a known Type");
}

// A column at the result's rows: its own value, the fill where that is missing, NA in a new row without a fill.
Result<ColumnPtr> column_at(const ColumnPtr& column, const std::string* fill, bool is_explicit,
                            const std::vector<Origin>& origins) {
  const auto none = static_cast<std::uint32_t>(column->size());
  std::vector<std::uint32_t> rows;
  rows.reserve(origins.size());
  for (const Origin& origin : origins) rows.push_back(std::min(origin.row, none));
  if (fill == nullptr) return with_null_row(column)->take(rows);
  SCORIA_TRY(value, fill_value(*column, *fill));
  Table above(column->size());
  above.add("column", column);
  Table below(1);
  below.add("column", value);
  SCORIA_TRY(stacked, table::stack(above, below));
  for (std::uint32_t& row : rows) {
    if (row < none && is_explicit && is_missing(*column, row)) row = none;
  }
  return stacked.column(0)->take(rows);
}

// The rows of one group and what they are completed with.
class GroupRows {
 public:
  GroupRows(const Table& table, std::span<const std::uint32_t> rows) : table_(table), rows_(rows) {}

  Status expand(const Complete& how) {
    for (const std::vector<std::string>& names : how.columns) {
      SCORIA_TRY(element, element_of(table_, names, how, rows_));
      elements_.push_back(std::move(element));
    }
    std::uint64_t combinations = 1;
    for (const Element& element : elements_) {
      combinations *= static_cast<std::uint64_t>(element.count);
      if (combinations > kMaxCompletedRows) {
        return Error{Code::too_large, "gives more than " + std::to_string(kMaxCompletedRows) + " combinations"};
      }
    }
    constexpr std::uint32_t kNew = ~std::uint32_t{0};
    std::vector<Origin> known;
    std::vector<Origin> beside;  // rows that no combination has
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::int64_t combination = combination_of(i);
      (combination < 0 ? beside : known).push_back({rows_[i], combination});
    }
    std::stable_sort(known.begin(), known.end(),
                     [](const Origin& a, const Origin& b) { return a.combination < b.combination; });
    auto next = known.begin();
    for (std::int64_t combination = 0; combination < static_cast<std::int64_t>(combinations); ++combination) {
      if (next == known.end() || next->combination != combination) origins_.push_back({kNew, combination});
      for (; next != known.end() && next->combination == combination; ++next) origins_.push_back(*next);
    }
    added_ = origins_.size() - known.size();
    origins_.insert(origins_.end(), beside.begin(), beside.end());
    return Ok{};
  }

  std::uint64_t added() const { return added_; }
  const std::vector<Origin>& origins() const { return origins_; }

  // The combined columns at the group's rows of the result.
  Result<Table> keys() const {
    Table keys(origins_.size());
    std::vector<std::uint32_t> beside;
    for (const Origin& origin : origins_) {
      if (origin.combination < 0) beside.push_back(origin.row);
    }
    std::int64_t inner = 1;  // combinations of the elements after this one
    for (const Element& element : elements_) inner *= element.count;
    for (const Element& element : elements_) {
      if (element.count > 0) inner /= element.count;
      for (std::size_t i = 0; i < element.names.size(); ++i) {
        // The rows beside all combinations have their own values, put behind the element's.
        Table above(element.values[i]->size());
        above.add("column", element.values[i]);
        Table below(beside.size());
        below.add("column", table_.find(element.names[i])->take(beside));
        SCORIA_TRY(both, table::stack(above, below));
        std::vector<std::uint32_t> rows;
        rows.reserve(origins_.size());
        auto next = static_cast<std::uint32_t>(element.count);
        for (const Origin& origin : origins_) {
          const bool is_beside = origin.combination < 0;
          rows.push_back(is_beside ? next++ : static_cast<std::uint32_t>(origin.combination / inner % element.count));
        }
        keys.add(element.names[i], both.column(0)->take(rows));
      }
    }
    return keys;
  }

 private:
  std::int64_t combination_of(std::size_t row) const {
    std::int64_t combination = 0;
    for (const Element& element : elements_) {
      if (element.positions[row] < 0) return -1;
      combination = combination * element.count + element.positions[row];
    }
    return combination;
  }

  const Table& table_;
  std::span<const std::uint32_t> rows_;
  std::vector<Element> elements_;
  std::vector<Origin> origins_;
  std::uint64_t added_ = 0;
};

Status check_columns(const Table& table, const Complete& how) {
  const auto known = [&](const std::string& name) -> Status {
    if (table.find(name) != nullptr) return Ok{};
    return Error{Code::invalid, "there is no column '" + name + "'; " + expr::suggestion(name, table.names())};
  };
  std::set<std::string> keys;
  for (const std::vector<std::string>& names : how.columns) {
    for (const std::string& name : names) {
      SCORIA_TRY_STATUS(known(name));
      if (!keys.insert(name).second) return Error{Code::invalid, "column '" + name + "' is named twice"};
    }
  }
  for (const std::string& name : how.by) {
    SCORIA_TRY_STATUS(known(name));
    if (!keys.insert(name).second) return Error{Code::invalid, "column '" + name + "' is named twice"};
  }
  for (const auto& [name, value] : how.fill) {
    SCORIA_TRY_STATUS(known(name));
    if (keys.count(name) != 0) return Error{Code::invalid, "fill." + name + ": a combined column has no value to fill"};
  }
  return Ok{};
}

}  // namespace

Result<Completed> complete(const Table& rows, const Complete& how) {
  SCORIA_TRY_STATUS(check_columns(rows, how));
  SCORIA_TRY(ordering, order_rows(rows, how.by, {}));
  std::vector<Table> parts;
  std::vector<Origin> origins;
  std::vector<std::uint32_t> first_of_group;  // by row of the result
  std::uint64_t added = 0;
  for (std::size_t group = 0; group < ordering.group_starts.size(); ++group) {
    const std::size_t begin = ordering.group_starts[group];
    const std::size_t end =
        group + 1 < ordering.group_starts.size() ? ordering.group_starts[group + 1] : ordering.rows.size();
    GroupRows expanded(rows, std::span(ordering.rows).subspan(begin, end - begin));
    SCORIA_TRY_STATUS(expanded.expand(how));
    SCORIA_TRY(keys, expanded.keys());
    parts.push_back(std::move(keys));
    origins.insert(origins.end(), expanded.origins().begin(), expanded.origins().end());
    first_of_group.resize(origins.size(), ordering.rows[begin]);
    added += expanded.added();
    if (origins.size() > kMaxCompletedRows) {
      return Error{Code::too_large, "gives more than " + std::to_string(kMaxCompletedRows) + " rows"};
    }
  }
  if (parts.empty()) return Completed{rows, 0};

  Completed completed{Table(origins.size()), added};
  for (const std::string& name : how.by) completed.rows.add(name, rows.find(name)->take(first_of_group));
  SCORIA_TRY(keys, stack_all(parts));
  for (std::size_t i = 0; i < keys.columns(); ++i) completed.rows.add(keys.names()[i], keys.column(i));
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    const std::string& name = rows.names()[i];
    if (completed.rows.find(name) != nullptr) continue;
    const auto fill =
        std::find_if(how.fill.begin(), how.fill.end(), [&](const auto& entry) { return entry.first == name; });
    auto column = column_at(rows.column(i), fill == how.fill.end() ? nullptr : &fill->second, how.is_explicit, origins);
    if (!column.ok()) return with_context("fill." + name, std::move(column).error());
    completed.rows.add(name, std::move(column).value());
  }
  return completed;
}

}  // namespace scoria::plan
