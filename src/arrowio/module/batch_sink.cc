#include "arrowio/module/batch_sink.h"

#include <arrow/api.h>
#include <arrow/ipc/writer.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <algorithm>

namespace scoria::arrowio {
namespace {

class ParquetSink final : public BatchSink {
 public:
  explicit ParquetSink(std::unique_ptr<parquet::arrow::FileWriter> writer) : writer_(std::move(writer)) {}

  arrow::Status write(const arrow::RecordBatch& batch) override { return writer_->WriteRecordBatch(batch); }
  arrow::Status finish() override { return writer_->Close(); }

 private:
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

class ArrowSink final : public BatchSink {
 public:
  explicit ArrowSink(std::shared_ptr<arrow::ipc::RecordBatchWriter> writer) : writer_(std::move(writer)) {}

  arrow::Status write(const arrow::RecordBatch& batch) override { return writer_->WriteRecordBatch(batch); }
  arrow::Status finish() override { return writer_->Close(); }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

std::int64_t rows_of_a_group(const arrow::Schema& schema) {
  constexpr std::int64_t kBytes = 128 << 20;
  const std::int64_t row = 8 * std::max(schema.num_fields(), 1);
  return std::clamp<std::int64_t>(kBytes / row, 16'384, 1'048'576);
}

}  // namespace

arrow::Result<std::unique_ptr<BatchSink>> open_sink(ModuleFormat format, const std::shared_ptr<arrow::Schema>& schema,
                                                    const std::shared_ptr<const arrow::KeyValueMetadata>& metadata,
                                                    std::shared_ptr<arrow::io::OutputStream> out) {
  const auto with_metadata = schema->WithMetadata(metadata);
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  if (format == ModuleFormat::parquet) {
    parquet::WriterProperties::Builder properties;
    properties.memory_pool(pool)
        ->compression(parquet::Compression::ZSTD)
        ->max_row_group_length(rows_of_a_group(*schema));
    parquet::ArrowWriterProperties::Builder arrow_properties;
    arrow_properties.store_schema();  // keeps factors and their order
    ARROW_ASSIGN_OR_RAISE(auto writer, parquet::arrow::FileWriter::Open(*with_metadata, pool, std::move(out),
                                                                        properties.build(), arrow_properties.build()));
    return std::make_unique<ParquetSink>(std::move(writer));
  }
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.memory_pool = pool;
  options.emit_dictionary_deltas = true;
  ARROW_ASSIGN_OR_RAISE(auto writer, format == ModuleFormat::arrow_file
                                         ? arrow::ipc::MakeFileWriter(std::move(out), with_metadata, options)
                                         : arrow::ipc::MakeStreamWriter(std::move(out), with_metadata, options));
  return std::make_unique<ArrowSink>(std::move(writer));
}

}  // namespace scoria::arrowio
