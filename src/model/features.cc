#include "model/features.h"

#include <charconv>
#include <unordered_map>

#include "base/na.h"

namespace scoria::model {
namespace {

using table::Column;
using table::Type;
using LevelIndex = std::unordered_map<std::string_view, std::int32_t>;

Error wrong_cell(const Feature& feature, std::size_t row, std::string_view cell, const std::string& allowed) {
  return Error{Code::invalid, "row " + std::to_string(row) + ", column '" + feature.name + "': '" + std::string(cell) +
                                  "' " + allowed};
}

LevelIndex index_levels(std::span<const std::string> levels) {
  LevelIndex index;
  for (std::size_t i = 0; i < levels.size(); ++i) index.emplace(levels[i], static_cast<std::int32_t>(i));
  return index;
}

std::string number_text(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

// A cell of any type as the text that a level would have; empty optional handled by the caller through is_null.
std::string cell_text(const Column& column, std::size_t row) {
  switch (column.type()) {
    case Type::text: return std::string(column.text_at(row));
    case Type::factor: return column.levels()[static_cast<std::size_t>(column.codes()[row])];
    case Type::integer: return std::to_string(column.integers()[row]);
    case Type::logical: return column.logicals()[row] != 0 ? "TRUE" : "FALSE";
    case Type::real: return number_text(column.reals()[row]);
  }
  throw_bug(__FILE__, __LINE__, "a known Type");
}

Result<std::vector<double>> level_codes(const Column& column, const Feature& feature, UnseenLevel unseen,
                                        std::size_t first_row, std::vector<std::string>& notes) {
  const LevelIndex index = index_levels(feature.levels);
  std::vector<double> codes(column.size());
  std::vector<double> by_code;  // a factor column's own codes -> ours; NaN = not a level
  if (column.type() == Type::factor) {
    for (const std::string& level : column.levels()) {
      const auto found = index.find(level);
      by_code.push_back(found == index.end() ? std::nan("") : found->second);
    }
  }
  std::size_t unseen_count = 0;
  std::string first_unseen;
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (column.is_null(row)) {
      codes[row] = na_real();
      continue;
    }
    double code = std::nan("");
    if (column.type() == Type::factor) {
      code = by_code[static_cast<std::size_t>(column.codes()[row])];
    } else if (column.type() == Type::text) {
      const auto found = index.find(column.text_at(row));
      if (found != index.end()) code = found->second;
    } else {
      const auto found = index.find(cell_text(column, row));
      if (found != index.end()) code = found->second;
    }
    if (!std::isnan(code)) {
      codes[row] = code;
      continue;
    }
    const std::string cell = cell_text(column, row);
    if (unseen == UnseenLevel::refuse) {
      return wrong_cell(feature, first_row + row, cell,
                        "is not a level of this model; levels: " + listed(feature.levels));
    }
    if (unseen_count++ == 0) first_unseen = cell;
    codes[row] = na_real();
  }
  if (unseen_count > 0) {
    notes.push_back("column '" + feature.name + "': " + std::to_string(unseen_count) +
                    " values are levels that the model has not seen (first: '" + first_unseen +
                    "'); they count as missing, as in R");
  }
  return codes;
}

Result<std::vector<double>> numbers(const Column& column, const Feature& feature, std::size_t first_row) {
  std::vector<double> values(column.size());
  switch (column.type()) {
    case Type::integer:
      for (std::size_t row = 0; row < values.size(); ++row) values[row] = column.integers()[row];
      break;
    case Type::logical:
      for (std::size_t row = 0; row < values.size(); ++row) values[row] = column.logicals()[row];
      break;
    default:
      // A column of text without a value is how an empty batch, or one of missing values only, may arrive.
      for (std::size_t row = 0; row < values.size(); ++row) {
        if (!column.is_null(row))
          return wrong_cell(feature, first_row + row, cell_text(column, row), "is not a number");
      }
  }
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (column.is_null(row)) values[row] = na_real();
  }
  return values;
}

}  // namespace

std::string listed(std::span<const std::string> names) {
  constexpr std::size_t kShown = 12;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) {
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return names.empty() ? "none" : text;
}

Result<FeatureMatrix> bind_features(const table::Table& table, std::span<const Feature> features, UnseenLevel unseen,
                                    std::size_t first_row) {
  FeatureMatrix matrix;
  matrix.rows = table.rows();
  matrix.converted.reserve(features.size());
  std::vector<std::string> absent;
  for (const Feature& feature : features) {
    if (table.find(feature.name) == nullptr) absent.push_back(feature.name);
  }
  if (!absent.empty()) {
    return Error{Code::invalid, "the input lacks " + std::string(absent.size() == 1 ? "column " : "columns ") +
                                    listed(absent) + "; it has " + listed(table.names())};
  }
  for (const Feature& feature : features) {
    const table::ColumnPtr column = table.find(feature.name);
    const bool is_number = feature.kind == FeatureKind::number || feature.kind == FeatureKind::logical;
    if (is_number && column->type() == Type::real) {
      matrix.columns.push_back(column->reals().data());
      continue;
    }
    SCORIA_TRY(values, is_number ? numbers(*column, feature, first_row)
                                 : level_codes(*column, feature, unseen, first_row, matrix.notes));
    matrix.converted.push_back(std::move(values));
    matrix.columns.push_back(matrix.converted.back().data());
  }
  return matrix;
}

std::vector<bool> incomplete_rows(const FeatureMatrix& matrix) {
  std::vector<bool> incomplete(matrix.rows, false);
  for (const double* column : matrix.columns) {
    for (std::size_t row = 0; row < matrix.rows; ++row) {
      if (std::isnan(column[row])) incomplete[row] = true;
    }
  }
  return incomplete;
}

FeatureMatrix take_rows(const FeatureMatrix& matrix, std::span<const std::uint32_t> rows) {
  FeatureMatrix taken;
  taken.rows = rows.size();
  taken.converted.reserve(matrix.columns.size());
  for (const double* column : matrix.columns) {
    std::vector<double>& values = taken.converted.emplace_back(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) values[i] = column[rows[i]];
    taken.columns.push_back(values.data());
  }
  return taken;
}

}  // namespace scoria::model
