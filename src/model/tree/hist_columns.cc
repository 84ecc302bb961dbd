#include "model/tree/hist_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "model/level_codes.h"
#include "model/pipeline/numbers.h"

namespace scoria::model::tree {
namespace {

constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

// What C makes of a double that is cast to eight bits, on x86-64: the lowest bits of a 32-bit number, 0 where that overflows.
std::uint32_t lowest_bits(double x) {
  if (!(std::fabs(x) < 2147483648.0)) return 0;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(x)) & 0xFFu;
}

bool is_code(double x) { return x >= 0 && x < 256 && x == std::trunc(x); }

std::string count_of(std::size_t count, const std::string& column) {
  return "column '" + column + "': " + std::to_string(count) + (count == 1 ? " cell" : " cells");
}

}  // namespace

// `odd` counts numbers that are no code, where scikit-learn does not say what they are.
std::vector<double> HistColumns::codes(const double* values, std::size_t rows, const Categories& categories,
                                       std::size_t& odd) const {
  using By = Categories::By;
  std::unordered_map<double, std::uint32_t> by_number;
  for (std::size_t i = 0; i < categories.numbers.size(); ++i) {
    by_number.emplace(categories.numbers[i], static_cast<std::uint32_t>(i));
  }
  const std::uint32_t missing = categories.levels - 1;
  std::vector<double> result(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const double x = values[row];
    std::uint32_t code = kUnknown;
    if (categories.by == By::number) {
      if (const auto found = by_number.find(x); found != by_number.end()) code = found->second;
    } else if (!std::isnan(x) && (x >= 0 || categories.by == By::signed_code)) {
      code = lowest_bits(x);
      if (!is_code(x)) ++odd;
    }
    result[row] = std::min(code, missing);
  }
  return result;
}

Result<FeatureMatrix> HistColumns::matrix(const table::Table& columns, std::size_t first_row) const {
  using By = Categories::By;
  using Form = HistColumn::Form;
  // scikit-learn checks every column, also those that no tree splits on.
  table::Table numeric(columns.rows());
  std::vector<std::size_t> numeric_position(columns.columns());
  for (std::size_t j = 0; j < columns.columns(); ++j) {
    if (categories_[j].by == By::text) continue;
    numeric_position[j] = numeric.columns();
    numeric.add(columns.names()[j], columns.column(j));
  }
  SCORIA_TRY(x, pipeline::to_numbers(numeric, {.missing = takes_missing_, .infinite = takes_missing_}, class_name_,
                                     first_row));
  FeatureMatrix matrix;
  matrix.rows = columns.rows();
  matrix.converted = std::move(x.converted);  // its vectors stay where they are
  matrix.notes = std::move(x.notes);
  for (const HistColumn& column : columns_) {
    const Categories& categories = categories_[column.feature];
    const std::string& name = columns.names()[column.feature];
    if (categories.by == By::text) {
      const LevelCodes levels(categories.texts);
      const table::Column& cells = *columns.column(column.feature);
      const std::vector<std::int32_t> positions = levels.of_column(cells);
      std::vector<double> codes(positions.size(), categories.levels - 1);
      std::size_t unknown = 0;
      for (std::size_t row = 0; row < codes.size(); ++row) {
        if (positions[row] >= 0) codes[row] = std::min<double>(positions[row], categories.levels - 1);
        if (positions[row] < 0 && !cells.is_null(row)) ++unknown;
      }
      if (unknown > 0) {
        matrix.notes.push_back(count_of(unknown, name) +
                               " with a category that the model has not seen: taken as missing, as in scikit-learn");
      }
      matrix.columns.push_back(matrix.converted.emplace_back(std::move(codes)).data());
      continue;
    }
    const double* values = x.columns[numeric_position[column.feature]];
    if (column.form == Form::category) {
      std::size_t odd = 0;
      matrix.columns.push_back(matrix.converted.emplace_back(codes(values, matrix.rows, categories, odd)).data());
      if (odd > 0) {
        matrix.notes.push_back(
            count_of(odd, name) +
            " with other categories than 0 to 255: taken by their lowest eight bits, as scikit-learn " + version_ +
            " takes them on x86-64");
      }
      continue;
    }
    const bool needs_copy = column.form == Form::missing_left &&
                            std::any_of(values, values + matrix.rows, [](double v) { return std::isnan(v); });
    if (needs_copy) {
      std::vector<double> lowered(values, values + matrix.rows);
      for (double& value : lowered) {
        if (std::isnan(value)) value = -std::numeric_limits<double>::infinity();
      }
      values = matrix.converted.emplace_back(std::move(lowered)).data();
    }
    matrix.columns.push_back(values);
  }
  return matrix;
}

}  // namespace scoria::model::tree
