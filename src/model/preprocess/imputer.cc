#include "model/preprocess/imputer.h"

#include <algorithm>

#include "base/na.h"
#include "model/features.h"
#include "model/level_codes.h"
#include "model/preprocess/names.h"
#include "pickle/text.h"

namespace scoria::model::preprocess {

using table::Column;
using table::ColumnPtr;
using table::Type;

namespace {

std::vector<double> to_doubles(const Column& column) {
  std::vector<double> values(column.size(), na_real());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (column.is_null(row)) continue;
    switch (column.type()) {
      case Type::real: values[row] = column.reals()[row]; break;
      case Type::integer: values[row] = column.integers()[row]; break;
      case Type::logical: values[row] = column.logicals()[row]; break;
      default: break;  // a text without a value: the caller let nothing else pass
    }
  }
  return values;
}

ColumnPtr filled_numbers(const Column& column, double number, const std::vector<std::uint8_t>& marked) {
  std::vector<double> values = to_doubles(column);
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (marked[row] != 0) values[row] = number;
  }
  return Column::real(std::move(values));
}

ColumnPtr filled_truths(const Column& column, double truth, const std::vector<std::uint8_t>& marked) {
  std::vector<std::uint8_t> values(column.logicals().begin(), column.logicals().end());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (marked[row] != 0) values[row] = truth != 0 ? 1 : 0;
  }
  return Column::logical(std::move(values));
}

ColumnPtr filled_texts(const Column& column, const std::string& text, const std::vector<std::uint8_t>& marked) {
  std::vector<std::int64_t> offsets{0};
  offsets.reserve(column.size() + 1);
  std::string bytes;
  table::Validity validity(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (marked[row] != 0) {
      bytes += text;
    } else if (column.is_null(row)) {
      validity.set_null(row);
    } else if (column.type() == Type::text) {
      bytes += column.text_at(row);
    } else {
      bytes += cell_text(column, row);
    }
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  return Column::text(std::move(offsets), std::move(bytes), std::move(validity));
}

bool has_none(const std::vector<std::uint8_t>& marked) {
  return std::find(marked.begin(), marked.end(), std::uint8_t{1}) == marked.end();
}

}  // namespace

Imputer::Imputer(MissingMark mark, std::vector<Fill> fills, Options options, std::string class_name)
    : mark_(std::move(mark)),
      fills_(std::move(fills)),
      options_(std::move(options)),
      class_name_(std::move(class_name)) {
  for (const std::size_t shown : options_.indicated) SCORIA_CHECK(shown < fills_.size());
}

std::vector<std::string> Imputer::names_out(std::span<const std::string> names) const {
  SCORIA_CHECK(names.size() == fills_.size());
  std::vector<std::string> out;
  for (std::size_t j = 0; j < fills_.size(); ++j) {
    if (fills_[j].kind != Fill::Kind::dropped) out.push_back(names[j]);
  }
  for (const std::size_t shown : options_.indicated) out.push_back(joined_name("missingindicator_", names[shown]));
  return out;
}

Result<ColumnPtr> Imputer::filled(const ColumnPtr& column, const std::string& name, const Fill& fill,
                                  const std::vector<std::uint8_t>& marked, std::size_t first_row) const {
  const bool is_text = holds_texts(*column);
  if (is_text && !options_.takes_objects) SCORIA_TRY_STATUS(require_numbers(*column, name, first_row));
  if (has_none(marked) && (!is_text || options_.takes_objects)) {
    const bool stays = column->type() != Type::logical || options_.takes_objects;
    return stays ? column : Column::real(to_doubles(*column));
  }
  if (fill.kind == Fill::Kind::text) return filled_texts(*column, fill.text, marked);
  if (fill.kind == Fill::Kind::truth && column->type() == Type::logical) {
    return filled_truths(*column, fill.number, marked);
  }
  if (is_text && options_.takes_objects) {
    const bool is_truth = fill.kind == Fill::Kind::truth;
    return filled_texts(*column, is_truth ? (fill.number != 0 ? "True" : "False") : pickle::number_text(fill.number),
                        marked);
  }
  return filled_numbers(*column, fill.number, marked);
}

Result<table::Table> Imputer::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_CHECK(columns.columns() == fills_.size());
  table::Table out(columns.rows());
  std::vector<std::vector<std::uint8_t>> marked;
  for (std::size_t j = 0; j < fills_.size(); ++j) {
    const ColumnPtr& column = columns.column(j);
    const std::string& name = columns.names()[j];
    SCORIA_TRY_STATUS(mark_.check(*column, name, options_.takes_infinite, first_row, class_name_));
    marked.push_back(mark_.rows(*column));
    if (fills_[j].kind == Fill::Kind::dropped) continue;
    SCORIA_TRY(made, filled(column, name, fills_[j], marked[j], first_row));
    out.add(name, std::move(made));
  }
  for (const std::size_t shown : options_.indicated) {
    // Beside Python objects truth values stay what they are.
    out.add(joined_name("missingindicator_", columns.names()[shown]),
            options_.takes_objects ? Column::logical(marked[shown])
                                   : Column::real({marked[shown].begin(), marked[shown].end()}));
  }
  return out;
}

MissingIndicator::MissingIndicator(MissingMark mark, std::size_t count, std::vector<std::size_t> shown, bool only_these)
    : mark_(std::move(mark)), count_(count), shown_(std::move(shown)), only_these_(only_these) {
  for (const std::size_t j : shown_) SCORIA_CHECK(j < count_);
}

std::vector<std::string> MissingIndicator::names_out(std::span<const std::string> names) const {
  SCORIA_CHECK(names.size() == count_);
  std::vector<std::string> out;
  for (const std::size_t j : shown_) out.push_back(joined_name("missingindicator_", names[j]));
  return out;
}

Result<table::Table> MissingIndicator::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_CHECK(columns.columns() == count_);
  std::vector<std::vector<std::uint8_t>> marked;
  std::vector<bool> is_shown(count_, false);
  for (const std::size_t j : shown_) is_shown[j] = true;
  for (std::size_t j = 0; j < count_; ++j) {
    const std::string& name = columns.names()[j];
    SCORIA_TRY_STATUS(mark_.check(*columns.column(j), name, false, first_row, "MissingIndicator"));
    marked.push_back(mark_.rows(*columns.column(j)));
    if (is_shown[j] || !only_these_ || has_none(marked[j])) continue;
    const auto at = std::find(marked[j].begin(), marked[j].end(), std::uint8_t{1}) - marked[j].begin();
    return Error{Code::invalid,
                 "row " + std::to_string(first_row + static_cast<std::size_t>(at)) + ", column '" + name +
                     "': the value is missing, and MissingIndicator (error_on_new) was fitted where this "
                     "column was complete"};
  }
  table::Table out(columns.rows());
  for (const std::size_t j : shown_)
    out.add(joined_name("missingindicator_", columns.names()[j]), Column::logical(marked[j]));
  return out;
}

}  // namespace scoria::model::preprocess
