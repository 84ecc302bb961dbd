#include "worker/request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/task_folders.h"

namespace scoria::worker {
namespace {

using nlohmann::json;

Error bad(const std::string& field, const std::string& what) {
  return {Code::invalid, "\"" + field + "\" must be " + what};
}

bool is_package(const std::string& name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return isalnum(c) != 0 || c == '.' || c == '_'; });
}

}  // namespace

std::string TemplateRequest::key() const {
  std::string key = std::string(name_of(runtime)) + '\n' + program + '\n' + preload + '\n';
  for (const auto& setting : environment) key.append(setting).push_back('\0');
  return key;
}

Result<TemplateRequest> read_template(const json& request) {
  const auto found = request.find("template");
  if (found == request.end() || !found->is_object()) return bad("template", "an object");
  TemplateRequest made;
  const auto runtime = found->find("runtime");
  if (runtime == found->end() || !runtime->is_string()) return bad("template.runtime", "\"r\" or \"python\"");
  SCORIA_TRY(named, runtime_named(runtime->get<std::string>()));
  made.runtime = named;

  if (const auto names = found->find("preload"); names != found->end()) {
    if (!names->is_array()) return bad("template.preload", "a list of packages");
    for (const auto& name : *names) {
      if (!name.is_string() || !is_package(name.get<std::string>()))
        return bad("template.preload", "a list of packages' names");
      made.preload += (made.preload.empty() ? "" : ",") + name.get<std::string>();
    }
  }
  if (const auto settings = found->find("environment"); settings != found->end()) {
    if (!settings->is_object()) return bad("template.environment", "an object of texts");
    for (const auto& [name, value] : settings->items()) {
      if (!value.is_string() || name.empty() || name.find('=') != std::string::npos) {
        return bad("template.environment", "an object of texts, but is not at '" + name + "'");
      }
      made.environment.push_back(name + "=" + value.get<std::string>());
    }
  }
  std::sort(made.environment.begin(), made.environment.end());
  const auto path = node::find_setting(made.environment, "PATH");
  if (const auto program = found->find("program"); program != found->end() && !program->is_null()) {
    if (!program->is_string()) return bad("template.program", "the path of a program");
    SCORIA_TRY(file, node::find_program(program->get<std::string>(), path.value_or(""), "/"));
    made.program = file;
  } else {
    SCORIA_TRY(file, find_runtime(made.runtime, path.value_or("")));
    made.program = file;
  }
  return made;
}

Result<Limits> read_limits(const json& request) {
  Limits limits;
  const auto found = request.find("limits");
  if (found == request.end()) return limits;
  if (!found->is_object()) return bad("limits", "an object of numbers");
  for (const auto& [name, value] : found->items()) {
    if (name == "network") {
      if (!value.is_boolean()) return bad("limits.network", "true or false");
      limits.has_network = value.get<bool>();
      continue;
    }
    std::uint64_t* into = name == "memory_bytes"     ? &limits.memory_bytes
                          : name == "calls"          ? &limits.calls
                          : name == "seconds"        ? &limits.seconds
                          : name == "resident_bytes" ? &limits.resident_bytes
                                                     : nullptr;
    if (into == nullptr) return Error{Code::invalid, "there is no limit \"" + name + "\""};
    if (!value.is_number() || !(value.get<double>() >= 1 && value.get<double>() < 1e18)) {
      return bad("limits." + name, "a number of at least 1");
    }
    *into = static_cast<std::uint64_t>(value.get<double>());
  }
  return limits;
}

}  // namespace scoria::worker
