// Record batches of a Parquet or Arrow file, one after the other, with the columns that are wanted.
// Source: parquet.apache.org/docs/file-format, arrow.apache.org/docs/format/Columnar.html, by Arrow C++.
// Threads: one caller at a time. Owns: the file. Borrows: the pool, which must outlive every batch.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrowio/module.h"

namespace scoria::arrowio {

struct BatchRequest {
  std::optional<std::vector<std::string>> only;
  std::int64_t max_rows = 1;
};

class BatchSource {
 public:
  virtual ~BatchSource() = default;

  // All columns of the file, wanted or not, in its order.
  virtual std::vector<std::string> names() const = 0;
  // The file's own key-value metadata; may be null.
  virtual std::shared_ptr<const arrow::KeyValueMetadata> metadata() const = 0;
  // nullptr at the end. At most the rows that were asked for, fewer where a row group or batch of the file ends.
  virtual arrow::Result<std::shared_ptr<arrow::RecordBatch>> next() = 0;
};

// Memory: about the pages of the wanted columns that one batch needs, for a local file; a row group's wanted columns, for a store.
arrow::Result<std::unique_ptr<BatchSource>> open_parquet(const std::string& path, const BatchRequest& request,
                                                         arrow::MemoryPool* pool);
// A file or a stream, by its first bytes. Memory: one batch as it was written.
arrow::Result<std::unique_ptr<BatchSource>> open_arrow(const std::string& path, const BatchRequest& request,
                                                       arrow::MemoryPool* pool);

}  // namespace scoria::arrowio
