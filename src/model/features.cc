#include "model/features.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/na.h"
#include "model/level_codes.h"
#include "table/number_text.h"

namespace scoria::model {
namespace {

using table::Column;
using table::Type;

Error wrong_cell(const std::string& column, std::size_t row, std::string_view cell, const std::string& allowed) {
  return Error{Code::invalid,
               "row " + std::to_string(row) + ", column '" + column + "': '" + std::string(cell) + "' " + allowed};
}

double number_at(const Column& column, std::size_t row) {
  return column.type() == Type::real ? column.reals()[row] : column.integers()[row];
}

Result<std::vector<double>> level_codes(const Column& column, const Feature& feature, UnseenLevel unseen,
                                        std::size_t first_row, std::vector<std::string>& notes) {
  const LevelCodes levels(feature.levels);
  const std::vector<std::int32_t> found = levels.of_column(column);
  std::vector<double> codes(column.size(), na_real());
  std::size_t unseen_count = 0;
  std::string first_unseen;
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (column.is_null(row)) continue;
    if (found[row] != LevelCodes::kNone) {
      codes[row] = found[row];
      continue;
    }
    if (unseen == UnseenLevel::refuse || (holds_numbers(column) && !levels.has_numbers())) {
      return wrong_cell(feature.name, first_row + row, cell_text(column, row),
                        "is not a level of this model; levels: " + listed(feature.levels));
    }
    if (unseen_count++ == 0) first_unseen = cell_text(column, row);
  }
  if (unseen_count > 0) {
    notes.push_back("column '" + feature.name + "': " + std::to_string(unseen_count) +
                    " values are levels that the model has not seen (first: '" + first_unseen +
                    "'); they count as missing, as in R");
  }
  return codes;
}

std::vector<double> to_doubles(const Column& column) {
  std::vector<double> values(column.size(), na_real());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (column.is_null(row)) continue;
    values[row] = column.type() == Type::logical ? column.logicals()[row] : number_at(column, row);
  }
  return values;
}

// Codes from 1, of a column whose levels the model does not know.
Result<std::vector<double>> own_codes(const Column& column, const Feature& feature, std::size_t first_row) {
  if (column.type() == Type::factor && column.ordered()) {
    std::vector<double> codes(column.size(), na_real());
    for (std::size_t row = 0; row < codes.size(); ++row) {
      if (!column.is_null(row)) codes[row] = column.codes()[row] + 1;
    }
    return codes;
  }
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row) || holds_numbers(column)) continue;
    return wrong_cell(feature.name, first_row + row, cell_text(column, row),
                      "cannot be placed: the model's file does not keep the levels of this ordered factor; "
                      "give their positions 1, 2, ... instead");
  }
  return to_doubles(column);
}

Result<std::vector<double>> unknown_levels(const Column& column, const Feature& feature, std::size_t first_row) {
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row)) continue;
    return wrong_cell(
        feature.name, first_row + row, cell_text(column, row),
        "cannot be placed: the model was fitted with this column as text, and its file does not keep which "
        "texts there were; fit it with a factor");
  }
  return std::vector<double>(column.size(), na_real());
}

Result<std::vector<double>> convert(const Column& column, const Feature& feature, UnseenLevel unseen,
                                    std::size_t first_row, std::vector<std::string>& notes) {
  if (feature.kind == FeatureKind::number || feature.kind == FeatureKind::logical) {
    SCORIA_TRY_STATUS(require_numbers(column, feature.name, first_row));
    return to_doubles(column);
  }
  if (!feature.levels.empty()) return level_codes(column, feature, unseen, first_row, notes);
  return feature.kind == FeatureKind::ordered ? own_codes(column, feature, first_row)
                                              : unknown_levels(column, feature, first_row);
}

// A table that was made for the model needs no search, which for one row would take longer than most models do.
bool is_in_order(std::span<const Feature> features, std::span<const std::string> names) {
  return features.size() <= names.size() &&
         std::equal(features.begin(), features.end(), names.begin(),
                    [](const Feature& feature, const std::string& name) { return feature.name == name; });
}

}  // namespace

std::vector<std::string> absent_columns(std::span<const Feature> features, std::span<const std::string> names) {
  std::vector<std::string> absent;
  if (is_in_order(features, names)) return absent;
  const std::unordered_set<std::string_view> present(names.begin(), names.end());
  for (const Feature& feature : features) {
    if (!present.contains(feature.name)) absent.push_back(feature.name);
  }
  return absent;
}

Error lacks_columns(std::span<const std::string> absent) {
  return Error{Code::invalid,
               std::string("the input lacks column") + (absent.size() == 1 ? " " : "s ") + listed(absent)};
}

Status require_numbers(const Column& column, const std::string& name, std::size_t first_row) {
  if (holds_numbers(column) || column.type() == Type::logical) return Ok{};
  // A column with one cell that is not a number arrives as text: that cell is the one to name.
  std::optional<std::size_t> first;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row)) continue;
    const std::string cell = cell_text(column, row);
    if (!table::is_blank(cell) && !table::parse_real(cell)) {
      return wrong_cell(name, first_row + row, cell, "is not a number");
    }
    if (!first) first = row;
  }
  if (first) return wrong_cell(name, first_row + *first, cell_text(column, *first), "is text, must be a number");
  return Ok{};
}

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
  const bool in_order = is_in_order(features, table.names());
  std::unordered_map<std::string_view, std::size_t> positions;
  if (!in_order) {
    const std::vector<std::string> absent = absent_columns(features, table.names());
    if (!absent.empty()) return lacks_columns(absent);
    for (std::size_t i = 0; i < table.columns(); ++i) positions.emplace(table.names()[i], i);
  }
  FeatureMatrix matrix;
  matrix.rows = table.rows();
  matrix.columns.reserve(features.size());
  for (std::size_t i = 0; i < features.size(); ++i) {
    const Feature& feature = features[i];
    const table::ColumnRef column = table.column(in_order ? i : positions.at(feature.name));
    const bool is_number = feature.kind == FeatureKind::number || feature.kind == FeatureKind::logical;
    if (is_number && column->type() == Type::real) {
      matrix.columns.push_back(column->reals().data());
      continue;
    }
    SCORIA_TRY(values, convert(*column, feature, unseen, first_row, matrix.notes));
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
