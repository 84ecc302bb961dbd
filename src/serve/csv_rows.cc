#include "serve/csv_rows.h"

#include <algorithm>

#include "table/csv.h"

namespace scoria::serve {
namespace {

// Every cell as it stands: what it becomes is its feature's to say.
table::CsvOptions options_for(const Schema& schema, const JsonLimits& limits) {
  table::CsvOptions options;
  options.only.emplace();
  for (const auto& feature : schema.features()) {
    options.types.emplace(feature.name, table::Type::text);
    options.only->push_back(feature.name);
  }
  options.max_record_bytes = limits.text;
  options.max_columns = limits.keys;
  options.source_name = "body";
  return options;
}

// x0, x1, ... in front of rows that have no names, where the model has none either and the first row names none of its features.
std::string header_for(const std::string& body, const Schema& schema) {
  if (!schema.is_by_position()) return {};
  const std::string_view first = std::string_view(body).substr(0, body.find('\n'));
  std::string names;
  for (const auto& feature : schema.features()) {
    if (first.find(feature.name) != std::string_view::npos) return {};
    names += (names.empty() ? "" : ",") + feature.name;
  }
  return names + "\n";
}

}  // namespace

bool read_csv_rows(const std::string& body, const JsonLimits& limits, RowBuilder& into, Problem& problem) {
  const Schema& schema = into.schema();
  const std::string header = header_for(body, schema);
  const auto table = table::read_csv(header.empty() ? body : header + body, options_for(schema, limits));
  if (!table.ok()) {
    const bool is_large = table.error().code == Code::too_large;
    problem = one_mistake(is_large ? 413 : 400, is_large ? "too_large" : "bad_csv", table.error().message);
    return false;
  }
  if (table.value().rows() > limits.rows) {
    problem = one_mistake(413, "too_many_rows", "there are more than " + std::to_string(limits.rows) + " rows");
    return false;
  }
  if (table.value().rows() == 0) {
    problem = one_mistake(400, "bad_request", "there is no row");
    return false;
  }
  into.reserve(table.value().rows());
  // Of a model without features, such as a mean, rows are all that there is.
  for (std::size_t row = 0; schema.features().empty() && row < table.value().rows(); ++row) into.begin_row();
  for (std::size_t i = 0; i < table.value().columns(); ++i) {
    const auto feature = schema.find(table.value().names()[i]);
    const auto& column = *table.value().column(i);
    for (std::size_t row = 0; row < column.size() && !into.has_too_many_mistakes(); ++row) {
      into.set_next(*feature,
                    column.is_null(row) ? Cell{} : Cell{.kind = Cell::Kind::text, .text = column.text_at(row)});
    }
  }
  into.end_columns();
  return true;
}

bool read_json_line_rows(std::string& body, const JsonLimits& limits, RowBuilder& into, Problem& problem) {
  // An array of the lines: none of them holds a line end of its own.
  std::string array = "[";
  array.reserve(body.size() + 80);
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    std::string_view line(body.data() + at, end - at);
    at = end + 1;
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (array.size() > 1) array += ',';
    array += line;
  }
  array += ']';
  return read_json_rows(array, {.members = {}, .may_be_bare = true}, limits, into, problem);
}

}  // namespace scoria::serve
