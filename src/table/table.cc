#include "table/table.h"

#include <algorithm>
#include <utility>

namespace scoria::table {

std::optional<std::size_t> Table::position(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

ColumnPtr Table::find(std::string_view name) const {
  const auto index = position(name);
  return index ? columns_[*index] : nullptr;
}

void Table::reserve(std::size_t columns) {
  names_.reserve(columns);
  columns_.reserve(columns);
}

void Table::add(std::string name, ColumnPtr column) {
  SCORIA_CHECK(column != nullptr);
  if (columns_.empty() && rows_ == 0) rows_ = column->size();
  SCORIA_CHECK(column->size() == rows_);
  names_.push_back(std::move(name));
  columns_.push_back(std::move(column));
}

Table Table::take(std::span<const std::uint32_t> rows) const {
  for (const std::uint32_t row : rows) SCORIA_CHECK(row < rows_);
  Table out(rows.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) out.add(names_[i], columns_[i]->take(rows));
  return out;
}

Table Table::slice(std::size_t begin, std::size_t count) const {
  SCORIA_CHECK(begin <= rows_ && count <= rows_ - begin);
  Table out(count);
  for (std::size_t i = 0; i < columns_.size(); ++i) out.add(names_[i], columns_[i]->slice(begin, count));
  return out;
}

}  // namespace scoria::table
