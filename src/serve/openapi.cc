#include "serve/openapi.h"

#include <nlohmann/json.hpp>

namespace scoria::serve {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson type_of(const model::Feature& feature, bool is_openapi) {
  const bool is_number = feature.kind == model::FeatureKind::number || feature.kind == model::FeatureKind::logical;
  OrderedJson schema;
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

OrderedJson row_schema(const ServiceVersion& model, bool is_openapi) {
  if (model.signature() != nullptr) return inputs_schema(*model.signature(), is_openapi);
  OrderedJson properties = OrderedJson::object(), required = OrderedJson::array();
  for (const auto& feature : model.description().features) {
    properties[feature.name] = type_of(feature, is_openapi);
    if (feature.is_used) required.push_back(feature.name);
  }
  OrderedJson schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

OrderedJson example_row(const ServiceVersion& model) {
  if (model.signature() != nullptr) return example_inputs(*model.signature());
  OrderedJson row = OrderedJson::object();
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

OrderedJson predictions_schema(const ServiceVersion& model) {
  if (model.signature() != nullptr) return outputs_schema(*model.signature(), true);
  const OrderedJson value{
      {"oneOf", {{{"type", "number"}}, {{"type", "string"}}, {{"type", "boolean"}}, {{"type", "object"}}}},
      {"nullable", true}};
  OrderedJson schema{{"type", "array"}, {"items", value}};
  if (!model.description().labels.empty())
    schema["description"] = "of the classes " + OrderedJson(model.description().labels).dump();
  return schema;
}

OrderedJson content(const char* type, OrderedJson schema) { return {{type, {{"schema", std::move(schema)}}}}; }

OrderedJson responses(OrderedJson schema) {
  const OrderedJson problem{{"$ref", "#/components/schemas/Problem"}};
  OrderedJson all;
  all["200"] = {{"description", "Predictions, one for each row"},
                {"content", content("application/json", std::move(schema))}};
  for (const auto& [code, why] : {std::pair{"400", "The rows are not as the model needs them; errors names each"},
                                  std::pair{"413", "Too large"}, std::pair{"415", "A body of another kind"}}) {
    all[code] = {{"description", why}, {"content", content("application/problem+json", problem)}};
  }
  return all;
}

OrderedJson query_parameters(const ServiceVersion& model) {
  OrderedJson all = OrderedJson::array();
  const auto add = [&](const std::string& name, const std::string& description, OrderedJson schema) {
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

// What who deployed it says of it; else what it is.
const std::string& summary(const ServiceVersion& version) {
  return version.about().empty() ? version.description().title : version.about();
}

OrderedJson score_operation(const ServiceVersion& model, const std::string& id) {
  const std::string row = "#/components/schemas/" + model.service() + "_" + "row";
  OrderedJson rows{{"type", "array"}, {"minItems", 1}, {"items", {{"$ref", row}}}};
  if (model.signature() != nullptr) rows["maxItems"] = 1;
  OrderedJson body =
      content("application/json", {{"type", "object"}, {"properties", {{"df", rows}}}, {"required", {"df"}}});
  body["application/json"]["example"] = {{"df", {example_row(model)}}};
  return {{"operationId", id},
          {"summary", summary(model)},
          {"tags", {model.service()}},
          {"parameters", query_parameters(model)},
          {"requestBody", {{"required", true}, {"content", std::move(body)}}},
          {"responses", responses(predictions_schema(model))}};
}

// Of Swagger 2: JSON of one definition goes in, JSON of another comes out.
OrderedJson post_operation(const char* id, const char* body, const std::string& takes, const std::string& gives) {
  return {{"operationId", id},
          {"consumes", {"application/json"}},
          {"produces", {"application/json"}},
          {"parameters",
           {{{"name", body}, {"in", "body"}, {"required", true}, {"schema", {{"$ref", "#/definitions/" + takes}}}}}},
          {"responses", {{"200", {{"description", "OK"}, {"schema", {{"$ref", "#/definitions/" + gives}}}}}}}};
}

// A schema of an object whose members are texts, the first `required` of which must be there.
OrderedJson texts_schema(const std::vector<std::string>& names, std::size_t required) {
  OrderedJson properties = OrderedJson::object();
  for (const auto& name : names) properties[name] = {{"type", "string"}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::vector<std::string>(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(required))}};
}

// ML Server's operations, by its names; a client sends "Bearer TOKEN" as its Authorization.
void add_login(OrderedJson& document) {
  const OrderedJson refused{{"description", "The credentials are not good"}};
  OrderedJson login = post_operation("login", "loginRequest", "LoginRequest", "AccessTokenResponse");
  OrderedJson renew = post_operation("renewToken", "renewTokenRequest", "RenewTokenRequest", "AccessTokenResponse");
  OrderedJson revoke{
      {"operationId", "revokeRefreshToken"},
      {"parameters", {{{"name", "refreshToken"}, {"in", "query"}, {"required", true}, {"type", "string"}}}},
      {"responses", {{"200", {{"description", "The login is over"}}}}}};
  for (OrderedJson* operation : {&login, &renew, &revoke}) {
    (*operation)["security"] = OrderedJson::array();
    (*operation)["responses"]["401"] = refused;
  }
  document["paths"]["/login"]["post"] = std::move(login);
  document["paths"]["/login/refreshToken"] = {{"post", std::move(renew)}, {"delete", std::move(revoke)}};
  OrderedJson token = texts_schema({"token_type", "access_token", "refresh_token"}, 3);
  for (const char* seconds : {"expires_in", "expires_on"}) token["properties"][seconds] = {{"type", "integer"}};
  document["definitions"]["LoginRequest"] = texts_schema({"username", "password", "algorithm"}, 2);
  document["definitions"]["RenewTokenRequest"] = texts_schema({"refreshToken"}, 1);
  document["definitions"]["AccessTokenResponse"] = std::move(token);
  document["securityDefinitions"]["Bearer"] = {{"type", "apiKey"}, {"name", "Authorization"}, {"in", "header"}};
  document["security"] = {{{"Bearer", OrderedJson::array()}}};
}

}  // namespace

std::string openapi_document(const Catalog::Services& services, bool has_first) {
  OrderedJson paths = OrderedJson::object(), schemas = OrderedJson::object();
  std::string elsewhere;
  for (const Service& service : services) {
    const ServiceVersion& model = *service.main();
    if (!model.takes_rows()) {
      elsewhere += (elsewhere.empty() ? "" : ", ") + ("/services/" + model.service() + "/openapi.json");
      continue;
    }
    schemas[model.service() + "_row"] = row_schema(model, true);
    paths["/services/" + model.service() + "/score"] = {{"post", score_operation(model, "score_" + model.service())}};
  }
  if (has_first && !services.empty() && services.front().main()->takes_rows())
    paths["/score"] = {{"post", score_operation(*services.front().main(), "score")}};
  const OrderedJson error{{"type", "object"},
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
  OrderedJson info{{"title", "Models served by Scoria"}, {"version", SCORIA_VERSION}};
  if (!elsewhere.empty()) info["description"] = "Plumber files have documents of their own: " + elsewhere;
  const OrderedJson document{{"openapi", "3.0.3"},
                             {"info", std::move(info)},
                             {"paths", std::move(paths)},
                             {"components", {{"schemas", std::move(schemas)}}}};
  return document.dump(1);
}

std::string swagger_document(const ServiceVersion& model, bool has_login) {
  OrderedJson result{{"type", "object"},
                     {"properties",
                      {{"success", {{"type", "boolean"}}},
                       {"errorMessage", {{"type", "string"}}},
                       {"outputParameters", {{"type", "object"}}},
                       {"outputFiles", {{"type", "object"}}},
                       {"consoleOutput", {{"type", "string"}}},
                       {"changedFiles", {{"type", "array"}, {"items", {{"type", "string"}}}}}}}};
  if (model.signature() != nullptr)
    result["properties"]["outputParameters"] = outputs_schema(*model.signature(), false);
  OrderedJson score = post_operation("score", "WebServiceParameters", "InputParameters", "WebServiceResult");
  score["responses"]["default"] = {{"description", "What is wrong with the rows, or with the server"},
                                   {"schema", {{"$ref", "#/definitions/WebServiceResult"}}}};
  // No schemes: clients take the one by which they got this, and npm's swagger-client the first of several.
  OrderedJson document{
      {"swagger", "2.0"},
      {"info", {{"title", model.service()}, {"version", model.version()}, {"description", summary(model)}}},
      {"consumes", {"application/json"}},
      {"produces", {"application/json"}},
      {"paths", {{"/api/" + model.service() + "/" + model.version(), {{"post", std::move(score)}}}}},
      {"definitions", {{"InputParameters", row_schema(model, false)}, {"WebServiceResult", std::move(result)}}}};
  if (has_login) add_login(document);
  return document.dump(1);
}

std::string service_list(const Catalog::Services& services) {
  OrderedJson all = OrderedJson::array();
  for (const Service& service : services) {
    for (std::size_t i = 0; i < service.versions.size(); ++i) {
      const ServiceVersion& version = *service.versions[i];
      all.push_back({{"name", service.name},
                     {"version", version.version()},
                     {"description", summary(version)},
                     {"kind", version.kind()},
                     {"weight", service.weights[i]},
                     {"sha256", version.sha256()}});
    }
  }
  return all.dump();
}

std::string inference_metadata(const ServiceVersion& model, const Service& service) {
  OrderedJson versions = OrderedJson::array();
  for (const auto& one : service.versions) versions.push_back(one->version());
  OrderedJson inputs = OrderedJson::array();
  for (const auto& feature : model.description().features) {
    const bool is_number = feature.kind == model::FeatureKind::number || feature.kind == model::FeatureKind::logical;
    OrderedJson input{
        {"name", feature.name},
        {"datatype", is_number ? (feature.kind == model::FeatureKind::logical ? "BOOL" : "FP64") : "BYTES"},
        {"shape", {-1}}};
    if (!feature.levels.empty()) input["parameters"] = {{"levels", feature.levels}};
    inputs.push_back(std::move(input));
  }
  const auto& types = model.description().types;
  const OrderedJson document{{"name", model.service()},
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
