#include "plan/join.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "expr/message.h"
#include "plan/row_keys.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Table;
using table::Type;

bool is_text(const Column& column) { return column.type() == Type::text || column.type() == Type::factor; }

bool is_all_null(const Column& column) { return column.validity().null_count(column.size()) == column.size(); }

Result<ColumnPtr> key_column(const Table& table, const std::string& name, const std::string& whose) {
  const ColumnPtr column = table.find(name);
  if (column != nullptr) return column;
  return Error{Code::invalid, whose + " no column '" + name + "' to join by; " + expr::suggestion(name, table.names())};
}

Status check_keys(const Table& rows, const Table& second, const Join& join) {
  for (const auto& [left, right] : join.by) {
    SCORIA_TRY(first_key, key_column(rows, left, "the rows have"));
    SCORIA_TRY(second_key, key_column(second, right, "input '" + join.input + "' has"));
    // A column of nothing but NA is of any type, as in dplyr.
    if (is_text(*first_key) == is_text(*second_key) || is_all_null(*first_key) || is_all_null(*second_key)) continue;
    return Error{Code::invalid, "cannot match '" + left + "', which is " +
                                    std::string(table::type_name(first_key->type())) + ", with '" + right +
                                    "' of input '" + join.input + "', which is " +
                                    std::string(table::type_name(second_key->type())) +
                                    "; give the type that both shall have in the plan's 'types'"};
  }
  return Ok{};
}

// New name -> column of the second table, the keys left out.
NamedList<std::string> taken(const Table& second, const Join& join) {
  if (!join.take.empty()) return join.take;
  NamedList<std::string> all;
  for (const std::string& name : second.names()) {
    const bool is_key =
        std::any_of(join.by.begin(), join.by.end(), [&](const auto& key) { return key.second == name; });
    if (!is_key) all.emplace_back(name, name);
  }
  return all;
}

}  // namespace

Result<Joined> left_join(const Table& rows, const Table& second, const Join& join) {
  SCORIA_TRY_STATUS(check_keys(rows, second, join));
  if (second.rows() >= std::numeric_limits<std::int32_t>::max()) {
    return Error{Code::too_large,
                 "input '" + join.input + "' has " + std::to_string(second.rows()) + " rows, more than 2^31"};
  }
  std::vector<std::string> left;
  std::vector<std::string> right;
  for (const auto& [first_name, second_name] : join.by) {
    left.push_back(first_name);
    right.push_back(second_name);
  }
  const RowKeys second_keys(second, right);
  std::unordered_map<std::string, std::uint32_t> row_of;
  row_of.reserve(second.rows());
  for (std::uint32_t row = 0; row < second.rows(); ++row) {
    if (!join.na_matches && second_keys.has_missing(row)) continue;
    const auto [entry, is_new] = row_of.emplace(second_keys.key(row), row);
    if (is_new) continue;
    return Error{Code::invalid, "input '" + join.input + "' has " + second_keys.text(row) + " in row " +
                                    std::to_string(entry->second + 1) + " and again in row " + std::to_string(row + 1) +
                                    "; a join needs one row for each key"};
  }

  const RowKeys keys(rows, left);
  const auto none = static_cast<std::uint32_t>(second.rows());
  std::vector<std::uint32_t> found(rows.rows(), none);
  Joined joined{rows, 0};
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (join.na_matches || !keys.has_missing(row)) {
      if (const auto entry = row_of.find(keys.key(row)); entry != row_of.end()) found[row] = entry->second;
    }
    joined.unmatched += found[row] == none ? 1 : 0;
  }
  for (const auto& [name, from] : taken(second, join)) {
    const ColumnPtr column = second.find(from);
    if (column == nullptr) {
      return Error{Code::invalid, "input '" + join.input + "' has no column '" + from + "'; " +
                                      expr::suggestion(from, second.names())};
    }
    if (joined.rows.find(name) != nullptr) {
      return Error{Code::invalid, "the rows have a column '" + name + "' already, and so has input '" + join.input +
                                      "'; name what to take and how to call it: columns: {new_name: " + from + "}"};
    }
    joined.rows.add(name, with_null_row(column)->take(found));
  }
  return joined;
}

}  // namespace scoria::plan
