#include "table/table.h"

#include <algorithm>
#include <utility>

namespace scoria::table {

Table::Table(std::size_t rows, Names names, std::vector<ColumnPtr> columns)
    : rows_(rows), shared_names_(std::move(names)), columns_(std::move(columns)) {
  SCORIA_CHECK(shared_names_ != nullptr && shared_names_->size() == columns_.size());
  for (const ColumnPtr& column : columns_) SCORIA_CHECK(column != nullptr && column->size() == rows_);
}

Table::Table(std::size_t rows, Names names, ColumnBlock columns)
    : rows_(rows), shared_names_(std::move(names)), block_(std::move(columns)) {
  SCORIA_CHECK(block_ != nullptr && shared_names_ != nullptr && shared_names_->size() == block_->size());
  for (const Column& column : *block_) SCORIA_CHECK(column.size() == rows_);
}

std::optional<std::size_t> Table::position(std::string_view name) const {
  const auto found = std::find(names().begin(), names().end(), name);
  if (found == names().end()) return std::nullopt;
  return static_cast<std::size_t>(found - names().begin());
}

ColumnPtr Table::find(std::string_view name) const {
  const auto index = position(name);
  return index ? ColumnPtr(column(*index)) : nullptr;
}

void Table::reserve(std::size_t columns) {
  own_names_.reserve(columns);
  columns_.reserve(columns);
}

void Table::add(std::string name, ColumnPtr column) {
  SCORIA_CHECK(column != nullptr);
  if (block_ != nullptr) {
    for (std::size_t i = 0; i < block_->size(); ++i) columns_.push_back(this->column(i));
    block_ = nullptr;
  }
  if (columns_.empty() && rows_ == 0) rows_ = column->size();
  SCORIA_CHECK(column->size() == rows_);
  if (shared_names_ != nullptr) own_names_ = *std::exchange(shared_names_, nullptr);
  own_names_.push_back(std::move(name));
  columns_.push_back(std::move(column));
}

Table Table::take(std::span<const std::uint32_t> rows) const {
  for (const std::uint32_t row : rows) SCORIA_CHECK(row < rows_);
  Table out(rows.size());
  for (std::size_t i = 0; i < columns(); ++i) out.add(names()[i], column(i)->take(rows));
  return out;
}

Table Table::slice(std::size_t begin, std::size_t count) const {
  SCORIA_CHECK(begin <= rows_ && count <= rows_ - begin);
  Table out(count);
  for (std::size_t i = 0; i < columns(); ++i) out.add(names()[i], column(i)->slice(begin, count));
  return out;
}

}  // namespace scoria::table
