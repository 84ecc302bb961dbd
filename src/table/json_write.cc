#include <cmath>
#include <string>
#include <vector>

#include "table/column_view.h"
#include "table/json_lines.h"
#include "table/number_format.h"
#include "table/text_output.h"

namespace scoria::table {
namespace {

bool needs_escape(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

void put_escaped(TextOutput& out, char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  out.put('\\');
  switch (c) {
    case '\n': return out.put('n');
    case '\r': return out.put('r');
    case '\t': return out.put('t');
    case '"':
    case '\\': return out.put(c);
    default: break;
  }
  out.put(std::string_view("u00"));
  out.put(kDigits[static_cast<unsigned char>(c) >> 4]);
  out.put(kDigits[static_cast<unsigned char>(c) & 15]);
}

void put_string(TextOutput& out, std::string_view text) {
  out.put('"');
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out.put(text.substr(plain, i - plain));
    put_escaped(out, text[i]);
    plain = i + 1;
  }
  out.put(text.substr(plain));
  out.put('"');
}

void put_value(TextOutput& out, const ColumnView& view, std::size_t row) {
  if (view.is_null(row)) return out.put(std::string_view("null"));
  switch (view.type) {
    case Type::real: {
      const bool is_number = std::isfinite(view.reals[row]);
      if (!is_number) out.put('"');
      out.advance_to(write_real(out.room(kNumberRoom), view.reals[row]));
      if (!is_number) out.put('"');
      return;
    }
    case Type::integer: return out.advance_to(write_integer(out.room(kNumberRoom), view.integers[row]));
    case Type::logical: return out.put(std::string_view(view.logicals[row] != 0 ? "true" : "false"));
    case Type::text:
    case Type::factor: return put_string(out, view.text_at(row));
  }
}

}  // namespace

void append_json_lines(const Table& table, std::string& out) {
  std::vector<ColumnView> columns;
  std::vector<std::string> keys;  // with what stands before and after them
  for (std::size_t i = 0; i < table.columns(); ++i) {
    columns.emplace_back(*table.column(i));
    std::string key(i == 0 ? "{" : ",");
    {
      TextOutput text(key);
      put_string(text, table.names()[i]);
      text.put(':');
    }
    keys.push_back(std::move(key));
  }
  TextOutput output(out);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (columns.empty()) output.put('{');
    for (std::size_t i = 0; i < columns.size(); ++i) {
      output.put(std::string_view(keys[i]));
      put_value(output, columns[i], row);
    }
    output.put(std::string_view("}\n"));
  }
}

}  // namespace scoria::table
