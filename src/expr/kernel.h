// What every function of expressions is made of: typed argument columns in, one column out.
// Threads: kernels are pure functions. Ownership: the result owns its values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "table/column.h"

namespace scoria::expr {

struct Call {
  std::span<const table::ColumnPtr> args;  // nullptr: an optional argument that was not given
  std::size_t size = 0;                    // rows of the result; every argument has 1 row (recycled) or this many
  table::Type type = table::Type::real;    // of the result, as the type rule said
  bool na_rm = false;
  // Of group functions and aggregates: the first row of every group, ascending from 0.
  std::span<const std::uint32_t> starts{};

  std::size_t group_end(std::size_t group) const { return group + 1 < starts.size() ? starts[group + 1] : size; }
};

using Kernel = Result<table::ColumnPtr> (*)(const Call& call);

// The result's type. Types of arguments that were not given are left out at the end of the list.
using TypeRule = Result<table::Type> (*)(std::span<const table::Type> args);

// One argument as a plain array; step 0 recycles its only value.
template <typename T>
struct Input {
  const T* data;
  std::size_t step;
  T operator[](std::size_t row) const { return data[row * step]; }
};
template <typename T>
Input<T> input(std::span<const T> values) {
  return {values.data(), values.size() == 1 ? 0u : 1u};
}

// The row of an argument that row `row` of the result is made of.
inline std::size_t row_in(const table::Column& column, std::size_t row) { return column.size() == 1 ? 0 : row; }

// Calls f(row) for every null of a column, recycled to `size` rows.
template <typename F>
void for_each_null(const table::Column& column, std::size_t size, F f) {
  if (column.validity().all_valid()) return;
  if (column.size() == 1 && size != 1) {
    if (column.is_null(0))
      for (std::size_t row = 0; row < size; ++row) f(row);
    return;
  }
  const std::span<const std::uint64_t> words = column.validity().words();
  for (std::size_t word = 0; word * 64 < size; ++word) {
    std::uint64_t nulls = ~words[word];
    while (nulls != 0) {
      const std::size_t row = word * 64 + static_cast<std::size_t>(__builtin_ctzll(nulls));
      if (row >= size) return;
      f(row);
      nulls &= nulls - 1;
    }
  }
}

// Null where any argument is null: the rule of nearly every elementwise function.
inline table::Validity any_null(std::span<const table::ColumnPtr> args, std::size_t size) {
  table::Validity validity;
  for (const table::ColumnPtr& arg : args) {
    if (!arg) continue;
    for_each_null(*arg, size, [&](std::size_t row) {
      if (validity.all_valid()) validity = table::Validity(size);
      validity.set_null(row);
    });
  }
  return validity;
}

// Nulls collected row by row; costs nothing until the first one.
class NullRows {
 public:
  explicit NullRows(std::size_t size) : size_(size) {}
  void add(std::size_t row) {
    if (validity_.all_valid()) validity_ = table::Validity(size_);
    validity_.set_null(row);
  }
  table::Validity take() { return std::move(validity_); }

 private:
  std::size_t size_;
  table::Validity validity_;
};

// Text rows appended one after the other, without an allocation per row.
class TextRows {
 public:
  explicit TextRows(std::size_t size) : nulls_(size) { offsets_.reserve(size + 1); }
  void add(std::string_view text) {
    bytes_ += text;
    offsets_.push_back(static_cast<std::int64_t>(bytes_.size()));
  }
  void add_null() {
    nulls_.add(offsets_.size() - 1);
    offsets_.push_back(static_cast<std::int64_t>(bytes_.size()));
  }
  table::ColumnPtr finish() { return table::Column::text(std::move(offsets_), std::move(bytes_), nulls_.take()); }

 private:
  std::vector<std::int64_t> offsets_{0};
  std::string bytes_;
  NullRows nulls_;
};

}  // namespace scoria::expr
