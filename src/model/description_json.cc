#include "model/description_json.h"

#include <nlohmann/json.hpp>

namespace scoria::model {

nlohmann::ordered_json description_json(const Description& description) {
  using Json = nlohmann::ordered_json;
  Json json{{"family", description.family},
            {"title", description.title},
            {"package", description.package},
            {"class", description.classes},
            {"features", Json::array()}};
  for (const Feature& feature : description.features) {
    Json entry{{"name", feature.name}, {"type", feature_kind_name(feature.kind)}, {"used", feature.is_used}};
    if (!feature.levels.empty()) entry["levels"] = feature.levels;
    json["features"].push_back(std::move(entry));
  }
  json["by_position"] = description.by_position;
  json["types"] = description.types;
  json["parameters"] = Json::array();
  for (const Parameter& parameter : description.parameters) {
    json["parameters"].push_back({{"name", parameter.name}, {"description", parameter.description}});
  }
  if (!description.labels.empty()) json["labels"] = description.labels;
  for (const auto& [name, value] : description.details) json["details"][name] = value;
  return json;
}

}  // namespace scoria::model
