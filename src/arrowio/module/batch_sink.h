// Record batches into a Parquet or Arrow file.
// Threads: one caller at a time. Owns: nothing of the program; bytes go to the stream it was given.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/util/key_value_metadata.h>

#include <memory>

#include "arrowio/module.h"

namespace scoria::arrowio {

class BatchSink {
 public:
  virtual ~BatchSink() = default;
  virtual arrow::Status write(const arrow::RecordBatch& batch) = 0;
  virtual arrow::Status finish() = 0;
};

// Parquet: zstd, row groups of a million rows, fewer where a million would take more than some 128 MB. Arrow: not compressed, so
// that it can be mapped. `metadata` goes where pyarrow shows it: the schema's metadata.
arrow::Result<std::unique_ptr<BatchSink>> open_sink(ModuleFormat format, const std::shared_ptr<arrow::Schema>& schema,
                                                    const std::shared_ptr<const arrow::KeyValueMetadata>& metadata,
                                                    std::shared_ptr<arrow::io::OutputStream> out);

}  // namespace scoria::arrowio
