#include "capi/scoria.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "capi/guard.h"
#include "capi/model_file.h"
#include "capi/thread_pool.h"
#include "model/description_json.h"
#include "model/loaders.h"
#include "table/arrow_c.h"

using scoria::Code;
using scoria::Error;
using scoria::Ok;
using scoria::Result;
using scoria::Status;

struct scoria_model {
  scoria::model::ModelPtr model;
  std::string description;
  std::optional<std::vector<std::string>> columns;  // those to look at; all where the model counts them
  std::unique_ptr<scoria::Executor> executor;
};

struct scoria_notes {
  std::vector<std::string> texts;
};

namespace {

constexpr std::uint64_t kDefaultMaxBytes = 4ull << 30;
constexpr std::uint32_t kMostThreads = 1024;
constexpr std::size_t kMostNames = 10'000;  // types or parameters of one request

// A structure of this or an older header, with zero for what that did not have.
template <typename Options>
Result<Options> read_options(const Options* given, const char* what) {
  Options options{};
  if (given == nullptr) return options;
  // A newer header's fields may be asking for something: ignoring them would be a silent wrong answer.
  if (given->size < sizeof(std::size_t) || given->size > sizeof(Options)) {
    return Error{Code::invalid, std::string(what) + ".size is " + std::to_string(given->size) + ", must be sizeof(" +
                                    what + "), which is " + std::to_string(sizeof(Options)) + " in this library"};
  }
  std::memcpy(&options, given, given->size);
  return options;
}

Result<std::unique_ptr<scoria_model>> open_model(std::span<const std::byte> bytes, const scoria_open_options& options) {
  const std::uint64_t max_bytes = options.max_bytes == 0 ? kDefaultMaxBytes : options.max_bytes;
  if (bytes.size() > max_bytes) {
    return Error{Code::too_large, "the model has " + std::to_string(bytes.size()) +
                                      " bytes; the limit given (max_bytes) is " + std::to_string(max_bytes)};
  }
  if (options.threads > kMostThreads) {
    return Error{Code::invalid,
                 "threads is " + std::to_string(options.threads) + ", must be at most " + std::to_string(kMostThreads)};
  }
  scoria::rdata::ReadLimits limits;
  limits.decompress.max_bytes = max_bytes;
  limits.max_bytes = max_bytes;
  std::optional<std::string> object;
  if (options.object != nullptr) object = options.object;
  auto opened = std::make_unique<scoria_model>();
  SCORIA_TRY(model, scoria::model::open_model(bytes, object, limits));
  opened->model = std::move(model);
  using Json = nlohmann::ordered_json;
  const Json json = scoria::model::description_json(opened->model->description());
  opened->description = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!opened->model->description().by_position) {
    opened->columns.emplace();
    for (const scoria::model::Feature& feature : opened->model->description().features) {
      opened->columns->push_back(feature.name);
    }
  }
  if (options.threads > 1) {
    opened->executor = std::make_unique<scoria::capi::ThreadPool>(options.threads);
  } else {
    opened->executor = std::make_unique<scoria::InlineExecutor>();
  }
  return opened;
}

Result<std::vector<std::string>> read_names(const char* const* names, std::size_t count, const std::string& what) {
  if (count > kMostNames) {
    return Error{Code::too_large,
                 what + "s: " + std::to_string(count) + ", may be at most " + std::to_string(kMostNames)};
  }
  if (count > 0 && names == nullptr) return Error{Code::invalid, what + "s: a null pointer"};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i] == nullptr) return Error{Code::invalid, what + " " + std::to_string(i + 1) + " is a null pointer"};
    out.emplace_back(names[i]);
  }
  return out;
}

Result<scoria::model::Request> read_request(const scoria_request* given) {
  SCORIA_TRY(asked, read_options(given, "scoria_request"));
  scoria::model::Request request;
  SCORIA_TRY(types, read_names(asked.types, asked.type_count, "type"));
  SCORIA_TRY(names, read_names(asked.parameter_names, asked.parameter_count, "parameter name"));
  SCORIA_TRY(values, read_names(asked.parameter_values, asked.parameter_count, "parameter value"));
  request.types = std::move(types);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!request.parameters.emplace(names[i], values[i]).second) {
      return Error{Code::invalid, "parameter '" + names[i] + "' is given twice"};
    }
  }
  if (asked.first_row != 0) request.first_row = asked.first_row;
  return request;
}

Status score(const scoria_model& model, const scoria_request* given, const scoria::table::OwnedSchema& type,
             const scoria::table::OwnedArray& rows, ArrowSchema* out_type, ArrowArray* out, scoria_notes** notes) {
  if (type.get().release == nullptr || rows.get().release == nullptr) {
    return Error{Code::invalid, "rows: both structures must be given, and not be released before"};
  }
  if (out_type == nullptr || out == nullptr) return Error{Code::invalid, "out_type and out must not be null pointers"};
  SCORIA_TRY(request, read_request(given));
  SCORIA_TRY(table, scoria::table::import_batch(type.get(), rows.get(),
                                                {.only = model.columns, .first_row = request.first_row}));
  SCORIA_TRY(prediction, model.model->score(table, request, *model.executor));
  auto said = std::make_unique<scoria_notes>(scoria_notes{std::move(prediction.notes)});
  scoria::table::export_table(prediction.table, out_type, out);
  if (notes != nullptr && !said->texts.empty()) *notes = said.release();
  return Ok{};
}

Status give(Result<std::unique_ptr<scoria_model>> opened, scoria_model** model) {
  if (!opened.ok()) return std::move(opened).error();
  *model = opened.value().release();
  return Ok{};
}

}  // namespace

extern "C" {

int32_t scoria_abi_version(void) { return SCORIA_ABI_VERSION; }

const char* scoria_version(void) { return SCORIA_VERSION; }

scoria_code scoria_model_open_file(const char* path, const scoria_open_options* options, scoria_model** model,
                                   scoria_error** error) {
  if (model != nullptr) *model = nullptr;
  return scoria::capi::guarded(error, [&]() -> Status {
    if (path == nullptr || model == nullptr) return Error{Code::invalid, "path and model must not be null pointers"};
    SCORIA_TRY(read, read_options(options, "scoria_open_options"));
    SCORIA_TRY(bytes, scoria::capi::read_model_file(path, read.max_bytes == 0 ? kDefaultMaxBytes : read.max_bytes));
    auto opened = open_model(std::as_bytes(std::span(bytes)), read);
    if (!opened.ok()) return with_context("'" + std::string(path) + "'", std::move(opened).error());
    return give(std::move(opened), model);
  });
}

scoria_code scoria_model_open_bytes(const void* bytes, size_t size, const scoria_open_options* options,
                                    scoria_model** model, scoria_error** error) {
  if (model != nullptr) *model = nullptr;
  return scoria::capi::guarded(error, [&]() -> Status {
    if (bytes == nullptr || model == nullptr) return Error{Code::invalid, "bytes and model must not be null pointers"};
    SCORIA_TRY(read, read_options(options, "scoria_open_options"));
    return give(open_model({static_cast<const std::byte*>(bytes), size}, read), model);
  });
}

const char* scoria_model_describe(const scoria_model* model) {
  return model == nullptr ? nullptr : model->description.c_str();
}

void scoria_model_free(scoria_model* model) { delete model; }

size_t scoria_notes_count(const scoria_notes* notes) { return notes == nullptr ? 0 : notes->texts.size(); }

const char* scoria_notes_text(const scoria_notes* notes, size_t index) {
  return index < scoria_notes_count(notes) ? notes->texts[index].c_str() : nullptr;
}

void scoria_notes_free(scoria_notes* notes) { delete notes; }

scoria_code scoria_model_score(const scoria_model* model, const scoria_request* request, ArrowSchema* rows_type,
                               ArrowArray* rows, ArrowSchema* out_type, ArrowArray* out, scoria_notes** notes,
                               scoria_error** error) {
  if (notes != nullptr) *notes = nullptr;
  return scoria::capi::guarded(error, [&]() -> Status {
    // Taken before anything can fail, and before the answer is marked, which may be the same structures.
    const auto type = rows_type == nullptr ? scoria::table::OwnedSchema() : scoria::table::OwnedSchema(rows_type);
    const auto values = rows == nullptr ? scoria::table::OwnedArray() : scoria::table::OwnedArray(rows);
    if (out_type != nullptr) out_type->release = nullptr;
    if (out != nullptr) out->release = nullptr;
    if (model == nullptr) return Error{Code::invalid, "model must not be a null pointer"};
    return score(*model, request, type, values, out_type, out, notes);
  });
}

}  // extern "C"
