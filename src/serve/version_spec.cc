#include "serve/version_spec.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace scoria::serve {
namespace {

using Json = nlohmann::json;

constexpr int kMostWorkers = 256;
constexpr std::size_t kMostNames = 10'000, kMostText = 4096;

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

Status read_count(const Json& value, const std::string& member, int least, int& into) {
  if (!value.is_number_integer() || value.get<double>() < least || value.get<double>() > kMostWorkers)
    return wrong(member, "a whole number from " + std::to_string(least) + " to 256");
  into = value.get<int>();
  return Ok{};
}

Status read_member(const std::string& member, const Json& value, VersionSpec& spec) {
  if (member == "description") return read_text(value, member, spec.description);
  if (member == "function") return read_text(value, member, spec.function);
  if (member == "preload") return read_names(value, member, spec.preload);
  if (member == "features") return read_names(value, member, spec.features);
  if (member == "leastWorkers") return read_count(value, member, 1, spec.least_workers);
  if (member == "mostWorkers") return read_count(value, member, 0, spec.most_workers);
  if (member == "runtime") {
    SCORIA_TRY_STATUS(read_text(value, member, spec.runtime));
    if (spec.runtime.empty() || spec.runtime == "r" || spec.runtime == "python") return Ok{};
    return wrong(member, "\"r\" or \"python\"");
  }
  if (member == "rowWise") {
    if (!value.is_boolean()) return wrong(member, "true or false");
    spec.row_wise = value.get<bool>();
    return Ok{};
  }
  if (member == "tolerance") {
    if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > 1) return wrong(member, "from 0 to 1");
    spec.tolerance = value.get<double>();
    return Ok{};
  }
  return Error{Code::invalid, "\"" + member.substr(0, 80) + "\" is nothing that a version of a service has"};
}

}  // namespace

Json to_json(const VersionSpec& spec) {
  return {{"description", spec.description},  {"tolerance", spec.tolerance}, {"runtime", spec.runtime},
          {"function", spec.function},        {"rowWise", spec.row_wise},    {"leastWorkers", spec.least_workers},
          {"mostWorkers", spec.most_workers}, {"preload", spec.preload},     {"features", spec.features}};
}

Status read_settings(const Json& document, VersionSpec& spec) {
  if (!document.is_object()) return Error{Code::invalid, "the settings must be a JSON object"};
  for (const auto& [member, value] : document.items()) SCORIA_TRY_STATUS(read_member(member, value, spec));
  if (spec.most_workers != 0 && spec.most_workers < spec.least_workers)
    return wrong("mostWorkers", "at least \"leastWorkers\"");
  return Ok{};
}

}  // namespace scoria::serve
