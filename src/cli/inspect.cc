#include "cli/inspect.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "arrowio/columnar_reader.h"
#include "arrowio/uri.h"
#include "cli/inspect_pack.h"
#include "model/description_json.h"
#include "model/features.h"
#include "model/loaders.h"
#include "model/pipeline/sklearn_steps.h"
#include "pickle/reader.h"
#include "pickle/summary.h"
#include "plan/model_files.h"
#include "plan/pack_set.h"
#include "plan/provenance.h"
#include "plan/score_provenance.h"
#include "rdata/reader.h"
#include "rdata/summary.h"
#include "table/file_format.h"

namespace scoria::cli {
namespace {

using Json = nlohmann::ordered_json;
using model::Description;
using model::Feature;

struct FileFacts {
  std::string path;
  std::size_t bytes = 0;
  std::string format;  // "R serialization version 3, xdr, gzip, written by R 4.2.2"
};

FileFacts facts(const std::string& path, std::size_t bytes, const rdata::Document& document) {
  std::string format = "R serialization version " + std::to_string(document.version) + ", " + document.format + ", " +
                       document.compression + ", written by R " + document.writer;
  if (document.is_workspace) format = "R workspace, " + format;
  return {path, bytes, std::move(format)};
}

Json to_json(const Description& description, const FileFacts& file) {
  Json json{{"file", file.path}, {"bytes", file.bytes}, {"format", file.format}};
  json.update(model::description_json(description));
  return json;
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string to_text(const std::string& output, const plan::Provenance& from) {
  const auto file_line = [](const std::string& name, const plan::FileFacts& file) {
    return line(name,
                file.path + " (" + std::to_string(file.bytes) + " bytes, sha256 " + file.sha256.substr(0, 16) + "...)");
  };
  std::string text = output + ": written by scoria run\n\n";
  text += line("plan", from.plan_name + " (" + from.plan_file + ", sha256 " + from.plan_sha256.substr(0, 16) + "...)");
  if (!from.partition.empty()) text += line("partition", from.partition);
  text += line("finished", from.finished);
  text += line("scoria", from.version);
  text += line("command", from.command_line);
  text += line("rows", std::to_string(from.rows));
  text += line("operations", std::to_string(from.operations));
  for (const plan::FileFacts& input : from.inputs) text += file_line("input", input);
  for (const plan::FileFacts& model : from.models) text += file_line("model", model);
  for (const std::string& model : from.missing_models) text += line("not there", model);
  return text;
}

std::string to_text(const Description& description, const FileFacts& file) {
  std::string text = description.title + "\n\n";
  text += line("file", file.path + " (" + std::to_string(file.bytes) + " bytes)");
  text += line("format", file.format);
  text += line("package", description.package);
  text += line("class", joined(description.classes));
  for (const auto& [name, value] : description.details) text += line(name, value);
  if (!description.labels.empty()) {
    text += line("classes", std::to_string(description.labels.size()) + ": " + model::listed(description.labels));
  }
  text += line("types", joined(description.types) + " (the first is the default)");
  for (const model::Parameter& parameter : description.parameters) {
    text += line("parameter", parameter.name + ": " + parameter.description);
  }
  std::size_t width = 0;
  for (const Feature& feature : description.features) width = std::max(width, feature.name.size());
  text += "\nfeatures (" + std::to_string(description.features.size()) + ")";
  text += description.by_position ? ", by position: the file keeps no names\n" : "\n";
  for (const Feature& feature : description.features) {
    text += "  " + padded(feature.name, width + 2) + std::string(model::feature_kind_name(feature.kind));
    if (!feature.levels.empty()) {
      text += " with " + std::to_string(feature.levels.size()) + " levels: " + model::listed(feature.levels);
    }
    if (!feature.is_used) text += ", required but used by no prediction";
    text += "\n";
  }
  return text;
}

// A model as what it is; what cannot be scored in outline, with the reason.
Result<std::string> inspect_pickle(const pickle::Document& document, const FileFacts& file, bool as_json) {
  auto loaded = model::pipeline::load_sklearn(document.root());
  if (!loaded.ok()) {
    if (as_json) return pickle::summarize_json(document) + "\n";
    return pickle::summarize(document) + "\ncannot be scored: " + loaded.error().message + "\n";
  }
  const Description& description = loaded.value()->description();
  if (as_json) return to_json(description, file).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return to_text(description, file);
}

// A table of a format that says more of itself than its rows: its columns and where it came from.
Result<std::string> inspect_columnar(const std::string& path, table::Format format, bool as_json) {
  SCORIA_TRY(reader, arrowio::ColumnarReader::open(path, format, {}));
  const auto metadata = reader.metadata(plan::kProvenanceKey);
  // Somebody else may have written what stands under our key.
  const Json from = metadata ? Json::parse(*metadata, nullptr, /*allow_exceptions=*/false) : Json();
  const bool is_ours = from.is_object() && from.contains("format");
  if (as_json) {
    Json json{{"file", path}, {"columns", reader.header()}};
    if (is_ours) json["provenance"] = from;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  std::string text = path + (is_ours ? ": written by scoria\n\n" : ": a table\n\n");
  text += line("columns", std::to_string(reader.header().size()) + ": " + model::listed(reader.header()));
  if (!is_ours) return text;
  for (const auto& [name, value] : from.items()) {
    text += line(name, value.is_string() ? value.get<std::string>()
                                         : value.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return text;
}

}  // namespace

Result<std::string> inspect(const InspectOptions& options) {
  const bool is_uri = arrowio::is_uri(options.file);
  const std::string name = arrowio::without_secrets(options.file);
  if (!is_uri && std::filesystem::exists(plan::provenance_path(options.file))) {
    SCORIA_TRY(provenance, plan::read_provenance(options.file));
    return options.json ? plan::to_json(provenance) : to_text(options.file, provenance);
  }
  if (const auto format = table::format_of(options.file); format.ok() && table::is_columnar(format.value())) {
    return inspect_columnar(options.file, format.value(), options.json);
  }
  if (!is_uri && plan::is_pack_file(options.file)) return inspect_pack(options.file, options.key, options.json);
  if (options.key) return Error{Code::invalid, "--key chooses a model of a pack; '" + name + "' is none"};
  SCORIA_TRY(file, plan::read_model_file(options.file));
  if (pickle::is_pickle(file.bytes())) {
    if (options.object)
      return Error{Code::invalid, "--object names an object of an R workspace; '" + name + "' is Python's"};
    auto pickled = pickle::read(file.bytes());
    if (!pickled.ok()) return with_context("'" + name + "'", std::move(pickled).error());
    return inspect_pickle(pickled.value(), {name, file.text().size(), pickle::describe_file(pickled.value())},
                          options.json);
  }
  auto read = rdata::read(file.bytes());
  if (!read.ok()) return with_context("'" + name + "'", std::move(read).error());
  const rdata::Document document = std::move(read).value();
  auto object = model::select_object(document, options.object);
  if (!object.ok() && options.object) return with_context("'" + name + "'", std::move(object).error());
  if (!object.ok() || !model::is_model(*object.value())) {
    return options.json ? rdata::summarize_json(document) + "\n" : rdata::summarize(document);
  }
  auto opened = model::load_model(*object.value());
  if (!opened.ok()) return with_context("'" + name + "'", std::move(opened).error());
  const Description& description = opened.value()->description();
  const FileFacts file_facts = facts(name, file.text().size(), document);
  if (options.json) return to_json(description, file_facts).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return to_text(description, file_facts);
}

}  // namespace scoria::cli
