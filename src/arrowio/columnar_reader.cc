#include "arrowio/columnar_reader.h"

#include <algorithm>
#include <filesystem>

#include "arrowio/module_library.h"
#include "arrowio/uri.h"
#include "table/arrow_c.h"

namespace scoria::arrowio {
namespace {

ModuleFormat module_format(table::Format format) {
  switch (format) {
    case table::Format::parquet: return ModuleFormat::parquet;
    case table::Format::arrow_stream: return ModuleFormat::arrow_stream;
    default: SCORIA_CHECK(format == table::Format::arrow_file); return ModuleFormat::arrow_file;
  }
}

}  // namespace

struct ColumnarReader::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (reader != nullptr) api->close_reader(reader);
  }

  Result<std::optional<table::Table>> next() {
    table::OwnedSchema schema;
    table::OwnedArray batch;
    ModuleError error{};
    const std::int32_t found = api->next(reader, schema.out(), batch.out(), &error);
    if (found < 0) return from_module(path, error);
    if (found == 0 && has_begun) return std::optional<table::Table>();
    if (found == 0) return empty();
    table::ArrowImportOptions options;
    options.first_row = rows + 1;
    auto table = table::import_batch(schema.get(), batch.get(), options);
    if (!table.ok()) return with_context("'" + shown() + "'", std::move(table).error());
    has_begun = true;
    rows += table.value().rows();
    return std::optional<table::Table>(std::move(table).value());
  }

  // The wanted columns without rows: a file without batches still has columns.
  Result<std::optional<table::Table>> empty() {
    has_begun = true;
    table::Table table(0);
    for (const std::string& name : header) {
      const bool is_wanted = !only || std::find(only->begin(), only->end(), name) != only->end();
      if (is_wanted && !table.position(name)) table.add(name, table::Column::logical({}));
    }
    return std::optional<table::Table>(std::move(table));
  }

  std::string shown() const { return without_secrets(without_query(path)); }

  const ModuleApi* api = nullptr;
  ModuleReader* reader = nullptr;
  std::string path;
  std::vector<std::string> header;
  std::optional<std::vector<std::string>> only;
  std::size_t rows = 0;
  bool has_begun = false;
  std::optional<Error> failure;
};

ColumnarReader::ColumnarReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ColumnarReader::ColumnarReader(ColumnarReader&&) noexcept = default;
ColumnarReader::~ColumnarReader() = default;

Result<ColumnarReader> ColumnarReader::open(const std::string& path, table::Format format, ColumnarOptions options) {
  SCORIA_CHECK(options.batch_rows > 0);
  SCORIA_TRY(api, load_module(path));
  std::error_code failure;
  if (!is_uri(path)) {
    if (!std::filesystem::exists(path, failure)) {
      return Error{Code::not_found, "cannot open '" + path + "': No such file or directory"};
    }
    if (std::filesystem::is_directory(path, failure)) {
      return Error{Code::invalid, "'" + path + "' is a folder, a file is needed"};
    }
  }
  auto state = std::make_unique<State>();
  state->api = api;
  state->path = path;
  std::vector<const char*> names;
  if (options.only) {
    for (const std::string& name : *options.only) names.push_back(name.c_str());
  }
  const ModuleReadOptions request{.only = names.data(),
                                  .only_count = options.only ? static_cast<std::int64_t>(names.size()) : -1,
                                  .max_batch_rows = static_cast<std::int64_t>(options.batch_rows),
                                  .memory_limit = options.memory_limit};
  ModuleError error{};
  state->reader = api->open_reader(path.c_str(), module_format(format), &request, &error);
  if (state->reader == nullptr) return from_module(path, error);
  for (std::int64_t i = 0; i < api->column_count(state->reader); ++i) {
    state->header.emplace_back(api->column_name(state->reader, i));
  }
  state->only = std::move(options.only);
  return ColumnarReader(std::move(state));
}

const std::vector<std::string>& ColumnarReader::header() const { return state_->header; }

std::optional<std::string> ColumnarReader::metadata(const std::string& key) const {
  const char* value = state_->api->metadata(state_->reader, key.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<std::optional<table::Table>> ColumnarReader::next() {
  if (state_->failure) return *state_->failure;
  auto batch = state_->next();
  if (!batch.ok()) state_->failure = batch.error();
  return batch;
}

}  // namespace scoria::arrowio
