// A column with what is needed of it at hand, so that reading a cell checks nothing again.
// Threads: a plain value. Borrows: the column.
#pragma once

#include <cstdint>
#include <span>

#include "table/column.h"

namespace scoria::table {

struct ColumnView {
  explicit ColumnView(const Column& source)
      : column(&source), type(source.type()), has_nulls(!source.validity().all_valid()) {
    switch (type) {
      case Type::logical: logicals = source.logicals(); break;
      case Type::integer: integers = source.integers(); break;
      case Type::real: reals = source.reals(); break;
      case Type::factor: integers = source.codes(); break;
      case Type::text: break;
    }
  }

  bool is_null(std::size_t row) const { return has_nulls && column->is_null(row); }
  // Text and factor columns only.
  std::string_view text_at(std::size_t row) const {
    return type == Type::text ? column->text_at(row) : column->levels()[static_cast<std::size_t>(integers[row])];
  }

  const Column* column;
  Type type;
  bool has_nulls;
  std::span<const double> reals;
  std::span<const std::int32_t> integers;  // or codes
  std::span<const std::uint8_t> logicals;
};

}  // namespace scoria::table
