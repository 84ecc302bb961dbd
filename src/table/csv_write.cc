#include <array>
#include <cstring>
#include <span>

#include "table/csv.h"
#include "table/number_format.h"

namespace scoria::table {
namespace {

// Collects small pieces before they go to the string: one capacity check per cell instead of one per byte.
class Output {
 public:
  explicit Output(std::string& out) : out_(out) {}
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // `size` bytes to be written into; advance_to() says how far.
  char* room(std::size_t size) {
    if (size > buffer_.size() - used_) flush();
    return buffer_.data() + used_;
  }
  void advance_to(const char* end) { used_ = static_cast<std::size_t>(end - buffer_.data()); }

  void put(char c) {
    *room(1) = c;
    ++used_;
  }
  void put(std::string_view text) {
    if (text.size() > buffer_.size() - used_) {
      flush();
      if (text.size() > buffer_.size()) {
        out_ += text;
        return;
      }
    }
    std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void put_quoted(std::string_view text) {
    put('"');
    for (std::size_t quote; (quote = text.find('"')) != std::string_view::npos; text.remove_prefix(quote + 1)) {
      put(text.substr(0, quote + 1));
      put('"');
    }
    put(text);
    put('"');
  }

 private:
  void flush() {
    out_.append(buffer_.data(), used_);
    used_ = 0;
  }

  std::string& out_;
  std::array<char, 16384> buffer_;
  std::size_t used_ = 0;
};

bool needs_quotes(std::string_view text) { return text.find_first_of(",\"\n\r") != std::string_view::npos; }

void put_text(Output& out, std::string_view text, CsvText style) {
  if (style == CsvText::quoted || needs_quotes(text)) {
    out.put_quoted(text);
  } else {
    out.put(text);
  }
}

// A column with what is needed of it at hand, so that a cell costs no checks.
struct Writing {
  explicit Writing(const Column& source)
      : column(&source), type(source.type()), has_nulls(!source.validity().all_valid()) {
    switch (type) {
      case Type::logical: logicals = source.logicals(); break;
      case Type::integer: integers = source.integers(); break;
      case Type::real: reals = source.reals(); break;
      case Type::factor: integers = source.codes(); break;
      case Type::text: break;
    }
  }

  const Column* column;
  Type type;
  bool has_nulls;
  std::span<const double> reals;
  std::span<const std::int32_t> integers;
  std::span<const std::uint8_t> logicals;
};

void put_cell(Output& out, const Writing& writing, std::size_t row, CsvText style) {
  if (writing.has_nulls && writing.column->is_null(row)) return out.put(std::string_view("NA"));
  switch (writing.type) {
    case Type::real: return out.advance_to(write_real(out.room(kNumberRoom), writing.reals[row]));
    case Type::integer: return out.advance_to(write_integer(out.room(kNumberRoom), writing.integers[row]));
    case Type::logical: return out.put(std::string_view(writing.logicals[row] != 0 ? "TRUE" : "FALSE"));
    case Type::text: return put_text(out, writing.column->text_at(row), style);
    case Type::factor:
      return put_text(out, writing.column->levels()[static_cast<std::size_t>(writing.integers[row])], style);
  }
}

}  // namespace

void append_csv_header(const Table& table, std::string& out) {
  Output output(out);
  for (std::size_t i = 0; i < table.columns(); ++i) {
    if (i > 0) output.put(',');
    const std::string& name = table.names()[i];
    // An empty name alone would be a blank line, and a byte order mark in front would be taken for the file's own.
    if (name.empty() || needs_quotes(name) || name.starts_with("\xEF\xBB\xBF")) {
      output.put_quoted(name);
    } else {
      output.put(std::string_view(name));
    }
  }
  output.put('\n');
}

void append_csv_rows(const Table& table, std::string& out, CsvText style) {
  std::vector<Writing> columns;
  for (std::size_t i = 0; i < table.columns(); ++i) columns.emplace_back(*table.column(i));
  // Alone in its line, an empty cell would be a blank line.
  if (columns.size() == 1) style = CsvText::quoted;
  Output output(out);
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
