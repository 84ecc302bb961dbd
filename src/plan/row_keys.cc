#include "plan/row_keys.h"

#include <cmath>
#include <cstring>

#include "expr/scalar.h"

namespace scoria::plan {

using table::Column;
using table::ColumnPtr;
using table::Type;

RowKeys::RowKeys(const table::Table& table, std::vector<std::string> names) : names_(std::move(names)) {
  for (const std::string& name : names_) {
    columns_.push_back(table.find(name));
    SCORIA_CHECK(columns_.back() != nullptr);
  }
}

std::string RowKeys::key(std::size_t row) const {
  std::string key;
  for (const ColumnPtr& column : columns_) {
    if (column->is_null(row)) {
      key += 'N';
      continue;
    }
    double number = 0;
    switch (column->type()) {
      case Type::logical: number = column->logicals()[row]; break;
      case Type::integer: number = column->integers()[row]; break;
      case Type::real: number = column->reals()[row]; break;
      case Type::text:
      case Type::factor: {
        const std::string_view text = column->type() == Type::text
                                          ? column->text_at(row)
                                          : column->levels()[static_cast<std::size_t>(column->codes()[row])];
        const std::uint64_t size = text.size();
        key += 'T';
        key.append(reinterpret_cast<const char*>(&size), sizeof size);
        key += text;
        continue;
      }
    }
    if (std::isnan(number)) {
      key += 'n';
      continue;
    }
    if (number == 0) number = 0;  // of both signs
    key += 'd';
    key.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  return key;
}

bool RowKeys::has_missing(std::size_t row) const {
  for (const ColumnPtr& column : columns_) {
    if (is_missing(*column, row)) return true;
  }
  return false;
}

std::string RowKeys::text(std::size_t row) const {
  std::string text;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    text += (i == 0 ? "" : ", ") + names_[i] + " " + expr::Scalar::from(*columns_[i], row).text();
  }
  return text;
}

bool is_missing(const Column& column, std::size_t row) {
  return column.is_null(row) || (column.type() == Type::real && std::isnan(column.reals()[row]));
}

ColumnPtr with_null_row(const ColumnPtr& column) {
  table::Table above(column->size());
  above.add("column", column);
  auto stacked = table::stack(above, table::Table(1));
  SCORIA_CHECK(stacked.ok());
  return stacked.value().column(0);
}

}  // namespace scoria::plan
