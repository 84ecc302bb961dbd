#include "arrowio/module/files.h"

#include <arrow/config.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/io/file.h>
#include <arrow/util/config.h>
#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "arrowio/uri.h"

namespace scoria::arrowio {
namespace {

// Since Arrow 21 or so the client of S3 is a library of its own, which registers itself when it is loaded; it lies beside
// libarrow. Older versions have it built in, and then there is no such file and nothing to do.
arrow::Status load_s3() {
#if ARROW_VERSION_MAJOR >= 21
  static std::once_flag once;
  static arrow::Status status;
  std::call_once(once, [] {
    Dl_info info{};
    auto known = reinterpret_cast<void*>(&arrow::GetBuildInfo);
    if (dladdr(known, &info) == 0 || info.dli_fname == nullptr) return;
    const std::filesystem::path beside =
        std::filesystem::path(info.dli_fname).replace_filename("libarrow_s3.so." ARROW_SO_VERSION);
    std::error_code error;
    if (std::filesystem::exists(beside, error)) status = arrow::fs::LoadFileSystemFactories(beside.c_str());
  });
  return status;
#else
  return arrow::Status::OK();
#endif
}

arrow::Result<std::shared_ptr<arrow::fs::FileSystem>> file_system(const std::string& uri, std::string* path) {
  if (uri.rfind("s3://", 0) != 0) return arrow::fs::FileSystemFromUri(uri, path);
  ARROW_RETURN_NOT_OK(load_s3());
  auto store = arrow::fs::FileSystemFromUri(uri, path);
  // The client's threads must be gone before the statics that they use, which the first client has made by now.
  static std::once_flag once;
  std::call_once(once, [] { std::atexit([] { arrow::fs::EnsureFinalized(); }); });
  return store;
}

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
  std::string inner;
  ARROW_ASSIGN_OR_RAISE(auto store, file_system(path, &inner));
  return store->OpenInputFile(inner);
}

arrow::Result<std::shared_ptr<arrow::io::InputStream>> open_stream(const std::string& uri) {
  std::string inner;
  ARROW_ASSIGN_OR_RAISE(auto store, file_system(uri, &inner));
  return store->OpenInputStream(inner);
}

arrow::Result<std::shared_ptr<arrow::io::OutputStream>> open_object(const std::string& uri) {
  std::string inner;
  ARROW_ASSIGN_OR_RAISE(auto store, file_system(uri, &inner));
  return store->OpenOutputStream(inner);
}

std::shared_ptr<arrow::io::OutputStream> sink_stream(ModuleSink sink) { return std::make_shared<SinkStream>(sink); }

}  // namespace scoria::arrowio
