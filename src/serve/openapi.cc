#include "serve/openapi.h"

#include <nlohmann/json.hpp>

namespace scoria::serve {
namespace {

using Json = nlohmann::ordered_json;

Json type_of(const model::Feature& feature, bool is_openapi) {
  const bool is_number = feature.kind == model::FeatureKind::number || feature.kind == model::FeatureKind::logical;
  Json schema;
  if (is_number) {
    schema["type"] = feature.kind == model::FeatureKind::logical ? "boolean" : "number";
    if (feature.kind == model::FeatureKind::number) schema["format"] = "double";
  } else {
    schema["type"] = "string";
    if (!feature.levels.empty()) {
      schema["enum"] = feature.levels;
      if (is_openapi) schema["enum"].push_back(nullptr);  // OpenAPI 3.0.3: else nullable would not hold
    }
  }
  if (is_openapi) schema["nullable"] = true;
  return schema;
}

Json row_schema(const ServiceVersion& model, bool is_openapi) {
  Json properties = Json::object(), required = Json::array();
  for (const auto& feature : model.description().features) {
    properties[feature.name] = type_of(feature, is_openapi);
    if (feature.is_used) required.push_back(feature.name);
  }
  Json schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

Json example_row(const ServiceVersion& model) {
  Json row = Json::object();
  for (const auto& feature : model.description().features) {
    if (feature.kind == model::FeatureKind::logical) {
      row[feature.name] = false;
    } else if (feature.kind == model::FeatureKind::number) {
      row[feature.name] = 0;
    } else {
      row[feature.name] = feature.levels.empty() ? "" : feature.levels[0];
    }
  }
  return row;
}

Json predictions_schema(const ServiceVersion& model) {
  const Json value{{"oneOf", {{{"type", "number"}}, {{"type", "string"}}, {{"type", "boolean"}}, {{"type", "object"}}}},
                   {"nullable", true}};
  Json schema{{"type", "array"}, {"items", value}};
  if (!model.description().labels.empty())
    schema["description"] = "of the classes " + Json(model.description().labels).dump();
  return schema;
}

Json content(const char* type, Json schema) { return {{type, {{"schema", std::move(schema)}}}}; }

Json responses(Json schema) {
  const Json problem{{"$ref", "#/components/schemas/Problem"}};
  Json all;
  all["200"] = {{"description", "Predictions, one for each row"},
                {"content", content("application/json", std::move(schema))}};
  for (const auto& [code, why] : {std::pair{"400", "The rows are not as the model needs them; errors names each"},
                                  std::pair{"413", "Too large"}, std::pair{"415", "A body of another kind"}}) {
    all[code] = {{"description", why}, {"content", content("application/problem+json", problem)}};
  }
  return all;
}

Json query_parameters(const ServiceVersion& model) {
  Json all = Json::array();
  const auto add = [&](const std::string& name, const std::string& description, Json schema) {
    all.push_back({{"name", name},
                   {"in", "query"},
                   {"required", false},
                   {"description", description},
                   {"schema", std::move(schema)}});
  };
  add("type", "what to predict; the first is the default", {{"type", "string"}, {"enum", model.description().types}});
  add("no_number", "what stands for missing values, NaN and infinities",
      {{"type", "string"}, {"enum", {"text", "strict", "literal"}}});
  for (const auto& parameter : model.description().parameters)
    add(parameter.name, parameter.description, {{"type", "string"}});
  return all;
}

Json score_operation(const ServiceVersion& model, const std::string& id) {
  const std::string row = "#/components/schemas/" + model.service() + "_" + "row";
  const Json rows{{"type", "array"}, {"minItems", 1}, {"items", {{"$ref", row}}}};
  Json body = content("application/json", {{"type", "object"}, {"properties", {{"df", rows}}}, {"required", {"df"}}});
  body["application/json"]["example"] = {{"df", {example_row(model)}}};
  return {{"operationId", id},
          {"summary", model.description().title},
          {"tags", {model.service()}},
          {"parameters", query_parameters(model)},
          {"requestBody", {{"required", true}, {"content", std::move(body)}}},
          {"responses", responses(predictions_schema(model))}};
}

}  // namespace

std::string openapi_document(const Catalog::Services& services) {
  Json paths = Json::object(), schemas = Json::object();
  for (const Service& service : services) {
    const ServiceVersion& model = *service.main();
    if (!model.takes_rows()) continue;
    schemas[model.service() + "_row"] = row_schema(model, true);
    paths["/services/" + model.service() + "/score"] = {{"post", score_operation(model, "score_" + model.service())}};
  }
  if (!services.empty() && services.front().main()->takes_rows())
    paths["/score"] = {{"post", score_operation(*services.front().main(), "score")}};
  const Json error{{"type", "object"},
                   {"properties",
                    {{"row", {{"type", "integer"}}},
                     {"column", {{"type", "string"}}},
                     {"code", {{"type", "string"}}},
                     {"value", {{"type", "string"}}},
                     {"expected", {{"type", "array"}, {"items", {{"type", "string"}}}}},
                     {"message", {{"type", "string"}}}}}};
  schemas["Problem"] = {{"type", "object"},
                        {"required", {"title", "status", "detail", "errors"}},
                        {"properties",
                         {{"type", {{"type", "string"}}},
                          {"title", {{"type", "string"}}},
                          {"status", {{"type", "integer"}}},
                          {"detail", {{"type", "string"}}},
                          {"errors", {{"type", "array"}, {"items", error}}}}}};
  const Json document{{"openapi", "3.0.3"},
                      {"info", {{"title", "Models served by Scoria"}, {"version", SCORIA_VERSION}}},
                      {"paths", std::move(paths)},
                      {"components", {{"schemas", std::move(schemas)}}}};
  return document.dump(1);
}

std::string swagger_document(const ServiceVersion& model) {
  Json result{{"type", "object"},
              {"properties",
               {{"success", {{"type", "boolean"}}},
                {"errorMessage", {{"type", "string"}}},
                {"outputParameters", {{"type", "object"}}},
                {"outputFiles", {{"type", "object"}}},
                {"consoleOutput", {{"type", "string"}}},
                {"changedFiles", {{"type", "array"}, {"items", {{"type", "string"}}}}}}}};
  const std::string path = "/api/" + model.service() + "/" + model.version();
  const Json operation{
      {"operationId", "score"},
      {"consumes", {"application/json"}},
      {"produces", {"application/json"}},
      {"parameters",
       {{{"name", "WebServiceParameters"},
         {"in", "body"},
         {"required", true},
         {"schema", {{"$ref", "#/definitions/InputParameters"}}}}}},
      {"responses", {{"200", {{"description", "OK"}, {"schema", {{"$ref", "#/definitions/WebServiceResult"}}}}}}}};
  const Json document{
      {"swagger", "2.0"},
      {"info", {{"title", model.service()}, {"version", model.version()}, {"description", model.description().title}}},
      {"schemes", {"http", "https"}},
      {"consumes", {"application/json"}},
      {"produces", {"application/json"}},
      {"paths", {{path, {{"post", operation}}}}},
      {"definitions", {{"InputParameters", row_schema(model, false)}, {"WebServiceResult", std::move(result)}}}};
  return document.dump(1);
}

std::string service_list(const Catalog::Services& services) {
  Json all = Json::array();
  for (const Service& service : services) {
    for (std::size_t i = 0; i < service.versions.size(); ++i) {
      const ServiceVersion& version = *service.versions[i];
      all.push_back({{"name", service.name},
                     {"version", version.version()},
                     {"description", version.description().title},
                     {"kind", version.kind()},
                     {"weight", service.weights[i]},
                     {"sha256", version.sha256()}});
    }
  }
  return all.dump();
}

std::string inference_metadata(const ServiceVersion& model, const Service& service) {
  Json versions = Json::array();
  for (const auto& one : service.versions) versions.push_back(one->version());
  Json inputs = Json::array();
  for (const auto& feature : model.description().features) {
    const bool is_number = feature.kind == model::FeatureKind::number || feature.kind == model::FeatureKind::logical;
    Json input{{"name", feature.name},
               {"datatype", is_number ? (feature.kind == model::FeatureKind::logical ? "BOOL" : "FP64") : "BYTES"},
               {"shape", {-1}}};
    if (!feature.levels.empty()) input["parameters"] = {{"levels", feature.levels}};
    inputs.push_back(std::move(input));
  }
  const auto& types = model.description().types;
  const Json document{{"name", model.service()},
                      {"versions", std::move(versions)},
                      {"platform", "scoria_" + model.description().family},
                      {"inputs", std::move(inputs)},
                      {"outputs",
                       {{{"name", types.empty() ? "predict" : types[0]},
                         {"datatype", model.description().labels.empty() ? "FP64" : "BYTES"},
                         {"shape", {-1}}}}},
                      {"parameters", {{"sha256", model.sha256()}, {"types", types}}}};
  return document.dump();
}

}  // namespace scoria::serve
