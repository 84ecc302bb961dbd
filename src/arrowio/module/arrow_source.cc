#include <arrow/api.h>
#include <arrow/io/buffered.h>
#include <arrow/ipc/reader.h>

#include <algorithm>
#include <cstring>

#include "arrowio/module/batch_source.h"
#include "arrowio/module/files.h"

namespace scoria::arrowio {
namespace {

constexpr std::string_view kFileMagic = "ARROW1";
constexpr std::string_view kFeather1Magic = "FEA1";

// Batches as they were written are cut to the size that was asked for.
class ArrowSource : public BatchSource {
 public:
  explicit ArrowSource(std::int64_t max_rows) : max_rows_(max_rows) {}

  std::vector<std::string> names() const override { return names_; }
  std::shared_ptr<const arrow::KeyValueMetadata> metadata() const override { return metadata_; }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> next() override {
    while (batch_ == nullptr || at_ == batch_->num_rows()) {
      at_ = 0;
      ARROW_ASSIGN_OR_RAISE(batch_, read());
      if (batch_ == nullptr) return batch_;
      // Arrow believes the lengths that a message states; what comes after reads buffers by them.
      ARROW_RETURN_NOT_OK(batch_->Validate());
    }
    const std::int64_t rows = std::min(max_rows_, batch_->num_rows() - at_);
    auto piece = batch_->Slice(at_, rows);
    at_ += rows;
    return piece;
  }

 protected:
  // The next batch of the file; nullptr at its end.
  virtual arrow::Result<std::shared_ptr<arrow::RecordBatch>> read() = 0;

  void set_schema(const arrow::Schema& schema) {
    names_ = schema.field_names();
    metadata_ = schema.metadata();
  }

 private:
  std::int64_t max_rows_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::int64_t at_ = 0;
  std::vector<std::string> names_;
  std::shared_ptr<const arrow::KeyValueMetadata> metadata_;
};

std::vector<int> wanted_fields(const arrow::Schema& schema, const BatchRequest& request) {
  std::vector<int> fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const std::string& name = schema.field(i)->name();
    if (std::find(request.only->begin(), request.only->end(), name) != request.only->end()) fields.push_back(i);
  }
  return fields;
}

// What is read when no column is wanted: Arrow takes an empty list for all of them.
class ArrowFileSource final : public ArrowSource {
 public:
  static arrow::Result<std::unique_ptr<BatchSource>> open(const std::shared_ptr<arrow::io::RandomAccessFile>& file,
                                                          const BatchRequest& request,
                                                          arrow::ipc::IpcReadOptions options) {
    auto source = std::make_unique<ArrowFileSource>(request.max_rows);
    ARROW_ASSIGN_OR_RAISE(source->reader_, arrow::ipc::RecordBatchFileReader::Open(file, options));
    source->set_schema(*source->reader_->schema());
    if (request.only) {
      options.included_fields = wanted_fields(*source->reader_->schema(), request);
      source->has_columns_ = !options.included_fields.empty();
      ARROW_ASSIGN_OR_RAISE(source->reader_, arrow::ipc::RecordBatchFileReader::Open(file, options));
    }
    return source;
  }

  using ArrowSource::ArrowSource;

 private:
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> read() override {
    if (next_ == reader_->num_record_batches()) return std::shared_ptr<arrow::RecordBatch>();
    ARROW_ASSIGN_OR_RAISE(auto batch, reader_->ReadRecordBatch(next_++));
    return has_columns_ ? batch : batch->SelectColumns({});
  }

  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader_;
  int next_ = 0;
  bool has_columns_ = true;
};

class ArrowStreamSource final : public ArrowSource {
 public:
  static arrow::Result<std::unique_ptr<BatchSource>> open(const std::shared_ptr<arrow::io::InputStream>& stream,
                                                          const BatchRequest& request,
                                                          const arrow::ipc::IpcReadOptions& options) {
    auto source = std::make_unique<ArrowStreamSource>(request.max_rows);
    ARROW_ASSIGN_OR_RAISE(source->reader_, arrow::ipc::RecordBatchStreamReader::Open(stream, options));
    source->set_schema(*source->reader_->schema());
    if (request.only) source->wanted_ = wanted_fields(*source->reader_->schema(), request);
    return source;
  }

  using ArrowSource::ArrowSource;

 private:
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> read() override {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(reader_->ReadNext(&batch));
    if (batch == nullptr || !wanted_) return batch;
    return batch->SelectColumns(*wanted_);
  }

  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> reader_;
  std::optional<std::vector<int>> wanted_;
};

}  // namespace

arrow::Result<std::unique_ptr<BatchSource>> open_arrow(const std::string& path, const BatchRequest& request,
                                                       arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto file, open_random(path, pool));
  ARROW_ASSIGN_OR_RAISE(auto head, file->ReadAt(0, 8));
  const std::string_view magic(*head);
  arrow::ipc::IpcReadOptions options;
  options.memory_pool = pool;
  options.max_recursion_depth = 32;
  if (magic.substr(0, kFileMagic.size()) == kFileMagic) return ArrowFileSource::open(file, request, options);
  if (magic.substr(0, kFeather1Magic.size()) == kFeather1Magic) {
    return arrow::Status::NotImplemented(
        "this is Feather version 1 of 2016; write it again as version 2, which is Arrow's file");
  }
  ARROW_RETURN_NOT_OK(file->Seek(0));
  return ArrowStreamSource::open(file, request, options);
}

}  // namespace scoria::arrowio
