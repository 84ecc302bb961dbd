#include "serve/row_builder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/na.h"
#include "table/number_format.h"

namespace scoria::serve {
namespace {

constexpr std::size_t kShownValue = 100;
constexpr std::size_t kShownLevels = 20;

bool is_number(model::FeatureKind kind) {
  return kind == model::FeatureKind::number || kind == model::FeatureKind::logical;
}

std::string shown(const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::null: return "null";
    case Cell::Kind::boolean: return cell.boolean ? "true" : "false";
    default: break;
  }
  if (cell.kind == Cell::Kind::number && cell.text.empty()) {  // it came as bytes
    char room[table::kNumberRoom];
    return {room, table::write_real(room, cell.number)};
  }
  return std::string(cell.text.substr(0, kShownValue));
}

// What R and its JSON packages write for what has no number.
bool is_missing_word(std::string_view text) { return text == "NA" || text.empty(); }

enum class Word : std::uint8_t { number, no_number, too_large };

Word number_of_word(std::string_view text, double& number) {
  if (text == "NaN") {
    number = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Inf" || text == "Infinity") {
    number = std::numeric_limits<double>::infinity();
  } else if (text == "-Inf" || text == "-Infinity") {
    number = -std::numeric_limits<double>::infinity();
  } else {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end != text.data() + text.size()) return Word::no_number;
    if (error == std::errc::result_out_of_range) return Word::too_large;
    // What from_chars reads beside numbers ("inf", "nan(1)") is none of R's or JSON's spellings.
    return error == std::errc{} && std::isfinite(number) ? Word::number : Word::no_number;
  }
  return Word::number;
}

}  // namespace

namespace {

table::ColumnPtr logical_column(std::span<const double> numbers) {
  std::vector<std::uint8_t> values(numbers.size());
  table::Validity validity;
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    values[row] = numbers[row] == 1 ? 1 : 0;
    if (!std::isnan(numbers[row])) continue;
    if (validity.all_valid()) validity = table::Validity(numbers.size());
    validity.set_null(row);
  }
  return table::Column::logical(std::move(values), std::move(validity));
}

}  // namespace

RowBuilder::RowBuilder(const Schema& schema) : schema_(schema) {
  columns_.reserve(schema.features().size());
  for (std::size_t i = 0; i < schema.features().size(); ++i) {
    Column& column = columns_.emplace_back(&memory_);
    if (!is_number(schema.features()[i].kind) && schema.levels(i) == nullptr) column.texts = std::make_unique<Texts>();
  }
}

void RowBuilder::reserve(std::size_t rows) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (is_number(schema_.features()[i].kind)) {
      columns_[i].numbers.reserve(rows);
    } else {
      columns_[i].codes.reserve(rows);
    }
  }
}

void RowBuilder::add_mistake(Mistake mistake) {
  if (!has_too_many_mistakes()) mistakes_.push_back(std::move(mistake));
}

void RowBuilder::refuse(std::size_t feature, const char* code, const Cell& cell, std::string what) {
  const std::size_t row = columns_[feature].size + 1;
  const auto& known = schema_.features()[feature];
  Mistake mistake{.code = code, .message = {}, .row = row, .column = known.name, .value = shown(cell), .expected = {}};
  if (!is_number(known.kind)) {
    mistake.expected.assign(known.levels.begin(), known.levels.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                             known.levels.size(), kShownLevels)));
  } else {
    mistake.expected = {known.kind == model::FeatureKind::logical ? "true, false, 1 or 0" : "a number"};
  }
  mistake.message =
      "row " + std::to_string(row) + ", column '" + known.name + "': " + mistake.value + " " + std::move(what);
  add_mistake(std::move(mistake));
}

void RowBuilder::put_missing(std::size_t feature) {
  Column& column = columns_[feature];
  const auto kind = schema_.features()[feature].kind;
  if (is_number(kind)) {
    column.numbers.push_back(na_real());
  } else if (schema_.levels(feature) != nullptr) {
    column.codes.push_back(-1);
  } else {
    column.texts->nulls.push_back(static_cast<std::uint32_t>(column.size));
    column.texts->values.emplace_back();
  }
  ++column.size;
}

void RowBuilder::put_number(std::size_t feature, const Cell& cell) {
  Column& column = columns_[feature];
  const bool is_logical = schema_.features()[feature].kind == model::FeatureKind::logical;
  double number = cell.number;
  if (cell.kind == Cell::Kind::boolean) number = cell.boolean ? 1 : 0;
  if (cell.kind == Cell::Kind::text) {
    const std::string_view text = cell.text;
    const bool is_true = text == "TRUE" || text == "True" || text == "true" || text == "T";
    const bool is_false = text == "FALSE" || text == "False" || text == "false" || text == "F";
    if (is_logical && (is_true || is_false)) {
      number = is_true ? 1 : 0;
    } else if (const Word word = number_of_word(cell.text, number); word != Word::number) {
      const bool is_large = word == Word::too_large;
      refuse(feature, is_large ? "out_of_range" : "wrong_type", cell,
             is_large ? "is no number that a double can hold" : "is no number");
      return put_missing(feature);
    }
  }
  if (is_logical && number != 0 && number != 1) {
    if (std::isnan(number)) return put_missing(feature);
    refuse(feature, "wrong_type", cell, "is neither true nor false");
    return put_missing(feature);
  }
  column.numbers.push_back(number);
  ++column.size;
}

void RowBuilder::put_level(std::size_t feature, const Cell& cell) {
  Column& column = columns_[feature];
  char room[table::kNumberRoom];
  std::string_view text = cell.text;
  if (cell.kind == Cell::Kind::boolean) text = cell.boolean ? "TRUE" : "FALSE";
  if (cell.kind == Cell::Kind::number)
    text = {room, static_cast<std::size_t>(table::write_real(room, cell.number) - room)};
  if (schema_.levels(feature) == nullptr) {
    column.texts->values.emplace_back(text);
    ++column.size;
    return;
  }
  const std::int32_t code = schema_.level_of(feature, text);
  if (code < 0) {
    refuse(feature, "unknown_level", cell, "is none of the values that the model knows");
    return put_missing(feature);
  }
  column.codes.push_back(code);
  ++column.size;
}

void RowBuilder::put(std::size_t feature, const Cell& cell) {
  const auto kind = schema_.features()[feature].kind;
  // Nearly all.
  if (cell.kind == Cell::Kind::number && kind == model::FeatureKind::number) {
    columns_[feature].numbers.push_back(cell.number);
    ++columns_[feature].size;
    return;
  }
  const bool is_word =
      cell.kind == Cell::Kind::text && is_missing_word(cell.text) && schema_.level_of(feature, cell.text) < 0;
  if (cell.kind == Cell::Kind::null || is_word) return put_missing(feature);
  if (is_number(kind)) return put_number(feature, cell);
  put_level(feature, cell);
}

void RowBuilder::set(std::size_t feature, const Cell& cell) {
  if (columns_[feature].size >= rows_) {
    Mistake mistake{.code = "duplicate_key",
                    .message = {},
                    .row = rows_,
                    .column = schema_.features()[feature].name,
                    .value = {},
                    .expected = {}};
    mistake.message = "row " + std::to_string(rows_) + ": column '" + mistake.column + "' is there twice";
    return add_mistake(std::move(mistake));
  }
  put(feature, cell);
}

void RowBuilder::end_row() {
  for (std::size_t i = 0; i < columns_.size() && gaps_ <= kMostGaps; ++i) {
    if (columns_[i].size >= rows_) continue;
    ++columns_[i].absent;
    ++gaps_;
    put_missing(i);
  }
}

void RowBuilder::set_next(std::size_t feature, const Cell& cell) { put(feature, cell); }

void RowBuilder::end_columns() {
  for (const auto& column : columns_) rows_ = std::max(rows_, column.size);
  find_ragged_columns();
  if (!mistakes_.empty()) return;  // there will be no table
  for (const auto& column : columns_) gaps_ += rows_ - column.size;
  if (gaps_ > kMostGaps) return;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    while (columns_[i].size < rows_) put_missing(i);
  }
}

void RowBuilder::find_ragged_columns() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto& feature = schema_.features()[i];
    const std::size_t size = columns_[i].size;
    if (size == rows_ && size > 0) continue;
    if (size == 0) {
      columns_[i].absent = std::max<std::size_t>(rows_, 1);
    } else {
      add_mistake({.code = "ragged_columns",
                   .message = "column '" + feature.name + "' has " + std::to_string(size) + " values, others have " +
                              std::to_string(rows_),
                   .row = {},
                   .column = feature.name,
                   .value = {},
                   .expected = {}});
    }
  }
}

void RowBuilder::find_missing_columns() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto& feature = schema_.features()[i];
    if (!feature.is_used || columns_[i].absent < std::max<std::size_t>(rows_, 1)) continue;
    add_mistake({.code = "missing_column",
                 .message = "column '" + feature.name + "' is missing",
                 .row = {},
                 .column = feature.name,
                 .value = {},
                 .expected = {}});
  }
}

bool RowBuilder::finish(bool is_read, table::Table& table, Problem& problem) {
  if (gaps_ > kMostGaps && mistakes_.empty()) {
    problem = one_mistake(413, "too_large", "the rows leave out more than " + std::to_string(kMostGaps) + " cells");
    return false;
  }
  if (is_read && !has_too_many_mistakes()) find_missing_columns();
  const bool is_limit = !is_read && problem.status != 400;  // which no better cell would help
  if (!mistakes_.empty() && !is_limit) {
    if (!is_read) add_mistake(std::move(problem.mistakes.front()));
    problem = {.status = 400, .mistakes = std::move(mistakes_)};
    return false;
  }
  if (!is_read) return false;
  table = take_table();
  return true;
}

// Those that are doubles, in one piece.
std::vector<double> RowBuilder::doubles() const {
  std::vector<double> numbers;
  numbers.reserve(columns_.size() * rows_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (schema_.features()[i].kind == model::FeatureKind::number)
      numbers.insert(numbers.end(), columns_[i].numbers.begin(), columns_[i].numbers.end());
  }
  return numbers;
}

table::Table RowBuilder::take_table() {
  std::vector<double> numbers = doubles();
  const bool are_all = numbers.size() == columns_.size() * rows_ && !numbers.empty();
  table::ColumnBlock reals;
  if (!numbers.empty()) reals = table::Column::reals(std::move(numbers), rows_);
  if (are_all) return {rows_, schema_.names(), std::move(reals)};
  std::size_t real = 0;
  std::vector<table::ColumnPtr> taken;
  taken.reserve(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const auto& feature = schema_.features()[i];
    if (feature.kind == model::FeatureKind::logical) {
      taken.push_back(logical_column(column.numbers));
    } else if (is_number(feature.kind)) {
      taken.push_back(rows_ > 0 ? table::ColumnPtr(reals, &(*reals)[real++]) : table::Column::real({}));
    } else if (const auto& levels = schema_.levels(i); levels != nullptr) {
      taken.push_back(table::Column::factor({column.codes.begin(), column.codes.end()}, levels,
                                            feature.kind == model::FeatureKind::ordered));
    } else {
      table::Validity validity;
      if (!column.texts->nulls.empty()) validity = table::Validity(rows_);
      for (const auto row : column.texts->nulls) validity.set_null(row);
      taken.push_back(table::Column::text(std::span<const std::string>(column.texts->values), std::move(validity)));
    }
  }
  return {rows_, schema_.names(), std::move(taken)};
}

}  // namespace scoria::serve
