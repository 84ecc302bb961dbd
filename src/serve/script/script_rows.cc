#include "serve/script/script_rows.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "serve/row_builder.h"
#include "table/csv.h"
#include "table/json_lines.h"

namespace scoria::serve::script {
namespace {

constexpr std::size_t kMostSample = 10'000;

// As requests bring them: numbers are doubles.
table::Table with_doubles(const table::Table& table) {
  table::Table made(table.rows());
  for (std::size_t i = 0; i < table.columns(); ++i) {
    const auto& column = table.column(i);
    if (column->type() != table::Type::integer) {
      made.add(table.names()[i], column);
      continue;
    }
    const auto from = column->integers();
    made.add(table.names()[i], table::Column::real({from.begin(), from.end()}, column->validity()));
  }
  return made;
}

Result<std::string> as_lines(std::string_view text, const std::string& path) {
  const auto document = nlohmann::ordered_json::parse(text, nullptr, false);
  const auto* rows = &document;
  if (document.is_object() && document.size() == 1 && document.begin()->is_array()) rows = &*document.begin();
  if (!rows->is_array()) return Error{Code::invalid, "'" + path + "' is no JSON array of records"};
  std::string lines;
  for (const auto& row : *rows) lines += row.dump() + "\n";
  return lines;
}

template <typename Reader>
Result<table::Table> first_rows(Result<Reader> reader, const std::string& path) {
  if (!reader.ok()) return with_context("'" + path + "'", std::move(reader).error());
  SCORIA_TRY(batch, reader.value().next(kMostSample));
  if (!batch || batch->rows() == 0) return Error{Code::invalid, "'" + path + "' has no row"};
  return with_doubles(*batch);
}

Cell cell_at(const table::Column& column, std::size_t row) {
  if (column.is_null(row)) return {};
  switch (column.type()) {
    case table::Type::real: return {.kind = Cell::Kind::number, .number = column.reals()[row]};
    case table::Type::integer:
      return {.kind = Cell::Kind::number, .number = static_cast<double>(column.integers()[row])};
    case table::Type::logical: return {.kind = Cell::Kind::boolean, .boolean = column.logicals()[row] != 0};
    case table::Type::text: return {.kind = Cell::Kind::text, .text = column.text_at(row)};
    case table::Type::factor: break;
  }
  return {.kind = Cell::Kind::text, .text = column.levels()[static_cast<std::size_t>(column.codes()[row])]};
}

}  // namespace

Result<table::Table> as_requests_have_it(const table::Table& sample, const Schema& schema) {
  RowBuilder rows(schema);
  for (std::size_t i = 0; i < schema.features().size(); ++i) {
    const table::ColumnPtr column = sample.find(schema.features()[i].name);
    for (std::size_t row = 0; column != nullptr && row < sample.rows(); ++row) rows.set_next(i, cell_at(*column, row));
  }
  rows.end_columns();
  table::Table table;
  Problem problem;
  if (rows.finish(true, table, problem)) return table;
  return Error{Code::invalid, "the sample is not as the model needs it: " + problem.message()};
}

bool answers_each_row(const ScriptPlan& plan) { return plan.is_rowwise || plan.form == Form::r_model; }

std::string wrong_count(std::size_t answered, std::size_t asked) {
  return "the function answered " + std::to_string(answered) + (answered == 1 ? " value for " : " values for ") +
         std::to_string(asked) + (asked == 1 ? " row" : " rows") + ": there must be one for each";
}

Result<table::Table> read_sample(const std::string& path) {
  SCORIA_TRY(file, FileBytes::open(path));
  const std::string_view text = file.text();
  const auto first = text.find_first_not_of(" \r\n\t");
  const bool is_lines = path.ends_with(".jsonl") || path.ends_with(".ndjson");
  table::CsvOptions options;
  options.source_name = "sample '" + path + "'";
  if (!is_lines && (first == std::string_view::npos || (text[first] != '[' && text[first] != '{')))
    return first_rows(table::CsvReader::open(memory_source(file.bytes()), options), path);
  std::string lines(text);
  if (!is_lines) {
    SCORIA_TRY(made, as_lines(text, path));
    lines = std::move(made);
  }
  return first_rows(table::JsonLinesReader::open(memory_source(std::as_bytes(std::span(lines))), options), path);
}

}  // namespace scoria::serve::script
