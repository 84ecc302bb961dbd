#include "table/csv_rows.h"

#include <algorithm>
#include <cstdio>
#include <unordered_set>
#include <utility>

namespace scoria::table {
namespace {

std::string_view example_of(Type type) {
  switch (type) {
    case Type::logical: return "a logical (TRUE or FALSE)";
    case Type::integer: return "an integer from -2147483647 to 2147483647";
    case Type::real: return "a double";
    case Type::text:
    case Type::factor: break;
  }
  return "text";
}

}  // namespace

std::size_t count_lines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::size_t skip_byte_order_mark(std::string_view text) { return text.starts_with("\xEF\xBB\xBF") ? 3 : 0; }

std::string excerpt(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // Cut between characters, not inside one.
    if (out.size() >= kLongest && (byte & 0xC0) != 0x80) return out + "...";
    if (byte < 0x20 || byte == 0x7F) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      out += escaped;
    } else {
      out += text[i];
    }
  }
  return out;
}

Error csv_error(std::string_view source, std::size_t line, const CsvFault& fault) {
  std::string message(source);
  message += ", line " + std::to_string(line);
  if (fault.field != kNoField) message += ", field " + std::to_string(fault.field + 1);
  return Error{fault.code, message + ": " + fault.what};
}

Status CsvLayout::check(const CsvOptions& options) {
  const char separator = options.separator;
  if (separator == '"' || separator == '\n' || separator == '\r' || separator == '\0' ||
      static_cast<unsigned char>(separator) >= 0x80) {
    return Error{
        Code::invalid,
        options.source_name + ": the separator must be an ASCII character other than a quote, " + "a line end or NUL"};
  }
  return Ok{};
}

Result<CsvLayout> CsvLayout::make(const CsvOptions& options, const CsvRecord& header) {
  CsvLayout layout;
  layout.options_ = options;
  std::unordered_set<std::string_view> only;
  if (options.only) only.insert(options.only->begin(), options.only->end());
  for (const std::string_view raw : header.fields) {
    Field field{unquoted(raw), true, std::nullopt, 0};
    field.wanted = !options.only || only.contains(field.name);
    if (const auto type = options.types.find(field.name); type != options.types.end()) field.type = type->second;
    layout.fields_.push_back(std::move(field));
  }
  std::unordered_set<std::string_view> seen;
  for (const Field& field : layout.fields_) {
    if (!seen.insert(field.name).second) {
      return Error{Code::invalid, options.source_name + ": two columns are named '" + excerpt(field.name) +
                                      "'; every column needs its own name"};
    }
  }
  return layout;
}

std::vector<std::string> CsvLayout::names() const {
  std::vector<std::string> names;
  names.reserve(fields_.size());
  for (const Field& field : fields_) names.push_back(field.name);
  return names;
}

void CsvLayout::settle(const Table& first_rows) {
  std::size_t column = 0;
  for (Field& field : fields_) {
    if (!field.wanted) continue;
    if (!field.type) {
      field.type = first_rows.column(column)->type();
      field.settled_by_rows = std::max<std::size_t>(first_rows.rows(), 1);
    }
    ++column;
  }
}

Error CsvLayout::error(const CsvFault& fault, std::string_view text, std::size_t begin, std::size_t line) const {
  line += count_lines(text.substr(begin, fault.position - begin));
  if (fault.field >= fields_.size()) return csv_error(options_.source_name, line, fault);
  std::string message = options_.source_name + ", line " + std::to_string(line);
  message += ", column '" + excerpt(fields_[fault.field].name) + "': " + fault.what;
  return Error{fault.code, std::move(message)};
}

CsvFault CsvLayout::misfit(const CsvBlock& block, std::size_t row, std::size_t field, std::string_view text) const {
  const char* begin = block.begin(row, field);
  const std::string_view raw(begin, static_cast<std::size_t>(block.end(row, field) - begin));
  const Field& column = fields_[field];
  std::string what = "'" + excerpt(unquoted(raw)) + "' is not " + std::string(example_of(*column.type));
  if (column.settled_by_rows != 0) {
    what += ", which the first " + std::to_string(column.settled_by_rows) +
            " rows made it; give the column's type, such as character, before reading";
  }
  return {static_cast<std::size_t>(begin - text.data()), field, std::move(what), Code::invalid};
}

Result<Table> CsvLayout::read(CsvIndex& index, std::string_view text, std::size_t begin, std::size_t line,
                              CsvGuess guess) const {
  struct Reading {
    std::size_t field;
    CsvColumn column;
  };
  std::vector<Reading> readings;
  for (std::size_t field = 0; field < fields_.size(); ++field) {
    if (fields_[field].wanted) readings.push_back({field, CsvColumn(fields_[field].type, guess)});
  }
  std::vector<Reading*> active;
  for (Reading& reading : readings) active.push_back(&reading);
  std::size_t rows = 0;
  // A column that turns out wider than its first rows leaves the pass and is read again in the next; four passes are the
  // most there can be, from nothing but missing cells over logical or integer and double to text.
  for (bool first_pass = true; first_pass || !active.empty(); first_pass = false) {
    std::vector<Reading*> again;
    std::size_t pass_rows = 0;
    for (std::size_t at = begin; first_pass || !active.empty(); at = index.next()) {
      const CsvIndex::Found found = index.find(text, at, true);
      if (found == CsvIndex::Found::end) break;
      if (found == CsvIndex::Found::fault) return error(index.fault(), text, begin, line);
      SCORIA_CHECK(found == CsvIndex::Found::rows);
      const CsvBlock& block = index.block();
      if (pass_rows == 0) {
        // A guess at the whole from the first block, with a little to spare.
        const std::size_t per_row = std::max<std::size_t>((index.next() - begin) / block.rows, 1);
        const std::size_t expected = (text.size() - begin) / per_row;
        for (Reading* reading : active) reading->column.reserve(expected + expected / 16 + 1);
      }
      pass_rows += block.rows;
      for (Reading*& reading : active) {
        switch (reading->column.append(block, reading->field, text.data())) {
          case CsvColumn::Fit::all: break;
          case CsvColumn::Fit::none:
            return error(misfit(block, reading->column.misfit_row(), reading->field, text), text, begin, line);
          case CsvColumn::Fit::again: again.push_back(std::exchange(reading, nullptr)); break;
        }
      }
      std::erase(active, nullptr);
    }
    if (first_pass) rows = pass_rows;
    for (Reading* reading : again) reading->column.restart();
    active = std::move(again);
  }
  Table table(rows);
  for (Reading& reading : readings) table.add(fields_[reading.field].name, std::move(reading.column).finish());
  return table;
}

}  // namespace scoria::table
