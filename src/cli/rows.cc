#include "cli/rows.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/byte_source.h"

namespace scoria::cli {
namespace {

constexpr std::string_view kCompressions[] = {".gz", ".bz2", ".xz", ".zst"};

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> endings) {
  for (const std::string_view ending : endings) {
    if (text.ends_with(ending)) return true;
  }
  return false;
}

Status write_to_standard_output(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error{Code::unavailable, std::string("cannot write to standard output: ") + std::strerror(errno)};
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return Ok{};
}

}  // namespace

Result<Format> format_of(const std::string& path) {
  if (path == "-") return Format::csv;
  std::string_view name = path;
  for (const std::string_view compression : kCompressions) {
    if (name.ends_with(compression)) name.remove_suffix(compression.size());
  }
  if (ends_with_any(name, {".csv", ".txt"})) return Format::csv;
  if (ends_with_any(name, {".tsv"})) return Format::tsv;
  if (ends_with_any(name, {".jsonl", ".ndjson", ".json"})) return Format::json_lines;
  return Error{Code::invalid, "'" + path +
                                  "': the name must end in .csv, .tsv, .jsonl or .ndjson (.gz, .bz2, .xz or .zst " +
                                  "may follow on inputs); use - for standard input or output"};
}

Result<RowReader> RowReader::open(const std::string& path, table::CsvOptions options) {
  SCORIA_TRY(format, format_of(path));
  SCORIA_TRY(source, open_source(path));
  options.source_name = path == "-" ? "standard input" : "'" + path + "'";
  if (format == Format::tsv) options.separator = '\t';
  RowReader reader;
  if (format == Format::json_lines) {
    SCORIA_TRY(json, table::JsonLinesReader::open(std::move(source), std::move(options)));
    reader.json_.emplace(std::move(json));
  } else {
    SCORIA_TRY(csv, table::CsvReader::open(std::move(source), std::move(options)));
    reader.csv_.emplace(std::move(csv));
  }
  return reader;
}

Result<std::optional<table::Table>> RowReader::next(std::size_t max_rows) {
  return csv_ ? csv_->next(max_rows) : json_->next(max_rows);
}

Result<RowWriter> RowWriter::open(const std::string& path) {
  RowWriter writer;
  SCORIA_TRY(format, format_of(path));
  if (format == Format::tsv || ends_with_any(path, {".gz", ".bz2", ".xz", ".zst"})) {
    return Error{Code::unsupported, "'" + path + "': outputs are plain .csv or .jsonl"};
  }
  writer.format_ = format;
  writer.path_ = path;
  if (path != "-") {
    SCORIA_TRY(file, AtomicFile::create(path));
    writer.file_.emplace(std::move(file));
  }
  return writer;
}

Status RowWriter::write(const table::Table& rows) {
  if (format_ == Format::json_lines) {
    table::append_json_lines(rows, buffer_);
  } else {
    if (!has_header_) table::append_csv_header(rows, buffer_);
    table::append_csv_rows(rows, buffer_);
  }
  has_header_ = true;
  constexpr std::size_t kFlushAt = 1 << 20;
  return buffer_.size() >= kFlushAt ? flush() : Ok{};
}

Status RowWriter::flush() {
  SCORIA_TRY_STATUS(file_ ? file_->write(buffer_) : write_to_standard_output(buffer_));
  buffer_.clear();
  return Ok{};
}

Status RowWriter::finish() {
  SCORIA_TRY_STATUS(flush());
  return file_ ? file_->commit() : Ok{};
}

}  // namespace scoria::cli
