#include "serve/openapi.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "serve/served_model.h"
#include "serve/version_for_tests.h"

namespace scoria::serve {
namespace {

Catalog::Services services(std::vector<ServiceVersionPtr> versions) {
  Catalog::Services all;
  for (auto& version : versions) all.push_back({version->service(), {version}, {100}});
  return all;
}

ServiceVersionPtr serve_golden(const std::string& name, const std::string& service) {
  return ServedModel::open(SCORIA_SOURCE_DIR "/tests/golden/" + name + "/model.rds", service, "1").value();
}

// As a plumber file.
class WholeRequests final : public VersionForTests {
 public:
  WholeRequests() : VersionForTests("file") {}
  const char* kind() const override { return "plumber"; }
  bool takes_rows() const override { return false; }
};

TEST(OpenApi, SaysWhereTheDocumentOfAPlumberFileIs) {
  const nlohmann::json document =
      nlohmann::json::parse(openapi_document(services({std::make_shared<WholeRequests>()}), true));
  EXPECT_TRUE(document["paths"].empty());
  EXPECT_NE(document["info"]["description"].get<std::string>().find("/services/file/openapi.json"), std::string::npos);
}

TEST(OpenApi, DescribesEachServiceAndTheDefault) {
  const nlohmann::json document = nlohmann::json::parse(openapi_document(
      services({serve_golden("rf_reg_boston", "boston"), serve_golden("linear_lm_character", "lm")}), true));
  EXPECT_EQ(document["openapi"], "3.0.3");
  for (const auto* path : {"/score", "/services/boston/score", "/services/lm/score"}) {
    ASSERT_TRUE(document["paths"].contains(path)) << path;
    for (const auto* status : {"200", "400", "413", "415"})
      EXPECT_TRUE(document["paths"][path]["post"]["responses"].contains(status)) << path << status;
  }
  const auto& row = document["components"]["schemas"]["boston_row"];
  EXPECT_EQ(row["properties"].size(), 13u);
  EXPECT_EQ(row["properties"]["crim"]["type"], "number");
  EXPECT_EQ(row["required"].size(), 13u);
}

TEST(OpenApi, NamesOperationsOnceEach) {
  const nlohmann::json document = nlohmann::json::parse(openapi_document(
      services({serve_golden("rf_reg_boston", "boston"), serve_golden("rf_reg_boston", "other")}), true));
  std::set<std::string> ids;
  for (const auto& [path, item] : document["paths"].items())
    EXPECT_TRUE(ids.insert(item["post"]["operationId"]).second) << path;
}

TEST(OpenApi, ListsLevelsAndThatAValueMayBeMissing) {
  const nlohmann::json document =
      nlohmann::json::parse(openapi_document(services({serve_golden("linear_lm_character", "lm")}), false));
  EXPECT_FALSE(document["paths"].contains("/score")) << "which another answers";
  const auto& s = document["components"]["schemas"]["lm_row"]["properties"]["s"];
  EXPECT_EQ(s["type"], "string");
  EXPECT_EQ(s["nullable"], true);
  // OpenAPI 3.0.3: a nullable enum must list null.
  ASSERT_TRUE(s.contains("enum"));
  EXPECT_TRUE(s["enum"].back().is_null());
}

TEST(Swagger, DescribesInputsAndTheResult) {
  const nlohmann::json document =
      nlohmann::json::parse(swagger_document(*serve_golden("rf_reg_boston", "boston"), false));
  EXPECT_EQ(document["swagger"], "2.0");
  EXPECT_FALSE(document.contains("schemes"));  // the one by which the document came
  EXPECT_TRUE(document["paths"].contains("/api/boston/1"));
  EXPECT_EQ(document["definitions"]["InputParameters"]["properties"].size(), 13u);
  EXPECT_TRUE(document["definitions"]["WebServiceResult"]["properties"].contains("outputParameters"));
}

TEST(Swagger, HasTheLoginWhereThereIsOne) {
  const auto model = serve_golden("rf_reg_boston", "boston");
  const nlohmann::json open = nlohmann::json::parse(swagger_document(*model, false));
  EXPECT_FALSE(open["paths"].contains("/login"));
  EXPECT_FALSE(open.contains("security"));
  const nlohmann::json document = nlohmann::json::parse(swagger_document(*model, true));
  const auto& login = document["paths"]["/login"]["post"];
  EXPECT_EQ(login["operationId"], "login");
  EXPECT_TRUE(login["security"].empty());  // nobody has a token before
  EXPECT_TRUE(document["paths"]["/login/refreshToken"].contains("delete"));
  EXPECT_EQ(document["securityDefinitions"]["Bearer"]["name"], "Authorization");
  EXPECT_FALSE(document["security"].empty());
}

TEST(InferenceMetadata, ListsTensors) {
  const auto all = services({serve_golden("linear_lm_character", "lm")});
  const nlohmann::json document = nlohmann::json::parse(inference_metadata(*all[0].main(), all[0]));
  EXPECT_EQ(document["name"], "lm");
  EXPECT_EQ(document["inputs"][0]["datatype"], "BYTES");
  EXPECT_EQ(document["outputs"][0]["name"], "response");
  EXPECT_EQ(document["outputs"][0]["datatype"], "FP64");
}

}  // namespace
}  // namespace scoria::serve
