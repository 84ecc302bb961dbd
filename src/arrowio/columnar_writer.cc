#include "arrowio/columnar_writer.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "arrowio/module_library.h"
#include "table/arrow_c.h"

namespace scoria::arrowio {

struct ColumnarWriter::State {
  State(const ModuleApi* module, std::string file, Sink to) : api(module), name(std::move(file)), sink(std::move(to)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (writer != nullptr) api->close_writer(writer);
  }

  static bool take(void* context, const void* bytes, std::uint64_t size, ModuleError* error) {
    auto& state = *static_cast<State*>(context);
    Status written = state.sink({static_cast<const char*>(bytes), size});
    if (written.ok()) return true;
    error->code = static_cast<std::int32_t>(written.error().code);
    const std::size_t length = written.error().message.copy(error->message, sizeof error->message - 1);
    error->message[length] = '\0';
    state.sink_failure = std::move(written).error();
    return false;
  }

  // An error of the sink is told as the sink told it, not as Arrow passed it on.
  Error failure(const ModuleError& error) const { return sink_failure ? *sink_failure : from_module(name, error); }

  const ModuleApi* api;
  std::string name;
  Sink sink;
  ModuleWriter* writer = nullptr;
  std::optional<Error> sink_failure;
};

ColumnarWriter::ColumnarWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ColumnarWriter::ColumnarWriter(ColumnarWriter&&) noexcept = default;
ColumnarWriter::~ColumnarWriter() = default;

Result<ColumnarWriter> ColumnarWriter::open(table::Format format, std::string name, Sink sink,
                                            const std::vector<std::pair<std::string, std::string>>& metadata) {
  SCORIA_TRY(api, load_module(name));
  auto state = std::make_unique<State>(api, std::move(name), std::move(sink));
  std::vector<ModuleKeyValue> entries;
  for (const auto& [key, value] : metadata) entries.push_back({key.c_str(), value.c_str()});
  ModuleFormat kind = ModuleFormat::parquet;
  if (format == table::Format::arrow_file) kind = ModuleFormat::arrow_file;
  if (format == table::Format::arrow_stream) kind = ModuleFormat::arrow_stream;
  ModuleError error{};
  state->writer = api->open_writer(kind, {state.get(), State::take}, entries.data(),
                                   static_cast<std::int64_t>(entries.size()), &error);
  if (state->writer == nullptr) return from_module(state->name, error);
  return ColumnarWriter(std::move(state));
}

Status ColumnarWriter::write(const table::Table& rows) {
  table::OwnedSchema schema;
  table::OwnedArray batch;
  table::export_table(rows, schema.out(), batch.out());
  ModuleError error{};
  if (!state_->api->write(state_->writer, schema.out(), batch.out(), &error)) return state_->failure(error);
  return Ok{};
}

Status ColumnarWriter::finish() {
  ModuleError error{};
  if (!state_->api->finish_writer(state_->writer, &error)) return state_->failure(error);
  return Ok{};
}

}  // namespace scoria::arrowio
