#include "plan/provenance.h"

#include <nlohmann/json.hpp>

#include "arrowio/uri.h"
#include "base/file.h"
#include "net/sha256.h"

namespace scoria::plan {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const FileFacts& file) { return {{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}}; }

Json to_json(const std::vector<FileFacts>& files) {
  Json list = Json::array();
  for (const FileFacts& file : files) list.push_back(to_json(file));
  return list;
}

Json to_json(const std::vector<Step>& steps) {
  Json list = Json::array();
  for (const Step& step : steps) {
    Json one{{"name", step.name}, {"rows_in", step.rows_in}, {"rows_out", step.rows_out}, {"seconds", step.seconds}};
    for (const auto& [name, count] : step.counts) one[name] = count;
    list.push_back(std::move(one));
  }
  return list;
}

FileFacts file_from(const Json& json) {
  return {json.at("path").get<std::string>(), json.at("bytes").get<std::uint64_t>(),
          json.at("sha256").get<std::string>()};
}

std::vector<FileFacts> files_from(const Json& json) {
  std::vector<FileFacts> files;
  for (const Json& entry : json) files.push_back(file_from(entry));
  return files;
}

bool is_as_written(const std::filesystem::path& path, const FileFacts& written) {
  const auto file = FileBytes::open(path);
  return file.ok() && file.value().bytes().size() == written.bytes &&
         net::sha256(file.value().text()) == written.sha256;
}

}  // namespace

std::string provenance_path(const std::string& output) {
  const std::string_view object = arrowio::without_query(output);
  return std::string(object) + ".run.json" + output.substr(object.size());
}

FileMetadata metadata_of(const Provenance& provenance) {
  const Json json{
      {"format", "scoria-run/1"},
      {"plan", {{"name", provenance.plan_name}, {"file", provenance.plan_file}, {"sha256", provenance.plan_sha256}}},
      {"partition", provenance.partition},
      {"version", provenance.version},
      {"command", arrowio::without_secrets(provenance.command_line)},
      {"inputs", to_json(provenance.inputs)},
      {"models", to_json(provenance.models)}};
  return {{kProvenanceKey, json.dump(-1, ' ', false, Json::error_handler_t::replace)}};
}

std::string to_json(const Provenance& provenance) {
  Json flagged = Json::array();
  for (const FlaggedRows& one : provenance.flagged) {
    flagged.push_back({{"model", one.model}, {"rows", one.rows}, {"flagged", one.flagged}});
  }
  const Json json{
      {"format", "scoria-run/1"},
      {"plan", {{"name", provenance.plan_name}, {"file", provenance.plan_file}, {"sha256", provenance.plan_sha256}}},
      {"partition", provenance.partition},
      {"version", provenance.version},
      {"command", arrowio::without_secrets(provenance.command_line)},
      {"finished", provenance.finished},
      {"seconds", provenance.seconds},
      {"rows", provenance.rows},
      {"operations", provenance.operations},
      {"output", to_json(provenance.output)},
      {"split", to_json(provenance.split)},
      {"flagged", std::move(flagged)},
      {"inputs", to_json(provenance.inputs)},
      {"models", to_json(provenance.models)},
      {"missing_models", provenance.missing_models},
      {"steps", to_json(provenance.steps)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Provenance> read_provenance(const std::filesystem::path& output) {
  const std::filesystem::path path = provenance_path(output.string());
  SCORIA_TRY(file, FileBytes::open(path));
  try {
    const Json json = Json::parse(file.text());
    if (json.at("format") != "scoria-run/1") {
      return Error{Code::unsupported, "'" + path.string() + "': format must be scoria-run/1"};
    }
    Provenance result;
    result.plan_name = json.at("plan").at("name").get<std::string>();
    result.plan_file = json.at("plan").at("file").get<std::string>();
    result.plan_sha256 = json.at("plan").at("sha256").get<std::string>();
    result.partition = json.at("partition").get<std::string>();
    result.version = json.at("version").get<std::string>();
    result.command_line = json.at("command").get<std::string>();
    result.finished = json.at("finished").get<std::string>();
    result.seconds = json.at("seconds").get<double>();
    result.rows = json.at("rows").get<std::uint64_t>();
    result.operations = json.at("operations").get<std::uint64_t>();
    result.output = file_from(json.at("output"));
    result.inputs = files_from(json.at("inputs"));
    result.models = files_from(json.at("models"));
    // Later than the first outputs of this format.
    if (json.contains("missing_models")) result.missing_models = json["missing_models"].get<std::vector<std::string>>();
    if (json.contains("split")) result.split = files_from(json["split"]);
    for (const Json& one : json.value("flagged", Json::array())) {
      result.flagged.push_back({one.at("model").get<std::string>(), one.at("rows").get<std::uint64_t>(),
                                one.at("flagged").get<std::uint64_t>()});
    }
    return result;
  } catch (const Json::exception& error) {
    return Error{Code::corrupt, "'" + path.string() + "': " + error.what()};
  }
}

bool is_current(const std::filesystem::path& output, const std::filesystem::path& folder, const Provenance& expected,
                ModelStore* models) {
  const auto written = read_provenance(output);
  if (!written.ok()) return false;
  const Provenance& before = written.value();
  if (before.plan_sha256 != expected.plan_sha256 || before.inputs != expected.inputs) return false;
  if (models == nullptr) {
    if (before.models != expected.models || before.missing_models != expected.missing_models) return false;
  } else {
    for (const FileFacts& model : before.models) {
      const auto now = models->facts(model.path);
      if (!now.ok() || now.value()->file != model) return false;
    }
    for (const std::string& path : before.missing_models) {
      const auto is_there = models->exists(path);
      if (!is_there.ok() || is_there.value()) return false;
    }
  }
  for (const FileFacts& part : before.split) {
    if (!is_as_written(folder / part.path, part)) return false;
  }
  return is_as_written(output, before.output);
}

}  // namespace scoria::plan
