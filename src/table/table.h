// Named columns of one length.
// Threads: value type; columns are shared and immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/column.h"

namespace scoria::table {

// A column of a Table, as long as that lives. A ColumnPtr made of it lives on.
class ColumnRef {
 public:
  explicit ColumnRef(const ColumnPtr& alone) : column_(alone.get()), alone_(&alone) {}
  ColumnRef(const ColumnBlock& block, std::size_t index) : column_(&(*block)[index]), block_(&block) {}

  const Column& operator*() const { return *column_; }
  const Column* operator->() const { return column_; }
  operator ColumnPtr() const { return alone_ != nullptr ? *alone_ : ColumnPtr(*block_, column_); }

 private:
  const Column* column_;
  const ColumnPtr* alone_ = nullptr;
  const ColumnBlock* block_ = nullptr;
};

class Table {
 public:
  Table() = default;
  // A table without columns but with a number of rows, for add().
  explicit Table(std::size_t rows) : rows_(rows) {}
  // Columns under names that many tables share. Precondition: as many as columns, each of `rows` rows.
  using Names = std::shared_ptr<const std::vector<std::string>>;
  Table(std::size_t rows, Names names, std::vector<ColumnPtr> columns);
  Table(std::size_t rows, Names names, ColumnBlock columns);

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return block_ != nullptr ? block_->size() : columns_.size(); }
  const std::vector<std::string>& names() const { return shared_names_ != nullptr ? *shared_names_ : own_names_; }
  ColumnRef column(std::size_t index) const {
    SCORIA_CHECK(index < columns());
    return block_ != nullptr ? ColumnRef(block_, index) : ColumnRef(columns_[index]);
  }
  // nullptr when there is no column of that name; the first one when there are several.
  ColumnPtr find(std::string_view name) const;
  std::optional<std::size_t> position(std::string_view name) const;

  // Room for so many columns, where it is known.
  void reserve(std::size_t columns);
  // Precondition: column->size() == rows(). The first column added to an empty Table() sets rows().
  void add(std::string name, ColumnPtr column);

  Table take(std::span<const std::uint32_t> rows) const;
  Table slice(std::size_t begin, std::size_t count) const;

 private:
  std::size_t rows_ = 0;
  Names shared_names_;  // null: they are own_names_
  std::vector<std::string> own_names_;
  ColumnBlock block_;  // null: they are columns_
  std::vector<ColumnPtr> columns_;
};

// `below` under `above`: columns are matched by name, a column that one side lacks is null there, columns of `above` come
// first. integer meets double as double; logical meets a number as that number; factors join levels; text and factor meet
// as text; a column of nulls only takes the type of the other side.
// Errors: invalid, when one column is text (or factor) on one side and a number or logical on the other, naming it; when a
// table has a name twice.
Result<Table> stack(const Table& above, const Table& below);

}  // namespace scoria::table
