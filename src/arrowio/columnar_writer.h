// Writes tables as Parquet or Arrow, batch by batch, to wherever the caller puts bytes.
// Threads: one caller at a time. Owns: the writer. Borrows: what the sink refers to, until finish() or its end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "table/file_format.h"
#include "table/table.h"

namespace scoria::arrowio {

class ColumnarWriter {
 public:
  using Sink = std::function<Status(std::string_view)>;

  // `metadata` goes into the file's own key-value metadata. Errors: unsupported (no module).
  static Result<ColumnarWriter> open(table::Format format, std::string name, Sink sink,
                                     const std::vector<std::pair<std::string, std::string>>& metadata);
  ColumnarWriter(ColumnarWriter&&) noexcept;
  ~ColumnarWriter();

  // At least one call; all tables have the columns and types of the first. Types: logical bool, integer int32, double float64, character
  // large_utf8, factor a dictionary of it. Errors: the sink's own; invalid, when the columns differ.
  Status write(const table::Table& rows);
  Status finish();

 private:
  struct State;
  explicit ColumnarWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace scoria::arrowio
