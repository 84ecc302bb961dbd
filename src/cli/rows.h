// Rows in and out of a command: CSV or JSON lines by the file's name, "-" for standard input and output.
// Threads: one caller at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "table/csv.h"
#include "table/file_format.h"
#include "table/json_lines.h"
#include "table/table.h"

namespace scoria::cli {

class RowReader {
 public:
  // `options.source_name` is set from the path.
  static Result<RowReader> open(const std::string& path, table::CsvOptions options);

  Result<std::optional<table::Table>> next(std::size_t max_rows);
  // The input's columns where the format says them beforehand (CSV); nullptr otherwise.
  const std::vector<std::string>* header() const { return csv_ ? &csv_->header() : nullptr; }

 private:
  std::optional<table::CsvReader> csv_;
  std::optional<table::JsonLinesReader> json_;
};

// All of a file's rows in one table; types are inferred over all of them.
Result<table::Table> read_whole_table(const std::string& path, table::CsvOptions options);

// A file appears under its name when finish() has written all of it, and not at all otherwise.
class RowWriter {
 public:
  static Result<RowWriter> open(const std::string& path);

  // The first call writes the header. Errors: exhausted, unavailable.
  Status write(const table::Table& rows);
  Status finish();

 private:
  Status flush();

  table::Format format_ = table::Format::csv;
  std::string path_;
  std::optional<AtomicFile> file_;  // none for standard output
  bool has_header_ = false;
  std::string buffer_;
};

}  // namespace scoria::cli
