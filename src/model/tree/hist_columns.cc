#include "model/tree/hist_columns.h"

#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/na.h"
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
  std::vector<double> result(rows, na_real());
  for (std::size_t row = 0; row < rows; ++row) {
    const double x = values[row];
    std::uint32_t code = kUnknown;
    if (categories.by == By::number) {
      if (const auto found = by_number.find(x); found != by_number.end()) code = found->second;
    } else if (!std::isnan(x) && (x >= 0 || categories.by == By::signed_code)) {
      code = lowest_bits(x);
      if (!is_code(x)) ++odd;
    }
    if (code < categories.levels) result[row] = code;
  }
  return result;
}

// Positions among texts; a note counts cells whose text the model has not seen.
std::vector<double> HistColumns::positions(const table::Column& cells, const Categories& categories,
                                           const std::string& name, std::vector<std::string>& notes) const {
  const std::vector<std::int32_t> found = LevelCodes(categories.texts).of_column(cells);
  std::vector<double> result(found.size(), na_real());
  std::size_t unknown = 0;
  for (std::size_t row = 0; row < result.size(); ++row) {
    if (found[row] >= 0 && static_cast<std::uint32_t>(found[row]) < categories.levels) result[row] = found[row];
    if (found[row] < 0 && !cells.is_null(row)) ++unknown;
  }
  if (unknown > 0) {
    notes.push_back(count_of(unknown, name) +
                    " with a category that the model has not seen: taken as missing, as in scikit-learn");
  }
  return result;
}

Result<FeatureMatrix> HistColumns::matrix(const table::Table& columns, std::size_t first_row) const {
  using By = Categories::By;
  table::Table numeric(columns.rows());
  for (std::size_t j = 0; j < columns.columns(); ++j) {
    if (categories_[j].by != By::text) numeric.add(columns.names()[j], columns.column(j));
  }
  SCORIA_TRY(x, pipeline::to_numbers(numeric, {.missing = takes_missing_, .infinite = takes_missing_}, class_name_,
                                     first_row));
  FeatureMatrix matrix;
  matrix.rows = columns.rows();
  matrix.converted = std::move(x.converted);  // its vectors stay where they are
  matrix.notes = std::move(x.notes);
  std::size_t number = 0;  // of the column among `numeric`
  for (std::size_t j = 0; j < columns.columns(); ++j) {
    const Categories& categories = categories_[j];
    const std::string& name = columns.names()[j];
    if (categories.by == By::text) {
      matrix.converted.push_back(positions(*columns.column(j), categories, name, matrix.notes));
      matrix.columns.push_back(matrix.converted.back().data());
      continue;
    }
    const double* values = x.columns[number++];
    if (categories.by != By::none) {
      std::size_t odd = 0;
      matrix.converted.push_back(codes(values, matrix.rows, categories, odd));
      values = matrix.converted.back().data();
      if (odd > 0) {
        matrix.notes.push_back(
            count_of(odd, name) +
            " with other categories than 0 to 255: taken by their lowest eight bits, as scikit-learn " + version_ +
            " takes them on x86-64");
      }
    }
    matrix.columns.push_back(values);
  }
  return matrix;
}

}  // namespace scoria::model::tree
