#include "model/features.h"

#include <cmath>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/na.h"
#include "expr/convert.h"
#include "table/number_text.h"

namespace scoria::model {
namespace {

using table::Column;
using table::Type;

Error wrong_cell(const std::string& column, std::size_t row, std::string_view cell, const std::string& allowed) {
  return Error{Code::invalid,
               "row " + std::to_string(row) + ", column '" + column + "': '" + std::string(cell) + "' " + allowed};
}

std::string number_text(double value) {
  std::string text;
  expr::append_number(value, text);
  return text;
}

bool holds_numbers(const Column& column) { return column.type() == Type::real || column.type() == Type::integer; }

double number_at(const Column& column, std::size_t row) {
  return column.type() == Type::real ? column.reals()[row] : column.integers()[row];
}

// A cell of any type as R's as.character() gives it.
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

// Codes of levels by their text or, for columns of numbers, by the number that the text is.
class LevelCodes {
 public:
  static constexpr std::int32_t kNone = -1;

  explicit LevelCodes(const std::vector<std::string>& levels) {
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const auto code = static_cast<std::int32_t>(i);
      by_text_.emplace(levels[i], code);
      if (const auto number = table::parse_real(levels[i]); number && !std::isnan(*number)) {
        const auto [at, is_new] = by_number_.emplace(*number, code);
        if (!is_new) at->second = kNone;  // "1" and "1.0": only the text tells them apart
      }
    }
  }

  bool has_numbers() const { return !by_number_.empty(); }

  std::int32_t of_text(std::string_view text) const {
    const auto found = by_text_.find(text);
    return found == by_text_.end() ? kNone : found->second;
  }

  // R writes a number as text with 15 significant digits, whole ones above 99999 perhaps as 1e+05: hence by value.
  std::int32_t of_number(double value) const {
    const std::string text = number_text(value);
    if (const std::int32_t code = of_text(text); code != kNone) return code;
    const auto rounded = table::parse_real(text);
    const auto found = rounded ? by_number_.find(*rounded) : by_number_.end();
    return found == by_number_.end() ? kNone : found->second;
  }

  std::int32_t at(const Column& column, std::size_t row) const {
    if (holds_numbers(column)) return of_number(number_at(column, row));
    return of_text(column.type() == Type::text ? column.text_at(row) : std::string_view(cell_text(column, row)));
  }

 private:
  std::unordered_map<std::string_view, std::int32_t> by_text_;
  std::unordered_map<double, std::int32_t> by_number_;
};

Result<std::vector<double>> level_codes(const Column& column, const Feature& feature, UnseenLevel unseen,
                                        std::size_t first_row, std::vector<std::string>& notes) {
  const LevelCodes levels(feature.levels);
  std::vector<std::int32_t> by_code;  // a factor column's own codes -> ours
  if (column.type() == Type::factor) {
    for (const std::string& level : column.levels()) by_code.push_back(levels.of_text(level));
  }
  std::vector<double> codes(column.size(), na_real());
  std::size_t unseen_count = 0;
  std::string first_unseen;
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (column.is_null(row)) continue;
    const std::int32_t code =
        column.type() == Type::factor ? by_code[static_cast<std::size_t>(column.codes()[row])] : levels.at(column, row);
    if (code != LevelCodes::kNone) {
      codes[row] = code;
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

}  // namespace

std::vector<std::string> absent_columns(std::span<const Feature> features, std::span<const std::string> names) {
  std::vector<std::string> absent;
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
  const std::vector<std::string> absent = absent_columns(features, table.names());
  if (!absent.empty()) return lacks_columns(absent);
  FeatureMatrix matrix;
  matrix.rows = table.rows();
  matrix.converted.reserve(features.size());
  std::unordered_map<std::string_view, std::size_t> positions;
  for (std::size_t i = 0; i < table.columns(); ++i) positions.emplace(table.names()[i], i);
  for (const Feature& feature : features) {
    const table::ColumnPtr& column = table.column(positions.at(feature.name));
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
