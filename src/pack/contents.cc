#include "pack/contents.h"

#include <nlohmann/json.hpp>

#include "pack/key.h"

namespace scoria::pack {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "scoria-pack/1";

}  // namespace

std::string_view form_name(Form form) {
  switch (form) {
    case Form::source: return "source file";
    case Form::kernel_machine: return "kernel machine";
    case Form::linear: return "linear";
  }
  return "unknown";
}

std::string to_json(const Contents& contents) {
  Json classes = Json::array();
  for (const ModelClass& one : contents.classes) {
    classes.push_back({{"class", one.name}, {"writer", one.writer}, {"models", one.models}});
  }
  const Json json{{"format", kFormat},         {"keys", contents.keys},         {"source", contents.source},
                  {"packed", contents.packed}, {"scoria", contents.scoria},     {"command", contents.command},
                  {"forms", contents.forms},   {"classes", std::move(classes)}, {"schemas", contents.schemas}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Contents> read_contents(std::string_view text) {
  Contents contents;
  try {
    const Json json = Json::parse(text);
    if (json.at("format").get<std::string>() != kFormat) {
      return Error{Code::corrupt, "its contents are no " + std::string(kFormat)};
    }
    contents.keys = json.at("keys").get<std::vector<std::string>>();
    contents.source = json.at("source").get<std::string>();
    contents.packed = json.at("packed").get<std::string>();
    contents.scoria = json.at("scoria").get<std::string>();
    contents.command = json.at("command").get<std::string>();
    contents.forms = json.at("forms").get<std::array<std::uint64_t, kForms>>();
    for (const Json& one : json.at("classes")) {
      contents.classes.push_back({one.at("class").get<std::string>(), one.at("writer").get<std::string>(),
                                  one.at("models").get<std::uint64_t>()});
    }
    contents.schemas = json.at("schemas").get<std::vector<std::string>>();
  } catch (const Json::exception& error) {
    return Error{Code::corrupt, std::string("its contents cannot be read: ") + error.what()};
  }
  if (contents.keys.empty() || contents.keys.size() > kMostParts) {
    return Error{Code::corrupt, "it has " + std::to_string(contents.keys.size()) + " key columns, must have 1 to " +
                                    std::to_string(kMostParts)};
  }
  return contents;
}

}  // namespace scoria::pack
