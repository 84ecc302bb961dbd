#include "serve/answer.h"

#include <array>
#include <cmath>

#include "table/number_format.h"

namespace scoria::serve {
namespace {

Status append_real(std::string& out, double value, NoNumber rule) {
  if (std::isfinite(value)) {
    char room[table::kNumberRoom];
    out.append(room, table::write_real(room, value));
    return Ok{};
  }
  switch (rule) {
    case NoNumber::strict:
      if (!std::isnan(value))
        return Error{Code::invalid,
                     "a prediction is infinite, which JSON has no number for: with no_number=text in the query it is "
                     "\"Inf\", with "
                     "no_number=literal Infinity"};
      out += "null";
      break;
    case NoNumber::text: out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Inf\"" : "\"-Inf\""; break;
    case NoNumber::literal: out += std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity"; break;
  }
  return Ok{};
}

}  // namespace

Result<NoNumber> no_number_named(const std::string& name) {
  if (name == "strict") return NoNumber::strict;
  if (name == "text") return NoNumber::text;
  if (name == "literal") return NoNumber::literal;
  return Error{Code::invalid, "'" + name + "' is no rule for what has no number: strict, text or literal"};
}

std::string_view label_of(std::string_view column_name) {
  const auto colon = column_name.find(':');
  return colon == std::string_view::npos ? column_name : column_name.substr(colon + 1);
}

void append_text(std::string& out, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  static constexpr auto kIsEscaped = [] {
    std::array<bool, 256> table{};
    for (std::size_t byte = 0; byte < 0x20; ++byte) table[byte] = true;
    table['"'] = table['\\'] = true;
    return table;
  }();
  out += '"';
  for (std::size_t begin = 0;;) {
    std::size_t end = begin;
    while (end < text.size() && !kIsEscaped[static_cast<unsigned char>(text[end])]) ++end;
    out.append(text, begin, end - begin);
    if (end == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[end]);
    out += '\\';
    if (byte >= 0x20) {
      out += text[end];
    } else {
      out += "u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
    begin = end + 1;
  }
  out += '"';
}

Status append_value(std::string& out, const table::Column& column, std::size_t row, NoNumber rule) {
  if (column.is_null(row)) {
    out += rule == NoNumber::text ? "\"NA\"" : "null";
    return Ok{};
  }
  switch (column.type()) {
    case table::Type::real: return append_real(out, column.reals()[row], rule);
    case table::Type::integer: {
      char room[table::kNumberRoom];
      out.append(room, table::write_integer(room, column.integers()[row]));
      break;
    }
    case table::Type::logical: out += column.logicals()[row] != 0 ? "true" : "false"; break;
    case table::Type::text: append_text(out, column.text_at(row)); break;
    case table::Type::factor: append_text(out, column.levels()[static_cast<std::size_t>(column.codes()[row])]); break;
  }
  return Ok{};
}

Status append_column(std::string& out, const table::Column& column, NoNumber rule) {
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (row > 0) out += ',';
    SCORIA_TRY_STATUS(append_value(out, column, row, rule));
  }
  return Ok{};
}

Status append_rows(std::string& out, const table::Table& table, NoNumber rule) {
  out += '[';
  if (table.columns() == 1) {
    SCORIA_TRY_STATUS(append_column(out, *table.column(0), rule));
    out += ']';
    return Ok{};
  }
  for (std::size_t row = 0; row < table.rows(); ++row) {
    out += row > 0 ? ",{" : "{";
    for (std::size_t i = 0; i < table.columns(); ++i) {
      if (i > 0) out += ',';
      append_text(out, label_of(table.names()[i]));
      out += ':';
      SCORIA_TRY_STATUS(append_value(out, *table.column(i), row, rule));
    }
    out += '}';
  }
  out += ']';
  return Ok{};
}

}  // namespace scoria::serve
