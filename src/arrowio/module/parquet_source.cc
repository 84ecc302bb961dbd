#include <arrow/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include <algorithm>

#include "arrowio/module/batch_source.h"
#include "arrowio/module/files.h"
#include "arrowio/uri.h"

namespace scoria::arrowio {
namespace {

void add_leaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.column_index >= 0) leaves.push_back(field.column_index);
  for (const auto& child : field.children) add_leaves(child, leaves);
}

class ParquetSource final : public BatchSource {
 public:
  ParquetSource(std::unique_ptr<parquet::arrow::FileReader> reader, const BatchRequest& request)
      : reader_(std::move(reader)), max_rows_(request.max_rows) {
    for (const auto& field : reader_->manifest().schema_fields) {
      const std::string& name = field.field->name();
      names_.push_back(name);
      if (!request.only || std::find(request.only->begin(), request.only->end(), name) != request.only->end()) {
        add_leaves(field, leaves_);
      }
    }
  }

  std::vector<std::string> names() const override { return names_; }
  std::shared_ptr<const arrow::KeyValueMetadata> metadata() const override {
    return reader_->parquet_reader()->metadata()->key_value_metadata();
  }

  // Row group by row group: what a reader of several holds on to is then one of them at most.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> next() override {
    for (;;) {
      if (group_ == nullptr) {
        if (next_group_ == reader_->num_row_groups()) return std::shared_ptr<arrow::RecordBatch>();
        ARROW_ASSIGN_OR_RAISE(group_, open_group(next_group_++));
        rows_left_ = reader_->parquet_reader()->metadata()->RowGroup(next_group_ - 1)->num_rows();
        if (rows_left_ < 0) return arrow::Status::Invalid("a row group has a negative number of rows");
      }
      if (leaves_.empty()) return rows_only();
      ARROW_ASSIGN_OR_RAISE(auto batch, group_->Next());
      if (batch == nullptr && rows_left_ != 0) {
        return arrow::Status::Invalid("row group ", next_group_, " ends ", rows_left_, " rows early");
      }
      if (batch == nullptr) {
        group_.reset();
        continue;
      }
      rows_left_ -= batch->num_rows();
      if (batch->num_rows() > 0) return batch;
    }
  }

 private:
  arrow::Result<std::unique_ptr<arrow::RecordBatchReader>> open_group(int group) {
    return reader_->GetRecordBatchReader({group}, leaves_);
  }

  // A model without columns still has rows to score.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> rows_only() {
    const std::int64_t rows = std::min(max_rows_, rows_left_);
    rows_left_ -= rows;
    if (rows_left_ == 0) group_.reset();
    if (rows == 0) return next();
    return arrow::RecordBatch::Make(arrow::schema({}), rows, arrow::ArrayVector{});
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::int64_t max_rows_;
  std::vector<std::string> names_;
  std::vector<int> leaves_;
  int next_group_ = 0;
  std::int64_t rows_left_ = 0;
  std::unique_ptr<arrow::RecordBatchReader> group_;
};

}  // namespace

arrow::Result<std::unique_ptr<BatchSource>> open_parquet(const std::string& path, const BatchRequest& request,
                                                         arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto file, open_random(path, pool));
  parquet::ReaderProperties properties(pool);
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/true);
  arrow_properties.set_batch_size(request.max_rows);
  // A local disk is read page by page, whatever the size of a row group. A store answers in 50 ms: there a row group's columns are
  // asked for at once.
  arrow_properties.set_pre_buffer(is_uri(path));
  if (!is_uri(path)) properties.enable_buffered_stream();
  properties.set_buffer_size(1 << 18);
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(std::move(file), properties));
  std::unique_ptr<parquet::arrow::FileReader> reader;
  ARROW_RETURN_NOT_OK(builder.memory_pool(pool)->properties(arrow_properties)->Build(&reader));
  return std::make_unique<ParquetSource>(std::move(reader), request);
}

}  // namespace scoria::arrowio
