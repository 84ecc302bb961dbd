#include "cli/rows.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "base/byte_source.h"

namespace scoria::cli {
namespace {

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

Result<RowReader> RowReader::open(const std::string& path, table::CsvOptions options) {
  SCORIA_TRY(format, table::format_of(path));
  SCORIA_TRY(source, open_source(path));
  options.source_name = path == "-" ? "standard input" : "'" + path + "'";
  if (format == table::Format::tsv) options.separator = '\t';
  RowReader reader;
  if (format == table::Format::json_lines) {
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

Result<table::Table> read_whole_table(const std::string& path, table::CsvOptions options) {
  SCORIA_TRY(reader, RowReader::open(path, std::move(options)));
  SCORIA_TRY(all, reader.next(std::numeric_limits<std::size_t>::max()));
  return all.value_or(table::Table());
}

Result<RowWriter> RowWriter::open(const std::string& path) {
  RowWriter writer;
  SCORIA_TRY(format, table::format_of(path));
  if (format == table::Format::tsv || table::has_compression_ending(path)) {
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
  if (format_ == table::Format::json_lines) {
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
