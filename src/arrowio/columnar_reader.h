// Reads tables out of Parquet and Arrow files and object stores, batch by batch, and of the columns only those that are wanted.
// What each of Arrow's types becomes is said in table/arrow_c.h.
// Threads: one caller at a time; Arrow decodes columns on threads of its own. Owns: the file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "table/file_format.h"
#include "table/table.h"

namespace scoria::arrowio {

struct ColumnarOptions {
  // When given, only these columns are read, in the order of the file. Names that the file lacks are not an error.
  std::optional<std::vector<std::string>> only;
  std::size_t batch_rows = 65'536;
  // For what Arrow holds at one time: pages, dictionaries, a batch. A file that needs more is refused.
  std::uint64_t memory_limit = 16ull << 30;
};

class ColumnarReader {
 public:
  // `path` is a file's or a URI; `format` is parquet, arrow_file or arrow_stream (which of these two, the file says itself).
  // Errors: not_found; unsupported (no module; a feature of Parquet); corrupt; unavailable.
  static Result<ColumnarReader> open(const std::string& path, table::Format format, ColumnarOptions options);
  ColumnarReader(ColumnarReader&&) noexcept;
  ~ColumnarReader();

  // All columns of the file.
  const std::vector<std::string>& header() const;
  // What the file's metadata holds under `key`.
  std::optional<std::string> metadata(const std::string& key) const;
  // At most batch_rows rows; nullopt at the end. A file without rows yields one empty batch. After an error every call returns it.
  // Errors: as open(); unsupported and invalid, naming column and row, for what a table cannot hold.
  Result<std::optional<table::Table>> next();

 private:
  struct State;
  explicit ColumnarReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace scoria::arrowio
