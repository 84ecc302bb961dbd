// Rows in and out of files: CSV, JSON lines, Parquet or Arrow by the file's name; local paths, URIs of object stores, and "-" for standard
// input and output.
// Threads: one caller at a time per object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrowio/columnar_reader.h"
#include "arrowio/columnar_writer.h"
#include "arrowio/stored_bytes.h"
#include "base/result.h"
#include "net/sha256.h"
#include "table/csv.h"
#include "table/file_format.h"
#include "table/json_lines.h"
#include "table/table.h"

namespace scoria::plan {

// For what one batch of rows is: few enough rows that wide tables, too, take some 32 MB. `columns` at least 1.
std::size_t batch_rows_for(std::size_t columns);

class RowReader {
 public:
  // `options.source_name` is set from the path. Parquet and Arrow have types of their own: `types` is not looked at.
  static Result<RowReader> open(const std::string& path, table::CsvOptions options, std::uint64_t memory_limit);

  // Text that `source` gives decompressed, as if it were read from `path`, in batches of `batch_rows` or, for 0, as open() does.
  // Precondition: the path's format is text.
  static Result<RowReader> over(std::unique_ptr<ByteSource> source, const std::string& path, table::CsvOptions options,
                                std::size_t batch_rows = 0);

  // The next rows, in the input's order: about batch_rows_for() of them. nullopt at the end.
  Result<std::optional<table::Table>> next();
  // All that are left, in one table; types are inferred over all of them.
  Result<table::Table> rest();
  // The input's columns where the format says them beforehand; nullptr for JSON lines.
  const std::vector<std::string>* header() const;

 private:
  std::size_t batch_rows_ = 0;
  std::optional<table::CsvReader> csv_;
  std::optional<table::JsonLinesReader> json_;
  std::optional<arrowio::ColumnarReader> columnar_;
};

// All of a file's rows in one table.
Result<table::Table> read_whole_table(const std::string& path, table::CsvOptions options,
                                      std::uint64_t memory_limit = 16ull << 30);

// Key and value, for formats that have room for them (Parquet, Arrow); others drop them.
using FileMetadata = std::vector<std::pair<std::string, std::string>>;

// The key under which an output's metadata holds where it came from.
inline constexpr char kProvenanceKey[] = "scoria";

// A file appears under its name when it is committed, and not at all otherwise.
class RowWriter {
 public:
  // Errors: unsupported (a format that is only read, no Arrow module), and the file's own.
  static Result<RowWriter> open(const std::string& path, const FileMetadata& metadata);
  RowWriter(RowWriter&&) noexcept;
  ~RowWriter();

  // At least once. The first call writes the header. Errors: exhausted, unavailable.
  Status write(const table::Table& rows);
  // Writes what is left. Then either commit() or take_file().
  Status end();
  Status commit();
  arrowio::OutputFile take_file();

  // Of all that was written; after end().
  std::uint64_t bytes() const;
  std::string sha256();

 private:
  struct State;
  explicit RowWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace scoria::plan
