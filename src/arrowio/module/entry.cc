// The module's functions, as module.h says them.
#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/config.h>
#include <arrow/util/config.h>

#include <filesystem>

#include "arrowio/module.h"
#include "arrowio/module/batch_sink.h"
#include "arrowio/module/batch_source.h"
#include "arrowio/module/files.h"
#include "arrowio/module/limited_pool.h"
#include "arrowio/module/object_upload.h"
#include "arrowio/module/outcome.h"

namespace scoria::arrowio {

struct ModuleReader {
  explicit ModuleReader(std::uint64_t limit) : pool(LimitedPool::acquire(limit)) {}
  ModuleReader(const ModuleReader&) = delete;
  ModuleReader& operator=(const ModuleReader&) = delete;
  ~ModuleReader() {
    source.reset();
    pool->release();
  }

  LimitedPool* pool;
  std::unique_ptr<BatchSource> source;
  std::vector<std::string> names;
  std::string found;  // by metadata()
};

struct ModuleWriter {
  ModuleFormat format;
  std::shared_ptr<const arrow::KeyValueMetadata> metadata;
  std::shared_ptr<arrow::io::OutputStream> stream;
  std::shared_ptr<arrow::Schema> schema;
  std::unique_ptr<BatchSink> batches;  // once there is a schema
};

struct ModuleInput {
  std::shared_ptr<arrow::io::InputStream> stream;
};

struct ModuleOutput {
  std::unique_ptr<ObjectUpload> upload;
};

namespace {

ModuleReader* open_reader(const char* path, ModuleFormat format, const ModuleReadOptions* options, ModuleError* error) {
  return guarded<ModuleReader*>(error, nullptr, [&]() -> arrow::Result<ModuleReader*> {
    auto reader = std::make_unique<ModuleReader>(options->memory_limit);
    BatchRequest request{.max_rows = options->max_batch_rows};
    if (options->only_count >= 0) request.only.emplace(options->only, options->only + options->only_count);
    ARROW_ASSIGN_OR_RAISE(reader->source, format == ModuleFormat::parquet ? open_parquet(path, request, reader->pool)
                                                                          : open_arrow(path, request, reader->pool));
    reader->names = reader->source->names();
    return reader.release();
  });
}

std::int64_t column_count(const ModuleReader* reader) { return static_cast<std::int64_t>(reader->names.size()); }

const char* column_name(const ModuleReader* reader, std::int64_t index) {
  return reader->names[static_cast<std::size_t>(index)].c_str();
}

const char* metadata(ModuleReader* reader, const char* key) {
  const auto all = reader->source->metadata();
  if (all == nullptr) return nullptr;
  const int index = all->FindKey(key);
  if (index < 0) return nullptr;
  reader->found = all->value(index);
  return reader->found.c_str();
}

std::int32_t next(ModuleReader* reader, ArrowSchema* schema, ArrowArray* batch, ModuleError* error) {
  return guarded<std::int32_t>(error, -1, [&]() -> arrow::Result<std::int32_t> {
    ARROW_ASSIGN_OR_RAISE(const auto rows, reader->source->next());
    if (rows == nullptr) return 0;
    ARROW_RETURN_NOT_OK(arrow::ExportRecordBatch(*rows, batch, schema));
    return 1;
  });
}

void close_reader(ModuleReader* reader) { delete reader; }

ModuleWriter* open_writer(ModuleFormat format, ModuleSink sink, const ModuleKeyValue* entries, std::int64_t count,
                          ModuleError* error) {
  return guarded<ModuleWriter*>(error, nullptr, [&]() -> arrow::Result<ModuleWriter*> {
    auto known = std::make_shared<arrow::KeyValueMetadata>();
    for (std::int64_t i = 0; i < count; ++i) known->Append(entries[i].key, entries[i].value);
    return new ModuleWriter{format, std::move(known), sink_stream(sink), nullptr, nullptr};
  });
}

bool write(ModuleWriter* writer, ArrowSchema* schema, ArrowArray* batch, ModuleError* error) {
  return guarded<bool>(error, false, [&]() -> arrow::Result<bool> {
    ARROW_ASSIGN_OR_RAISE(const auto rows, arrow::ImportRecordBatch(batch, schema));
    if (writer->batches == nullptr) {
      ARROW_ASSIGN_OR_RAISE(writer->batches,
                            open_sink(writer->format, rows->schema(), writer->metadata, writer->stream));
      writer->schema = rows->schema();
    } else if (!rows->schema()->Equals(*writer->schema)) {
      return arrow::Status::Invalid("a batch has other columns than the first one: ", rows->schema()->ToString(),
                                    " after ", writer->schema->ToString());
    }
    ARROW_RETURN_NOT_OK(writer->batches->write(*rows));
    return true;
  });
}

bool finish_writer(ModuleWriter* writer, ModuleError* error) {
  return guarded<bool>(error, false, [&]() -> arrow::Result<bool> {
    if (writer->batches == nullptr)
      return arrow::Status::Invalid("a file of rows needs one batch, if only an empty one");
    ARROW_RETURN_NOT_OK(writer->batches->finish());
    return true;
  });
}

// Arrow's writers finish their file when they go; a closed stream swallows that.
void close_writer(ModuleWriter* writer) {
  ModuleError ignored{};
  (void)guarded<bool>(&ignored, false, [&]() -> arrow::Result<bool> {
    const std::unique_ptr<ModuleWriter> owned(writer);
    ARROW_RETURN_NOT_OK(owned->stream->Close());
    return true;
  });
}

ModuleInput* open_input(const char* uri, ModuleError* error) {
  return guarded<ModuleInput*>(error, nullptr, [&]() -> arrow::Result<ModuleInput*> {
    ARROW_ASSIGN_OR_RAISE(auto stream, open_stream(uri));
    return new ModuleInput{std::move(stream)};
  });
}

std::int64_t read(ModuleInput* input, void* into, std::uint64_t size, ModuleError* error) {
  return guarded<std::int64_t>(error, -1, [&] {
    return input->stream->Read(static_cast<std::int64_t>(std::min(size, std::uint64_t{1} << 30)), into);
  });
}

void close_input(ModuleInput* input) { delete input; }

ModuleOutput* open_output(const char* uri, ModuleError* error) {
  return guarded<ModuleOutput*>(error, nullptr, [&]() -> arrow::Result<ModuleOutput*> {
    ARROW_ASSIGN_OR_RAISE(auto upload, ObjectUpload::open(uri));
    return new ModuleOutput{std::move(upload)};
  });
}

bool write_output(ModuleOutput* output, const void* bytes, std::uint64_t size, ModuleError* error) {
  return guarded<bool>(error, false, [&]() -> arrow::Result<bool> {
    ARROW_RETURN_NOT_OK(output->upload->write(bytes, static_cast<std::int64_t>(size)));
    return true;
  });
}

bool commit_output(ModuleOutput* output, ModuleError* error) {
  return guarded<bool>(error, false, [&]() -> arrow::Result<bool> {
    ARROW_RETURN_NOT_OK(output->upload->commit());
    return true;
  });
}

void close_output(ModuleOutput* output) { delete output; }

constexpr ModuleApi kApi{.abi = kModuleAbi,
                         .size = sizeof(ModuleApi),
                         .arrow_version = ARROW_VERSION_STRING,
                         .open_reader = open_reader,
                         .column_count = column_count,
                         .column_name = column_name,
                         .metadata = metadata,
                         .next = next,
                         .close_reader = close_reader,
                         .open_writer = open_writer,
                         .write = write,
                         .finish_writer = finish_writer,
                         .close_writer = close_writer,
                         .open_input = open_input,
                         .read = read,
                         .close_input = close_input,
                         .open_output = open_output,
                         .write_output = write_output,
                         .commit_output = commit_output,
                         .close_output = close_output};

}  // namespace
}  // namespace scoria::arrowio

extern "C" __attribute__((visibility("default"))) const scoria::arrowio::ModuleApi* scoria_arrow_module() {
  return &scoria::arrowio::kApi;
}
