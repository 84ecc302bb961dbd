// Inputs of published code are read by their definitions, and its outputs written as long as they are.
#include "serve/signature.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "serve/openapi.h"
#include "serve/try_page.h"

namespace scoria::serve {
namespace {

using Json = nlohmann::json;

Signature all_types() {
  return {.inputs = {{"n", "numeric"}, {"i", "integer"}, {"l", "logical"}, {"c", "character"}, {"v", "vector"}},
          .outputs = {{"a", "numeric"}, {"b", "vector"}}};
}

Json good() { return {{"n", 1.5}, {"i", 2}, {"l", true}, {"c", "text"}, {"v", {1, 2, 3}}}; }

Problem refusal(const Json& body) {
  table::Table inputs;
  Problem problem;
  EXPECT_FALSE(read_inputs(body.dump(), false, all_types(), inputs, problem)) << body;
  return problem;
}

std::string refusal_of(const char* name, const Json& value) {
  Json body = good();
  body[name] = value;
  const Problem problem = refusal(body);
  return problem.status == 400 && problem.mistakes.size() == 1 && problem.mistakes[0].column == name
             ? problem.message()
             : "another mistake";
}

TEST(Inputs, HaveTheirOwnLengths) {
  table::Table inputs;
  Problem problem;
  ASSERT_TRUE(read_inputs(good().dump(), false, all_types(), inputs, problem)) << problem.message();
  ASSERT_EQ(inputs.columns(), 6u);
  EXPECT_EQ(inputs.rows(), 3u);
  EXPECT_EQ(inputs.column(5)->text_at(0), "1 1 1 1 3");
  EXPECT_EQ(inputs.column(0)->reals()[0], 1.5);
  EXPECT_TRUE(inputs.column(0)->is_null(1));
  EXPECT_EQ(inputs.column(4)->reals()[2], 3);
}

TEST(Inputs, OfAnotherTypeAreNamedWithWhatCameAndWhatIsRight) {
  EXPECT_EQ(refusal_of("n", "a"), "the input 'n' is \"a\", must be numeric: one number");
  EXPECT_EQ(refusal_of("n", true), "the input 'n' is true, must be numeric: one number");
  EXPECT_EQ(refusal_of("n", Json::array({1, 2})), "the input 'n' is an array of 2, must be numeric: one number");
  EXPECT_EQ(refusal_of("i", 1.5),
            "the input 'i' is 1.5, must be integer: one whole number from -2147483647 to 2147483647");
  EXPECT_NE(refusal_of("i", 3e9).find("must be integer"), std::string::npos);
  EXPECT_EQ(refusal_of("l", "maybe"), "the input 'l' is \"maybe\", must be logical: true or false");
  EXPECT_EQ(refusal_of("c", 7), "the input 'c' is 7, must be character: one text");
  EXPECT_NE(refusal_of("v", Json::array({1, "a"})).find("an element of another kind"), std::string::npos);
  EXPECT_NE(refusal_of("v", Json::object()).find("is an object, must be vector"), std::string::npos);
}

TEST(Inputs, ThatAreMissingAreAllNamed) {
  const Problem problem = refusal({{"n", 1}, {"i", 1}, {"l", true}, {"other", 1}});
  ASSERT_EQ(problem.mistakes.size(), 2u);
  EXPECT_EQ(problem.message(), "the input 'c' is missing: it is character, one text");
  EXPECT_EQ(problem.mistakes[1].column, "v");
}

TEST(Inputs, AreWhatRsPackagesWrite) {
  Json body = good();
  body["n"] = Json::array({"Inf"});  // jsonlite without auto_unbox
  body["v"] = Json::array({1, "NA", "NaN"});
  body["unknown"] = Json::object();
  table::Table inputs;
  Problem problem;
  ASSERT_TRUE(read_inputs(body.dump(), false, all_types(), inputs, problem)) << problem.message();
  EXPECT_TRUE(inputs.column(4)->is_null(1));
  EXPECT_FALSE(inputs.column(4)->is_null(2));
  body["v"] = 4;  // and with it
  ASSERT_TRUE(read_inputs(body.dump(), false, all_types(), inputs, problem)) << problem.message();
  EXPECT_EQ(inputs.rows(), 1u);
  body["v"] = Json::array();
  ASSERT_TRUE(read_inputs(body.dump(), false, all_types(), inputs, problem)) << problem.message();
  EXPECT_EQ(inputs.column(5)->text_at(0), "1 1 1 1 0");
}

TEST(Inputs, MayBeTheOnlyRecordOfRows) {
  table::Table inputs;
  Problem problem;
  EXPECT_TRUE(read_inputs(Json{{"df", {good()}}}.dump(), true, all_types(), inputs, problem));
  EXPECT_FALSE(read_inputs(Json{{"df", {good(), good()}}}.dump(), true, all_types(), inputs, problem));
  EXPECT_NE(problem.message().find("not 2 times"), std::string::npos) << problem.message();
}

TEST(Inputs, AreReadFromHostileBodies) {
  table::Table inputs;
  Problem problem;
  const std::string deep = std::string(100'000, '[');
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("[]"), std::string("7"), deep, std::string("{\"n\":1e999}"),
        std::string("{\"n\":1,\"n\":2}"), std::string("{\"n\":\"\xff\"}")})
    EXPECT_FALSE(read_inputs(body, false, all_types(), inputs, problem)) << body.substr(0, 20);
}

TEST(Outputs, AreAsLongAsTheirCodeLeavesThem) {
  table::Table outputs(3);
  outputs.add("a", table::Column::real({6, 0, 0}));
  outputs.add("b", table::Column::real({1, 2, 3}));
  const std::vector<std::string> lengths = {"1 3", "", ""};
  outputs.add(".lengths", table::Column::text(std::span<const std::string>(lengths)));
  std::string text;
  ASSERT_TRUE(append_outputs(text, outputs, NoNumber::text).ok());
  EXPECT_EQ(text, R"("a":[6],"b":[1,2,3])");
}

TEST(Outputs, WithOtherLengthsAreNoAnswer) {
  for (const char* wrong : {"", "1", "1 4", "1 3 1", "1 x", "-1 3"}) {
    table::Table outputs(3);
    outputs.add("a", table::Column::real({6, 0, 0}));
    outputs.add("b", table::Column::real({1, 2, 3}));
    const std::vector<std::string> lengths = {wrong, "", ""};
    outputs.add(".lengths", table::Column::text(std::span<const std::string>(lengths)));
    std::string text;
    EXPECT_FALSE(append_outputs(text, outputs, NoNumber::text).ok()) << wrong;
  }
}

TEST(SignatureSchemas, HaveTypesAndArrays) {
  const auto inputs = inputs_schema(all_types(), false);
  EXPECT_EQ(inputs["properties"]["n"]["type"], "number");
  EXPECT_EQ(inputs["properties"]["i"]["type"], "integer");
  EXPECT_EQ(inputs["properties"]["l"]["type"], "boolean");
  EXPECT_EQ(inputs["properties"]["c"]["type"], "string");
  EXPECT_EQ(inputs["properties"]["v"]["type"], "array");
  EXPECT_EQ(inputs["required"].size(), 5u);
  const auto outputs = outputs_schema(all_types(), true);
  EXPECT_EQ(outputs["properties"]["a"]["type"], "array");
  EXPECT_EQ(outputs["properties"]["a"]["items"]["type"], "number");
}

class Published final : public ServiceVersion {
 public:
  Published() : ServiceVersion("sum", "1") {
    about_.types = {"predict"};
    set_about("adds <all>");
    set_signature(all_types());
  }
  const char* kind() const override { return "function"; }
  const std::string& sha256() const override { return sha256_; }
  const model::Description& description() const override { return about_; }
  const Schema* schema() const override { return nullptr; }

 private:
  std::string sha256_;
  model::Description about_;
};

TEST(SignatureDocuments, TellOfInputsAndDescription) {
  Catalog catalog;
  catalog.put(std::make_shared<Published>());
  const auto services = catalog.services();
  const std::string page = try_page(*services);
  for (const char* name : {"n", "i", "l", "c", "v"})
    EXPECT_NE(page.find("<input name=\"" + std::string(name) + "\""), std::string::npos) << page;
  EXPECT_NE(page.find("value=\"[0]\""), std::string::npos) << page;
  const Json openapi = Json::parse(openapi_document(*services, true));
  EXPECT_EQ(openapi["components"]["schemas"]["sum_row"]["properties"]["v"]["type"], "array");
  const Json& post = openapi["paths"]["/services/sum/score"]["post"];
  EXPECT_EQ(post["summary"], "adds <all>");
  EXPECT_EQ(post["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["a"]["type"], "array");
  EXPECT_EQ(Json::parse(service_list(*services))[0]["description"], "adds <all>");
}

}  // namespace
}  // namespace scoria::serve
