#include "serve/script/script_rows.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
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

}  // namespace

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
