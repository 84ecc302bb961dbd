#include "node/stand_ins.h"

#include "base/file.h"
#include "spec/json_text.h"

namespace scoria::node {
namespace {

using spec::Json;

constexpr const char* kPlace = "node.json";

// As a word of sh.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

}  // namespace

Status write_stand_ins(const std::filesystem::path& folder, const StandInPlace& place) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Error{Code::unavailable, "'" + folder.string() + "' cannot be made: " + error.message()};
  const Json json{{"program", place.program},
                  {"root", place.root.string()},
                  {"containers", place.containers.mode},
                  {"images", place.containers.images},
                  {"podman_options", place.containers.options},
                  {"podman_run_options", place.containers.run_options},
                  {"own_hosts", place.own_hosts},
                  {"own_ca_file", place.own_ca_file}};
  SCORIA_TRY_STATUS(write_file(folder / kPlace, spec::json_text(json) + "\n"));
  for (const std::string_view name : kStandIns) {
    const std::filesystem::path script = folder / name;
    SCORIA_TRY_STATUS(write_file(script, "#!/bin/sh\n# Scoria's stand-in for " + std::string(name) +
                                             ": what doAzureParallel needs of it.\nexec " + quoted(place.program) +
                                             " stand-in " + quoted(folder.string()) + " " + std::string(name) +
                                             " \"$@\"\n"));
    std::filesystem::permissions(script, std::filesystem::perms(0755), error);
    if (error) return Error{Code::denied, "'" + script.string() + "' cannot be made a program: " + error.message()};
  }
  return Ok{};
}

Result<StandInPlace> read_stand_ins(const std::filesystem::path& folder) {
  SCORIA_TRY(bytes, FileBytes::open(folder / kPlace));
  SCORIA_TRY(json, spec::parse_json(bytes.text()));
  try {
    StandInPlace place;
    place.program = json.at("program");
    place.root = json.at("root").get<std::string>();
    place.containers.mode = json.at("containers");
    place.containers.images = json.at("images").get<std::map<std::string, std::string>>();
    place.containers.options = json.at("podman_options").get<std::vector<std::string>>();
    place.containers.run_options = json.at("podman_run_options").get<std::vector<std::string>>();
    place.own_hosts = json.at("own_hosts").get<std::vector<std::string>>();
    place.own_ca_file = json.at("own_ca_file");
    return place;
  } catch (const Json::exception& error) {
    return Error{Code::invalid, "'" + (folder / kPlace).string() + "' is not a node's: " + error.what()};
  }
}

}  // namespace scoria::node
