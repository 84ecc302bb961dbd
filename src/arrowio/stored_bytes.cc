#include "arrowio/stored_bytes.h"

#include "arrowio/module_library.h"
#include "arrowio/uri.h"

namespace scoria::arrowio {
namespace {

class ObjectSource final : public ByteSource {
 public:
  ObjectSource(const ModuleApi* api, ModuleInput* input, std::string uri)
      : api_(api), input_(input), uri_(std::move(uri)) {}
  ObjectSource(const ObjectSource&) = delete;
  ObjectSource& operator=(const ObjectSource&) = delete;
  ~ObjectSource() override { api_->close_input(input_); }

  Result<std::size_t> read(std::span<char> into) override {
    ModuleError error{};
    const std::int64_t count = api_->read(input_, into.data(), into.size(), &error);
    if (count < 0) return from_module(uri_, error);
    return static_cast<std::size_t>(count);
  }

 private:
  const ModuleApi* api_;
  ModuleInput* input_;
  std::string uri_;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path) {
  if (!is_uri(path)) return open_source(path);
  SCORIA_TRY(object, open_as_stored(path));
  return decompressed(std::move(object), "'" + without_secrets(without_query(path)) + "'");
}

Result<std::unique_ptr<ByteSource>> open_as_stored(const std::string& path) {
  if (!is_uri(path)) return open_plain_source(path);
  SCORIA_TRY(api, load_module(path));
  ModuleError error{};
  ModuleInput* input = api->open_input(path.c_str(), &error);
  if (input == nullptr) return from_module(path, error);
  return std::unique_ptr<ByteSource>(std::make_unique<ObjectSource>(api, input, path));
}

struct OutputFile::Object {
  Object(const ModuleApi* module, ModuleOutput* to, std::string name) : api(module), output(to), uri(std::move(name)) {}
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  ~Object() { api->close_output(output); }

  const ModuleApi* api;
  ModuleOutput* output;
  std::string uri;
};

OutputFile::OutputFile(AtomicFile file) : file_(std::move(file)) {}
OutputFile::OutputFile(std::unique_ptr<Object> object) : object_(std::move(object)) {}
OutputFile::OutputFile(OutputFile&&) noexcept = default;
OutputFile::~OutputFile() = default;

Result<OutputFile> OutputFile::create(const std::string& path) {
  if (!is_uri(path)) {
    SCORIA_TRY(file, AtomicFile::create(path));
    return OutputFile(std::move(file));
  }
  SCORIA_TRY(api, load_module(path));
  ModuleError error{};
  ModuleOutput* output = api->open_output(path.c_str(), &error);
  if (output == nullptr) return from_module(path, error);
  return OutputFile(std::make_unique<Object>(api, output, path));
}

Status OutputFile::write(std::string_view bytes) {
  if (file_) return file_->write(bytes);
  ModuleError error{};
  if (object_->api->write_output(object_->output, bytes.data(), bytes.size(), &error)) return Ok{};
  return from_module(object_->uri, error);
}

Status OutputFile::commit() {
  if (file_) return file_->commit();
  ModuleError error{};
  if (object_->api->commit_output(object_->output, &error)) return Ok{};
  return from_module(object_->uri, error);
}

}  // namespace scoria::arrowio
