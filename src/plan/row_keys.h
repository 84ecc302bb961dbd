// What a row holds in some columns, as bytes that are equal when the values are.
// Threads: immutable. Borrows: the table's columns by shared ownership.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "table/table.h"

namespace scoria::plan {

class RowKeys {
 public:
  // Precondition: the table has each column.
  RowKeys(const table::Table& table, std::vector<std::string> names);

  // Numbers of any type are one kind, text and factors another; NA and NaN are values of their own, 0 and -0 the same one.
  std::string key(std::size_t row) const;
  bool has_missing(std::size_t row) const;  // NA or NaN in one of them
  // "sku 8, store NA": for messages.
  std::string text(std::size_t row) const;

 private:
  std::vector<std::string> names_;
  std::vector<table::ColumnPtr> columns_;
};

// NA, or NaN of a double: what R's is.na() tells.
bool is_missing(const table::Column& column, std::size_t row);

// The column with a null after its rows; take() of that row gives a missing value.
table::ColumnPtr with_null_row(const table::ColumnPtr& column);

}  // namespace scoria::plan
