#include "model/preprocess/encoder.h"

#include <cmath>

#include "model/features.h"
#include "model/level_codes.h"
#include "model/preprocess/names.h"

namespace scoria::model::preprocess {
namespace {

struct Place {
  const std::string& column;
  std::size_t first_row;
  const std::string& class_name;
};

// Of a cell that is no category: an empty text, too, as a reader of CSV takes it.
bool is_missing(const table::Column& column, std::size_t row) {
  return column.is_null(row) || (column.type() == table::Type::real && std::isnan(column.reals()[row])) ||
         cell_text(column, row).empty();
}

Error refused(const table::Column& column, std::size_t row, const Categories& categories, const Place& place) {
  const std::string cell = is_missing(column, row) ? "the missing value" : "'" + cell_text(column, row) + "'";
  return Error{Code::invalid, "row " + std::to_string(place.first_row + row) + ", column '" + place.column +
                                  "': " + cell + " is none of the categories that " + place.class_name +
                                  " was fitted with: " + listed(categories.names())};
}

Result<std::vector<std::int32_t>> codes_of(const table::Column& column, const Categories& categories,
                                           bool refuses_unknown, bool refuses_missing, const Place& place) {
  if (column.type() == table::Type::real) {
    for (std::size_t row = 0; row < column.size(); ++row) {
      if (!std::isinf(column.reals()[row])) continue;
      return Error{Code::invalid, "row " + std::to_string(place.first_row + row) + ", column '" + place.column +
                                      "': the value is infinite, which " + place.class_name + " does not take"};
    }
  }
  std::vector<std::int32_t> codes = categories.of_column(column);
  if (!refuses_unknown && !refuses_missing) return codes;
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (codes[row] == Categories::kUnknown && (refuses_unknown || is_missing(column, row)))
      return refused(column, row, categories, place);
  }
  return codes;
}

}  // namespace

OneHot::OneHot(std::vector<OneHotColumn> columns, std::string class_name)
    : columns_(std::move(columns)), class_name_(std::move(class_name)) {
  for (const OneHotColumn& column : columns_) {
    const auto width = static_cast<std::int32_t>(column.names.size());
    SCORIA_CHECK(column.outputs.size() == column.categories.size() && column.unknown < width);
    for (const std::int32_t output : column.outputs) SCORIA_CHECK(output < width);
  }
}

std::vector<std::string> OneHot::names_out(std::span<const std::string> names) const {
  SCORIA_CHECK(names.size() == columns_.size());
  std::vector<std::string> out;
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    for (const std::string& name : columns_[j].names) out.push_back(joined_name(names[j], "_", name));
  }
  return out;
}

Result<table::Table> OneHot::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_CHECK(columns.columns() == columns_.size());
  const std::size_t rows = columns.rows();
  table::Table encoded(rows);
  const std::vector<std::string> names = names_out(columns.names());
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const OneHotColumn& column = columns_[j];
    const Place place{columns.names()[j], first_row, class_name_};
    SCORIA_TRY(codes,
               codes_of(*columns.column(j), column.categories, column.refuses_unknown, column.refuses_missing, place));
    std::vector<std::vector<double>> outputs(column.names.size());
    for (std::vector<double>& output : outputs) output.assign(rows, 0.0);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::int32_t output =
          codes[row] == Categories::kUnknown ? column.unknown : column.outputs[static_cast<std::size_t>(codes[row])];
      if (output >= 0) outputs[static_cast<std::size_t>(output)][row] = 1;
    }
    for (std::vector<double>& output : outputs) {
      encoded.add(names[encoded.columns()], table::Column::real(std::move(output)));
    }
  }
  return encoded;
}

Ordinal::Ordinal(std::vector<OrdinalColumn> columns, std::string class_name)
    : columns_(std::move(columns)), class_name_(std::move(class_name)) {
  for (const OrdinalColumn& column : columns_) SCORIA_CHECK(column.codes.size() == column.categories.size());
}

std::vector<std::string> Ordinal::names_out(std::span<const std::string> names) const {
  return {names.begin(), names.end()};
}

Result<table::Table> Ordinal::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_CHECK(columns.columns() == columns_.size());
  table::Table encoded(columns.rows());
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const OrdinalColumn& column = columns_[j];
    const Place place{columns.names()[j], first_row, class_name_};
    SCORIA_TRY(codes,
               codes_of(*columns.column(j), column.categories, column.refuses_unknown, column.refuses_missing, place));
    std::vector<double> values(codes.size());
    for (std::size_t row = 0; row < values.size(); ++row) {
      values[row] =
          codes[row] == Categories::kUnknown ? column.unknown : column.codes[static_cast<std::size_t>(codes[row])];
    }
    encoded.add(columns.names()[j], table::Column::real(std::move(values)));
  }
  return encoded;
}

}  // namespace scoria::model::preprocess
