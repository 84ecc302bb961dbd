#include "serve/version_spec.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace scoria::serve {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostNames = 10'000, kMostText = 4096;
constexpr const char *kInputs = "inputParameterDefinitions", *kOutputs = "outputParameterDefinitions";

Error wrong(const std::string& member, const std::string& should) {
  return Error{Code::invalid, "\"" + member + "\" must be " + should};
}

Status read_text(const Json& value, const std::string& member, std::string& into) {
  if (!value.is_string() || value.get_ref<const std::string&>().size() > kMostText)
    return wrong(member, "a text of at most 4,096 bytes");
  into = value.get<std::string>();
  return Ok{};
}

Status read_names(const Json& value, const std::string& member, std::vector<std::string>& into) {
  const bool is_list = value.is_array() && value.size() <= kMostNames &&
                       std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_string(); });
  if (!is_list) return wrong(member, "a list of names");
  into = value.get<std::vector<std::string>>();
  return Ok{};
}

Status read_member(const std::string& member, const Json& value, VersionSpec& spec) {
  if (member == "description") return read_text(value, member, spec.description);
  if (member == "features") return read_names(value, member, spec.features);
  if (member == "tolerance") {
    if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > 1) return wrong(member, "from 0 to 1");
    spec.tolerance = value.get<double>();
    return Ok{};
  }
  if (member == kInputs || member == kOutputs) {
    SCORIA_TRY(parameters, read_service_parameters(value, member));
    (member == kInputs ? spec.signature.inputs : spec.signature.outputs) = std::move(parameters);
    return Ok{};
  }
  if (const auto* setting = script::find_script_setting(member))
    return script::read_script_setting(*setting, value, spec.scripts);
  return Error{Code::invalid, "\"" + member.substr(0, 80) + "\" is nothing that a version of a service has"};
}

}  // namespace

Json to_json(const VersionSpec& spec) {
  Json made{{"description", spec.description}, {"tolerance", spec.tolerance}, {"features", spec.features}};
  if (!spec.signature.inputs.empty()) {
    made[kInputs] = to_json(spec.signature.inputs);
    made[kOutputs] = to_json(spec.signature.outputs);
  }
  for (const auto& setting : script::script_settings())
    made[setting.member] = script::script_setting_value(setting, spec.scripts);
  return made;
}

Status read_settings(const Json& document, VersionSpec& spec) {
  if (!document.is_object()) return Error{Code::invalid, "the settings must be a JSON object"};
  for (const auto& [member, value] : document.items()) SCORIA_TRY_STATUS(read_member(member, value, spec));
  if (spec.signature.inputs.empty() != spec.signature.outputs.empty()) {
    return Error{Code::invalid, std::string("\"") + kInputs + "\" and \"" + kOutputs +
                                    "\" must each have one or more, or neither be there"};
  }
  return script::check_script_settings(spec.scripts);
}

}  // namespace scoria::serve
