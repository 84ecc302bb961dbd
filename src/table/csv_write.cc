#include <vector>

#include "table/column_view.h"
#include "table/csv.h"
#include "table/number_format.h"
#include "table/text_output.h"

namespace scoria::table {
namespace {

void put_quoted(TextOutput& out, std::string_view text) {
  out.put('"');
  for (std::size_t quote; (quote = text.find('"')) != std::string_view::npos; text.remove_prefix(quote + 1)) {
    out.put(text.substr(0, quote + 1));
    out.put('"');
  }
  out.put(text);
  out.put('"');
}

bool needs_quotes(std::string_view text) { return text.find_first_of(",\"\n\r") != std::string_view::npos; }

void put_text(TextOutput& out, std::string_view text, CsvText style) {
  if (style == CsvText::quoted || needs_quotes(text)) {
    put_quoted(out, text);
  } else {
    out.put(text);
  }
}

void put_cell(TextOutput& out, const ColumnView& view, std::size_t row, CsvText style) {
  if (view.is_null(row)) return out.put(std::string_view("NA"));
  switch (view.type) {
    case Type::real: return out.advance_to(write_real(out.room(kNumberRoom), view.reals[row]));
    case Type::integer: return out.advance_to(write_integer(out.room(kNumberRoom), view.integers[row]));
    case Type::logical: return out.put(std::string_view(view.logicals[row] != 0 ? "TRUE" : "FALSE"));
    case Type::text:
    case Type::factor: return put_text(out, view.text_at(row), style);
  }
}

}  // namespace

void append_csv_header(const Table& table, std::string& out) {
  TextOutput output(out);
  for (std::size_t i = 0; i < table.columns(); ++i) {
    if (i > 0) output.put(',');
    const std::string& name = table.names()[i];
    // An empty name alone would be a blank line, and a byte order mark in front would be taken for the file's own.
    if (name.empty() || needs_quotes(name) || name.starts_with("\xEF\xBB\xBF")) {
      put_quoted(output, name);
    } else {
      output.put(std::string_view(name));
    }
  }
  output.put('\n');
}

void append_csv_rows(const Table& table, std::string& out, CsvText style) {
  std::vector<ColumnView> columns;
  for (std::size_t i = 0; i < table.columns(); ++i) columns.emplace_back(*table.column(i));
  // Alone in its line, an empty cell would be a blank line.
  if (columns.size() == 1) style = CsvText::quoted;
  TextOutput output(out);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    char end = ',';
    for (std::size_t i = 0; i < columns.size(); ++i) {
      put_cell(output, columns[i], row, style);
      if (i + 1 == columns.size()) end = '\n';
      output.put(end);
    }
  }
}

}  // namespace scoria::table
