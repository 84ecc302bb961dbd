// A CSV reader so plain that one can see it is right, and the comparison of the real one with it. For tests and fuzzing.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "table/csv.h"

namespace scoria::table::reference {

struct Cell {
  std::string text;
  bool quoted = false;
};
using Record = std::vector<Cell>;

inline bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = static_cast<unsigned char>(text[i++]);
    const int tails = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : -1;
    if (tails < 0) return false;
    std::uint32_t point = tails == 0 ? lead : lead & (0x3Fu >> tails);
    for (int k = 0; k < tails; ++k) {
      if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return false;
      point = point << 6 | (static_cast<unsigned char>(text[i++]) & 0x3F);
    }
    const std::uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (point < smallest[tails] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
  }
  return true;
}

// Every record, the header first; nullopt when the text is refused.
inline std::optional<std::vector<Record>> parse(std::string_view text, const CsvOptions& options) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  if (text.find('\0') != text.npos || !is_utf8(text)) return std::nullopt;
  std::vector<Record> records;
  std::size_t i = 0;
  const auto at_end = [&] { return i == text.size(); };
  const auto take_line_end = [&] {
    if (text.substr(i, 1) == "\n") return i += 1, true;
    if (text.substr(i, 2) == "\r\n") return i += 2, true;
    return false;
  };
  for (;;) {
    while (take_line_end()) continue;
    if (at_end()) break;
    const std::size_t begin = i;
    Record record;
    for (bool more = true; more;) {
      Cell cell;
      if (text[i] == '"') {
        cell.quoted = true;
        ++i;
        for (bool open = true; open; ++i) {
          if (at_end()) return std::nullopt;
          if (text[i] != '"') {
            cell.text += text[i];
          } else if (text.substr(i, 2) == "\"\"") {
            cell.text += text[i++];
          } else {
            open = false;
          }
        }
      } else {
        while (!at_end() && text[i] != options.separator && text[i] != '\n' && text[i] != '\r') {
          if (text[i] == '"') return std::nullopt;
          cell.text += text[i++];
        }
      }
      record.push_back(cell);
      if (!at_end() && text[i] == options.separator) {
        ++i;
        if (at_end()) {
          record.push_back({});
          more = false;
        }
      } else if (at_end() || take_line_end()) {
        more = false;
      } else {
        return std::nullopt;
      }
    }
    if (i - begin > options.max_record_bytes) return std::nullopt;
    records.push_back(record);
  }
  if (records.empty() || records[0].size() > options.max_columns) return std::nullopt;
  for (std::size_t a = 0; a < records[0].size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      if (records[0][a].text == records[0][b].text) return std::nullopt;
    }
  }
  for (const Record& record : records) {
    if (record.size() != records[0].size()) return std::nullopt;
  }
  return records;
}

inline std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

inline bool is_missing(const Cell& cell) { return !cell.quoted && (cell.text == "NA" || trimmed(cell.text).empty()); }

inline std::optional<double> number(const Cell& cell) {
  const std::string text = trimmed(cell.text);
  std::string rest = text.substr(!text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0);
  std::transform(rest.begin(), rest.end(), rest.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (rest != "nan" && rest != "inf" && rest != "infinity") {
    const bool hex = rest.substr(0, 2) == "0x";
    const std::string digits = hex ? "0123456789abcdef" : "0123456789";
    std::size_t i = hex ? 2 : 0;
    std::size_t count = 0;
    bool point = false;
    for (; i < rest.size() && (digits.find(rest[i]) != rest.npos || (rest[i] == '.' && !point)); ++i) {
      if (rest[i] == '.') {
        point = true;
      } else {
        ++count;
      }
    }
    if (count == 0) return std::nullopt;
    if (i < rest.size()) {
      if (rest[i] != (hex ? 'p' : 'e')) return std::nullopt;
      ++i;
      if (i < rest.size() && (rest[i] == '-' || rest[i] == '+')) ++i;
      if (i == rest.size() || rest.find_first_not_of("0123456789", i) != rest.npos) return std::nullopt;
    }
  }
  return std::strtod(text.c_str(), nullptr);
}

inline std::optional<std::int32_t> integer(const Cell& cell) {
  const std::string text = trimmed(cell.text);
  const std::size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  if (text.size() == sign || text.find_first_not_of("0123456789", sign) != text.npos) return std::nullopt;
  const double value = std::strtod(text.c_str(), nullptr);
  if (std::abs(value) > 2147483647.0) return std::nullopt;
  return static_cast<std::int32_t>(value);
}

inline std::optional<bool> logical(const Cell& cell) {
  for (const char* word : {"TRUE", "True", "true", "T"}) {
    if (cell.text == word) return true;
  }
  for (const char* word : {"FALSE", "False", "false", "F"}) {
    if (cell.text == word) return false;
  }
  return std::nullopt;
}

inline Type infer(const std::vector<Cell>& cells) {
  const auto all = [&](auto fits) {
    return std::all_of(cells.begin(), cells.end(), [&](const Cell& cell) { return is_missing(cell) || fits(cell); });
  };
  if (all([](const Cell& cell) { return logical(cell).has_value(); })) return Type::logical;
  if (all([](const Cell& cell) { return integer(cell).has_value(); })) return Type::integer;
  if (all([](const Cell& cell) { return number(cell).has_value(); })) return Type::real;
  return Type::text;
}

inline bool same_number(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

inline bool same(const Column& column, const std::vector<Cell>& cells, Type type) {
  if (column.type() != type || column.size() != cells.size()) return false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool null = type == Type::text ? !cells[i].quoted && cells[i].text == "NA" : is_missing(cells[i]);
    if (column.is_null(i) != null) return false;
    if (null) continue;
    switch (type) {
      case Type::logical:
        if ((column.logicals()[i] != 0) != *logical(cells[i])) return false;
        break;
      case Type::integer:
        if (column.integers()[i] != *integer(cells[i])) return false;
        break;
      case Type::real:
        if (!same_number(column.reals()[i], *number(cells[i]))) return false;
        break;
      default:
        if (column.text_at(i) != cells[i].text) return false;
    }
  }
  return true;
}

// Equal in names, types, nulls and values.
inline bool same(const Table& a, const Table& b) {
  if (a.rows() != b.rows() || a.names() != b.names()) return false;
  for (std::size_t i = 0; i < a.columns(); ++i) {
    const Column& x = *a.column(i);
    const Column& y = *b.column(i);
    if (x.type() != y.type()) return false;
    for (std::size_t row = 0; row < a.rows(); ++row) {
      if (x.is_null(row) != y.is_null(row)) return false;
      if (x.is_null(row)) continue;
      const bool equal = x.type() == Type::real      ? same_number(x.reals()[row], y.reals()[row])
                         : x.type() == Type::integer ? x.integers()[row] == y.integers()[row]
                         : x.type() == Type::logical ? x.logicals()[row] == y.logicals()[row]
                         : x.type() == Type::factor  ? x.levels()[static_cast<std::size_t>(x.codes()[row])] ==
                                                          y.levels()[static_cast<std::size_t>(y.codes()[row])]
                                                    : x.text_at(row) == y.text_at(row);
      if (!equal) return false;
    }
  }
  return true;
}

// Gives its bytes in pieces of at most `piece`.
class DribblingSource final : public ByteSource {
 public:
  DribblingSource(std::string_view text, std::size_t piece) : text_(text), piece_(piece) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t count = std::min({piece_, into.size(), text_.size()});
    std::memcpy(into.data(), text_.data(), count);
    text_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view text_;
  std::size_t piece_;
};

// All batches under each other. `only_bounds`: every batch but the last must have max_rows rows.
inline Result<Table> read_in_batches(std::string_view text, CsvOptions options, std::size_t piece,
                                     std::size_t max_rows) {
  SCORIA_TRY(reader, CsvReader::open(std::make_unique<DribblingSource>(text, piece), std::move(options)));
  std::optional<Table> all;
  for (bool last = false;;) {
    SCORIA_TRY(batch, reader.next(max_rows));
    if (!batch) return *all;
    if (last || batch->rows() > max_rows) return Error{Code::corrupt, "a short batch before the last"};
    last = batch->rows() < max_rows;
    SCORIA_TRY(joined, all ? stack(*all, *batch) : Result<Table>(*batch));
    all = joined;
  }
}

// What differs between the reader and the reference on this text, "" when nothing does.
inline std::string difference(std::string_view text, const CsvOptions& options, std::size_t piece,
                              std::size_t max_rows) {
  const auto expected = parse(text, options);
  const auto actual = read_csv(text, options);
  const auto batches = read_in_batches(text, options, piece, max_rows);
  if (!expected) {
    if (actual.ok()) return "read_csv accepts what the reference refuses";
    return batches.ok() ? "CsvReader accepts what the reference refuses" : "";
  }
  if (!actual.ok()) return "read_csv refuses: " + actual.error().message;
  const Table& table = actual.value();
  const Record& header = expected->front();
  if (table.rows() != expected->size() - 1) return "read_csv has other rows";
  if (table.columns() != header.size()) return "read_csv has other columns";
  CsvOptions typed = options;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (table.names()[i] != header[i].text) return "read_csv has another name";
    std::vector<Cell> cells;
    for (std::size_t row = 1; row < expected->size(); ++row) cells.push_back((*expected)[row][i]);
    if (!same(*table.column(i), cells, infer(cells))) return "column '" + header[i].text + "' differs";
    typed.types.emplace(header[i].text, table.column(i)->type());
  }
  const auto typed_batches = read_in_batches(text, typed, piece, max_rows);
  if (!typed_batches.ok()) return "CsvReader refuses: " + typed_batches.error().message;
  if (!same(typed_batches.value(), table)) return "CsvReader differs";
  CsvOptions first = typed;
  first.only = {header[0].text};
  const auto one = read_csv(text, first);
  Table one_expected;
  one_expected.add(header[0].text, table.column(0));
  if (!one.ok() || !same(one.value(), one_expected)) return "one column alone differs";
  std::string written;
  append_csv_header(table, written);
  append_csv_rows(table, written);
  typed.separator = ',';
  typed.max_record_bytes = CsvOptions().max_record_bytes;
  const auto again = read_csv(written, typed);
  if (!again.ok()) return "what was written is refused: " + again.error().message;
  return same(again.value(), table) ? "" : "what was written reads back differently";
}

}  // namespace scoria::table::reference
