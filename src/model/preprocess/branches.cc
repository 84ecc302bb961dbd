#include "model/preprocess/branches.h"

#include "base/na.h"
#include "model/features.h"
#include "model/preprocess/names.h"

namespace scoria::model::preprocess {

using table::Column;
using table::ColumnPtr;
using table::Type;

namespace {

ColumnPtr truths_as_numbers(const Column& column) {
  std::vector<double> values(column.size(), na_real());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!column.is_null(row)) values[row] = column.logicals()[row];
  }
  return Column::real(std::move(values));
}

Result<ColumnPtr> weighted(const Column& column, const std::string& name, double weight, std::size_t first_row) {
  SCORIA_TRY_STATUS(require_numbers(column, name, first_row));
  std::vector<double> values(column.size(), na_real());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (column.is_null(row)) continue;
    switch (column.type()) {
      case Type::real: values[row] = column.reals()[row] * weight; break;
      case Type::integer: values[row] = column.integers()[row] * weight; break;
      case Type::logical: values[row] = column.logicals()[row] * weight; break;
      default: break;  // a text without a value
    }
  }
  return Column::real(std::move(values));
}

// numpy has one type for all columns: texts make it that of Python objects, which stay what they are.
table::Table as_one_array(const table::Table& joined) {
  bool has_numbers = false;
  bool has_texts = false;
  for (std::size_t j = 0; j < joined.columns(); ++j) {
    const Type type = joined.column(j)->type();
    has_numbers = has_numbers || type == Type::real || type == Type::integer;
    has_texts = has_texts || type == Type::text || type == Type::factor;
  }
  if (!has_numbers || has_texts) return joined;
  table::Table out(joined.rows());
  for (std::size_t j = 0; j < joined.columns(); ++j) {
    const ColumnPtr& column = joined.column(j);
    out.add(joined.names()[j], column->type() == Type::logical ? truths_as_numbers(*column) : column);
  }
  return out;
}

}  // namespace

Branches::Branches(std::vector<Branch> branches, std::size_t count) : branches_(std::move(branches)), count_(count) {
  for (const Branch& branch : branches_) {
    for (const std::size_t position : branch.columns) SCORIA_CHECK(position < count_);
  }
}

std::vector<std::string> Branches::names_out(std::span<const std::string> names) const {
  SCORIA_CHECK(names.size() == count_);
  std::vector<std::string> out;
  for (const Branch& branch : branches_) {
    std::vector<std::string> made;
    for (const std::size_t position : branch.columns) made.push_back(names[position]);
    if (branch.transformer != nullptr) made = branch.transformer->names_out(made);
    for (const std::string& name : made) {
      out.push_back(branch.prefix.empty() ? name : joined_name(branch.prefix, "__", name));
    }
  }
  return out;
}

Result<table::Table> Branches::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_CHECK(columns.columns() == count_);
  table::Table out(columns.rows());
  for (const Branch& branch : branches_) {
    table::Table part(columns.rows());
    for (const std::size_t position : branch.columns) part.add(columns.names()[position], columns.column(position));
    if (branch.transformer != nullptr) {
      SCORIA_TRY(made, branch.transformer->transform(part, first_row));
      part = std::move(made);
    }
    for (std::size_t j = 0; j < part.columns(); ++j) {
      const std::string& name = part.names()[j];
      ColumnPtr column = part.column(j);
      if (branch.weight != 1) {
        SCORIA_TRY(multiplied, weighted(*column, name, branch.weight, first_row));
        column = std::move(multiplied);
      }
      out.add(branch.prefix.empty() ? name : joined_name(branch.prefix, "__", name), std::move(column));
    }
  }
  return as_one_array(out);
}

}  // namespace scoria::model::preprocess
