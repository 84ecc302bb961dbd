#include "plan/score_provenance.h"

#include <nlohmann/json.hpp>

#include "arrowio/uri.h"

namespace scoria::plan {

FileMetadata metadata_of(const ScoreProvenance& provenance) {
  using Json = nlohmann::ordered_json;
  Json parameters = Json::object();
  for (const auto& [name, value] : provenance.parameters) parameters[name] = value;
  const Json json{
      {"format", "scoria-score/1"},
      {"version", provenance.version},
      {"command", arrowio::without_secrets(provenance.command_line)},
      {"started", provenance.started},
      {"model",
       {{"path", provenance.model.path}, {"bytes", provenance.model.bytes}, {"sha256", provenance.model.sha256}}},
      {"input", arrowio::without_secrets(arrowio::without_query(provenance.input))},
      {"types", provenance.types},
      {"parameters", std::move(parameters)}};
  return {{kProvenanceKey, json.dump(-1, ' ', false, Json::error_handler_t::replace)}};
}

}  // namespace scoria::plan
