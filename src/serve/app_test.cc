// Requests to a service as clients send them, without a socket. The model is R's randomForest of tests/golden/rf_reg_boston, and what it
// predicts is R's.
#include "serve/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "serve/served_model.h"

namespace scoria::serve {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::string boston_file(const std::string& file) { return SCORIA_SOURCE_DIR "/tests/golden/rf_reg_boston/" + file; }

// Rows 3 and 4 of the case, as texts.
struct Golden {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
  std::vector<double> expected;
};

std::vector<std::string> cells(std::string line) {
  std::vector<std::string> all;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) {
    std::erase(cell, '"');
    all.push_back(cell);
  }
  return all;
}

const Golden& rows_of_r() {
  static const Golden read = [] {
    Golden golden_rows;
    std::ifstream input(boston_file("input.csv")), expected(boston_file("expected.csv"));
    std::string line;
    std::getline(input, line);
    golden_rows.names = cells(line);
    std::getline(expected, line);
    for (int row = 1; row <= 4; ++row) {
      std::getline(input, line);
      if (row > 2) golden_rows.rows.push_back(cells(line));
      std::getline(expected, line);
      if (row > 2) golden_rows.expected.push_back(std::stod(line));
    }
    return golden_rows;
  }();
  return read;
}

// {"crim":0.02,...}; `changed` are other values, in JSON; none: the column is left out.
std::string record(std::size_t row, const std::map<std::string, std::string>& changed = {}) {
  std::string text;
  for (std::size_t i = 0; i < rows_of_r().names.size(); ++i) {
    const auto& name = rows_of_r().names[i];
    const auto other = changed.find(name);
    const std::string value = other == changed.end() ? rows_of_r().rows[row][i] : other->second;
    if (!value.empty()) text += (text.empty() ? "\"" : ",\"") + name + "\":" + value;
  }
  return "{" + text + "}";
}

std::string df(const std::map<std::string, std::string>& changed = {}) {
  return R"({"df":[)" + record(0, changed) + "]}";
}

class AppTest : public testing::Test {
 protected:
  net::HttpReply ask(const std::string& method, const std::string& target, std::string body = {},
                     net::Headers headers = {}) {
    net::HttpReply got{.status = 0};
    net::HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.body = std::move(body);
    app_.handle(std::move(request), net::Responder([&](net::HttpReply reply) { got = std::move(reply); }));
    return got;
  }
  net::HttpReply post(const std::string& target, std::string body, const std::string& type = "application/json") {
    return ask("POST", target, std::move(body), {{"Content-Type", type}});
  }
  net::HttpReply score(std::string body) { return post("/score", std::move(body)); }

  void expect_r(const net::HttpReply& reply, const std::vector<double>& expected = {rows_of_r().expected[0]}) {
    ASSERT_EQ(reply.status, 200) << reply.body;
    const Json got = Json::parse(reply.body);
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_DOUBLE_EQ(got[i].get<double>(), expected[i]);
  }
  void expect_mistake(const net::HttpReply& reply, int status, const std::string& code, const std::string& part) {
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_EQ(net::find_header(reply.headers, "Content-Type"), "application/problem+json");
    const Json got = Json::parse(reply.body);
    EXPECT_EQ(got["status"], status);
    EXPECT_EQ(got["errors"].at(0)["code"], code) << reply.body;
    EXPECT_THAT(got["detail"].get<std::string>(), HasSubstr(part));
  }

  InlineExecutor executor_;
  AppTest() { catalog_.put(ServedModel::open(boston_file("model.rds"), "boston", "v1.0.0").value()); }

  Catalog catalog_;
  App app_{catalog_, executor_};
};

// The cases that plumber answers with a bare 500, with another number, or not at all.

TEST_F(AppTest, NamesAMissingColumn) { expect_mistake(score(df({{"lstat", ""}})), 400, "missing_column", "'lstat'"); }

TEST_F(AppTest, TakesInfinityAndNaNForWhatTheySay) {
  // R: a row with NaN is predicted as NA; for Inf its predict() of a forest stops: "NA/NaN/Inf in foreign function call".
  const auto nan = score(df({{"rm", "NaN"}}));
  EXPECT_EQ(nan.status, 200);
  EXPECT_EQ(nan.body, R"(["NA"])");
  expect_mistake(score(df({{"rm", "Infinity"}})), 400, "refused_by_model", "");
}

TEST_F(AppTest, RefusesANumberThatADoubleCannotHold) {
  expect_mistake(score(df({{"rm", "1e999"}})), 400, "out_of_range", "1e999");
}

TEST_F(AppTest, SaysWhereJsonIsMalformed) { expect_mistake(score(R"({"df":[{"crim":0.1)"), 400, "bad_json", "JSON"); }

TEST_F(AppTest, SaysThatThereIsNoRow) { expect_mistake(score(R"({"df":[]})"), 400, "bad_request", "there is no row"); }

TEST_F(AppTest, SaysWhatABodyMustHave) { expect_mistake(score(R"({"frame":[]})"), 400, "bad_request", "\"df\""); }

TEST_F(AppTest, SaysWhichContentTypesThereAre) {
  expect_mistake(post("/score", df(), "text/xml"), 415, "bad_request", "text/csv");
}

TEST_F(AppTest, RefusesCompressedBodiesByName) {
  net::HttpRequest head;
  head.headers = {{"Content-Encoding", "br"}};
  const auto plan = app_.plan_body(head);
  ASSERT_TRUE(plan.refuse.has_value());
  expect_mistake(*plan.refuse, 415, "bad_request", "'br'");
  head.headers = {{"Content-Encoding", "gzip"}};
  EXPECT_NE(app_.plan_body(head).sink, nullptr);
  expect_r(ask("POST", "/score", df(), {{"Content-Encoding", "identity"}}));
}

TEST_F(AppTest, TellsTensorsClientsOfAMissingServiceInTheirForm) {
  const auto reply = post("/v2/models/none/infer", "{}");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(Json::parse(reply.body)["error"], "there is no service 'none'");
}

TEST_F(AppTest, TakesABodyWithoutContentTypeForJson) { expect_r(ask("POST", "/score", df())); }

TEST_F(AppTest, RefusesDeepNesting) {
  for (const std::string& body :
       {std::string(100'000, '['), R"({"df":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}"})
    EXPECT_EQ(score(body).status, 400);
}

TEST_F(AppTest, PredictsMissingFromMissing) {
  // R's predict(), and so plumber: NA.
  EXPECT_EQ(score(df({{"rm", "null"}})).body, R"(["NA"])");
  EXPECT_EQ(score(df({{"rm", "\"NA\""}})).body, R"(["NA"])");
  EXPECT_EQ(post("/score?no_number=strict", df({{"rm", "null"}})).body, "[null]");
}

TEST_F(AppTest, TakesANumberInATextForTheNumber) { expect_r(score(df({{"rm", '"' + rows_of_r().rows[0][5] + '"'}}))); }

TEST_F(AppTest, TakesColumns) {
  std::string body = R"({"df":{)";
  for (std::size_t i = 0; i < rows_of_r().names.size(); ++i) {
    body += (i > 0 ? ",\"" : "\"") + rows_of_r().names[i] + "\":[" + rows_of_r().rows[0][i] + "," +
            rows_of_r().rows[1][i] + "]";
  }
  expect_r(score(body + "}}"), rows_of_r().expected);
}

TEST_F(AppTest, TellsAWrongMethodAndAWrongPath) {
  const auto get = ask("GET", "/score");
  EXPECT_EQ(get.status, 405);
  EXPECT_EQ(net::find_header(get.headers, "Allow"), "POST");
  for (const auto& [method, path, allowed] : {std::tuple{"PUT", "/score", "POST"},
                                              {"DELETE", "/api/boston/v1.0.0", "POST"},
                                              {"GET", "/v2/models/boston/infer", "POST"},
                                              {"GET", "/endpoints/boston/invocations", "POST"},
                                              {"POST", "/livez", "GET, HEAD"},
                                              {"PUT", "/openapi.json", "GET, HEAD"}}) {
    const auto reply = ask(method, path);
    EXPECT_EQ(reply.status, 405) << method << path;
    EXPECT_EQ(net::find_header(reply.headers, "Allow"), allowed) << method << path;
  }
  EXPECT_EQ(ask("PUT", "/nothing").status, 404);
  expect_mistake(ask("GET", "/nothing"), 404, "not_found", "nothing is served");
  expect_mistake(post("/services/other/score", df()), 404, "not_found", "'other'");
  // Where MLflow's and SageMaker's clients look, and ML Server's.
  EXPECT_EQ(nlohmann::json::parse(post("/endpoints/other/invocations", df()).body)["message"],
            "there is no service 'other'");
  EXPECT_EQ(nlohmann::json::parse(post("/api/other/1", df()).body)["errorMessage"], "there is no service 'other'");
}

TEST_F(AppTest, RefusesTooManyNamesAndTakesAThousand) {
  const auto with_names = [&](int count) {
    std::string more;
    for (int i = 0; i < count; ++i) more += ",\"k" + std::to_string(i) + "\":1";
    std::string one = record(0);
    one.insert(one.size() - 1, more);
    return R"({"df":[)" + one + "]}";
  };
  expect_r(score(with_names(1000)));
  expect_mistake(score(with_names(200'000)), 413, "too_many_columns", "10000");
}

TEST_F(AppTest, ScoresTenThousandRows) {
  std::string body = R"({"df":[)";
  for (int i = 0; i < 10'000; ++i) body += record(static_cast<std::size_t>(i % 2)) + ",";
  body.back() = ']';
  const auto reply = score(body + "}");
  ASSERT_EQ(reply.status, 200);
  const Json got = Json::parse(reply.body);
  ASSERT_EQ(got.size(), 10'000u);
  EXPECT_DOUBLE_EQ(got[9'999].get<double>(), rows_of_r().expected[1]);
}

TEST_F(AppTest, WritesEveryDigit) { EXPECT_EQ(std::stod(score(df()).body.substr(1)), rows_of_r().expected[0]); }

// The other protocols.

TEST_F(AppTest, AnswersMlflow) {
  for (const std::string& body :
       {R"({"dataframe_records":[)" + record(0) + "]}", R"({"instances":[)" + record(0) + R"(],"params":{}})",
        R"({"inputs":)" + record(0) + "}"}) {
    const auto reply = post("/invocations", body, "application/json; charset=utf-8");
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_DOUBLE_EQ(Json::parse(reply.body)["predictions"][0].get<double>(), rows_of_r().expected[0]);
  }
  const auto wrong = post("/invocations", R"({"columns":["crim"],"data":[[1]]})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(Json::parse(wrong.body)["error_code"], "BAD_REQUEST");
  EXPECT_THAT(Json::parse(wrong.body)["message"].get<std::string>(), HasSubstr("dataframe_split"));
}

TEST_F(AppTest, AnswersMlServer) {
  for (const std::string& body : {record(0), R"({"inputData":[)" + record(0) + "]}"}) {
    const auto reply = post("/api/boston/v1.0.0", body);
    ASSERT_EQ(reply.status, 200) << reply.body;
    const Json got = Json::parse(reply.body);
    EXPECT_EQ(got["success"], true);
    EXPECT_DOUBLE_EQ(got["outputParameters"]["answer"][0].get<double>(), rows_of_r().expected[0]);
  }
  const Json wrong = Json::parse(post("/api/boston/v1.0.0", R"({"inputData":[{}]})").body);
  EXPECT_EQ(wrong["success"], false);
  EXPECT_THAT(wrong["errorMessage"].get<std::string>(), HasSubstr("'crim'"));
  EXPECT_EQ(post("/api/boston/v2", record(0)).status, 404);
  // Who sends /score's form is told of both that there are here.
  for (const std::string& body : {std::string("{}"), df()}) {
    const Json none = Json::parse(post("/api/boston/v1.0.0", body).body);
    EXPECT_THAT(none["errorMessage"].get<std::string>(),
                AllOf(HasSubstr(R"({"NAME": value, ...})"), HasSubstr(R"({"inputData": )")));
  }
}

TEST_F(AppTest, AnswersTensorsInJsonAndInBytes) {
  std::string data;
  for (const auto& cell : rows_of_r().rows[0]) data += (data.empty() ? "" : ",") + cell;
  const std::string inputs = R"("inputs":[{"name":"X","shape":[1,13],"datatype":"FP64","data":[)" + data + "]}]}";
  const auto in_json = post("/v2/models/boston/infer", R"({"id":"42",)" + inputs);
  ASSERT_EQ(in_json.status, 200) << in_json.body;
  const Json got = Json::parse(in_json.body);
  EXPECT_EQ(got["id"], "42");
  EXPECT_EQ(got["model_version"], "v1.0.0");
  EXPECT_EQ(got["outputs"][0]["shape"], Json({1}));
  EXPECT_DOUBLE_EQ(got["outputs"][0]["data"][0].get<double>(), rows_of_r().expected[0]);

  const auto in_bytes =
      post("/v2/models/boston/versions/v1.0.0/infer", R"({"parameters":{"binary_data_output":true},)" + inputs);
  ASSERT_EQ(in_bytes.status, 200) << in_bytes.body;
  const auto size = std::stoul(std::string(*net::find_header(in_bytes.headers, "Inference-Header-Content-Length")));
  ASSERT_EQ(in_bytes.body.size(), size + sizeof(double));
  double value = 0;
  memcpy(&value, in_bytes.body.data() + size, sizeof value);
  EXPECT_DOUBLE_EQ(value, rows_of_r().expected[0]);
  EXPECT_EQ(Json::parse(in_bytes.body.substr(0, size))["outputs"][0]["parameters"]["binary_data_size"], 8);

  const auto wrong = post("/v2/models/boston/infer", R"({"outputs":[{"name":"none"}],)" + inputs);
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(Json::parse(wrong.body)["error"], "there is no output 'none'");
}

TEST_F(AppTest, AnswersCsvAndLines) {
  std::string csv, values;
  for (std::size_t i = 0; i < rows_of_r().names.size(); ++i) {
    csv += (i > 0 ? "," : "") + rows_of_r().names[i];
    values += (i > 0 ? "," : "") + rows_of_r().rows[0][i];
  }
  expect_r(post("/score", csv + "\n" + values + "\n", "text/csv"));
  expect_r(post("/predict", record(0) + "\n" + record(1) + "\n", "application/x-ndjson"), rows_of_r().expected);
}

TEST_F(AppTest, RefusesWordsOfTheQueryThatItDoesNotKnow) {
  expect_mistake(post("/score?typ=response", df()), 400, "bad_request", "'typ'");
  expect_mistake(post("/score?no_number=lax", df()), 400, "bad_request", "'lax'");
  EXPECT_EQ(post("/score?type=nothing", df()).status, 400);
}

TEST_F(AppTest, LimitsBodiesByTheirKind) {
  const auto most = [&](const char* type) {
    net::HttpRequest head;
    head.headers = {{"Content-Type", type}};
    return app_.plan_body(head).max_bytes;
  };
  EXPECT_EQ(most("application/json; charset=utf-8"), 6u << 20);
  EXPECT_EQ(most("text/plain"), 6u << 20) << "which is read as JSON";
  EXPECT_EQ(most("text/csv"), 64u << 20);
  EXPECT_EQ(most("application/octet-stream"), 64u << 20);
}

TEST_F(AppTest, TellsHealthAndReadiness) {
  for (const auto* path : {"/livez", "/readyz", "/startupz", "/ping", "/health", "/v2/health/live", "/v2/health/ready",
                           "/v2/models/boston/ready"})
    EXPECT_EQ(ask("GET", path).status, 200) << path;
  app_.set_ready(false);
  EXPECT_EQ(ask("GET", "/livez").status, 200);
  for (const auto* path : {"/readyz", "/v2/health/ready", "/v2/models/boston/ready"})
    EXPECT_EQ(ask("GET", path).status, 503) << path;
}

TEST_F(AppTest, AnswersByWeightOrByTheVersionThatIsAskedFor) {
  catalog_.put(ServedModel::open(boston_file("model.rds"), "boston", "v2").value());
  const auto version_of = [&](net::Headers headers) {
    const auto reply =
        ask("POST", "/v2/models/boston/infer",
            R"({"inputs":[{"name":"X","shape":[1,13],"datatype":"FP64","data":[1,2,3,0,1,6,7,8,9,10,11,12,13]}]})",
            std::move(headers));
    return Json::parse(reply.body).value("model_version", reply.body);
  };
  EXPECT_EQ(version_of({}), "v1.0.0") << "a version beside another gets nothing until it is given a weight";
  EXPECT_EQ(version_of({{"X-Scoria-Version", "v2"}}), "v2");
  ASSERT_TRUE(catalog_.set_weights("boston", {{"v2", 100}}).ok());
  EXPECT_EQ(version_of({}), "v2");
  EXPECT_EQ(ask("POST", "/v2/models/boston/infer", "{}", {{"X-Scoria-Version", "v3"}}).status, 404);
  expect_r(post("/services/boston/score", df()));
  EXPECT_EQ(Json::parse(ask("GET", "/services").body).size(), 2u);
}

TEST_F(AppTest, CountsWhatItAnswers) {
  (void)score(df());
  (void)score("{}");
  const std::string text = ask("GET", "/metrics").body;
  EXPECT_THAT(text,
              HasSubstr(R"(serve_requests_total{service="boston",version="v1.0.0",protocol="plumber",code="200"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(serve_requests_total{service="boston",version="v1.0.0",protocol="plumber",code="400"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(serve_rows_total{service="boston",version="v1.0.0"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(serve_inflight{service="boston",version="v1.0.0"} 0)"));
}

}  // namespace
}  // namespace scoria::serve
