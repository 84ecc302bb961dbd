#include "arrowio/module/files.h"

#include <arrow/io/file.h>

#include "arrowio/module/object_store.h"
#include "arrowio/uri.h"

namespace scoria::arrowio {
namespace {

class SinkStream final : public arrow::io::OutputStream {
 public:
  explicit SinkStream(ModuleSink sink) : sink_(sink) { set_mode(arrow::io::FileMode::WRITE); }

  arrow::Status Close() override {
    is_closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return is_closed_; }
  arrow::Result<std::int64_t> Tell() const override { return written_; }
  arrow::Status Write(const void* data, std::int64_t size) override {
    if (is_closed_) return arrow::Status::OK();  // a writer that is dropped ends its file; nobody wants to see that
    ModuleError error{};
    if (!sink_.write(sink_.context, data, static_cast<std::uint64_t>(size), &error)) {
      return arrow::Status::IOError(error.message);
    }
    written_ += size;
    return arrow::Status::OK();
  }
  using arrow::io::OutputStream::Write;

 private:
  ModuleSink sink_;
  std::int64_t written_ = 0;
  bool is_closed_ = false;
};

}  // namespace

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_random(const std::string& path,
                                                                        arrow::MemoryPool* pool) {
  if (!is_uri(path)) return arrow::io::ReadableFile::Open(path, pool);
  return in_store(path, [](const ObjectPlace& place) { return place.store->OpenInputFile(place.path); });
}

arrow::Result<std::shared_ptr<arrow::io::InputStream>> open_stream(const std::string& uri) {
  return in_store(uri, [](const ObjectPlace& place) { return place.store->OpenInputStream(place.path); });
}

std::shared_ptr<arrow::io::OutputStream> sink_stream(ModuleSink sink) { return std::make_shared<SinkStream>(sink); }

}  // namespace scoria::arrowio
