// An input whose first rows are looked at before all of it is read: even a pipe is then read from its start.
// Threads: one caller at a time. Owns: its source, and the bytes that were looked at until they are read again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/byte_source.h"
#include "base/result.h"
#include "plan/row_files.h"
#include "table/csv.h"
#include "table/table.h"

namespace scoria::plan {

class PeekedInput {
 public:
  // `path` as RowReader::open()'s.
  PeekedInput(std::string path, std::uint64_t memory_limit) : path_(std::move(path)), memory_limit_(memory_limit) {}

  struct FirstRows {
    std::optional<std::vector<std::string>> header;  // nullopt for JSON lines
    table::Table rows;                               // about a thousand
  };
  // At most once, before reader(). Errors: RowReader's.
  Result<FirstRows> first(const table::CsvOptions& options);
  // Once. Errors: RowReader's.
  Result<RowReader> reader(const table::CsvOptions& options);

 private:
  std::string path_;
  std::uint64_t memory_limit_;
  std::shared_ptr<ByteSource> source_;     // null: not yet opened, or opened by path each time
  std::shared_ptr<std::string> recorded_;  // what first() took from source_
};

}  // namespace scoria::plan
