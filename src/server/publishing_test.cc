// What ML Server's publishing calls are read as, and who may send them. That the code then answers: tests/e2e/service_test.py.
#include "server/publishing.h"

#include <gtest/gtest.h>

#include "access/accounts.h"
#include "server/whole_server_for_tests.h"

namespace scoria::server {
namespace {

Json parameters(std::initializer_list<std::pair<const char*, const char*>> list) {
  Json all = Json::array();
  for (const auto& [name, type] : list) all.push_back({{"name", name}, {"type", type}});
  return all;
}

// As mrsdeploy and the clients that Microsoft's swagger makes send it.
Json sum_of_two() {
  return {{"code", "answer <- x + y"},
          {"runtimeType", "R"},
          {"description", "adds"},
          {"operationId", "add"},
          {"inputParameterDefinitions", parameters({{"x", "numeric"}, {"y", "numeric"}})},
          {"outputParameterDefinitions", parameters({{"answer", "numeric"}})}};
}

Error refusal(const Json& body) {
  const auto read = publishing::read_publication(body);
  return read.ok() ? Error{Code::conflict, "accepted"} : read.error();
}

TEST(Publication, BecomesAScriptOfItsLanguage) {
  const auto r = publishing::read_publication(sum_of_two());
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r.value().request["script"], "published.R");
  EXPECT_EQ(r.value().request["runtime"], "r");
  EXPECT_EQ(r.value().request["description"], "adds");
  EXPECT_EQ(r.value().request["inputParameterDefinitions"], parameters({{"x", "numeric"}, {"y", "numeric"}}));
  ASSERT_EQ(r.value().texts.size(), 1u);
  EXPECT_NE(r.value().texts[0].second.find(R"(parse(text = "answer <- x + y")"), std::string::npos);
  Json body = sum_of_two();
  body["runtimeType"] = "Python";
  const auto python = publishing::read_publication(body);
  ASSERT_TRUE(python.ok()) << python.error().message;
  EXPECT_EQ(python.value().request["script"], "published.py");
  body.erase("runtimeType");
  EXPECT_EQ(publishing::read_publication(body).value().request["runtime"], "r") << "ML Server's default";
}

TEST(Publication, KeepsCodeInsideItsLiteral) {
  Json body = sum_of_two();
  body["code"] = "answer <- \"a\\b\"\n# \") quit(";
  const std::string text = publishing::read_publication(body).value().texts[0].second;
  EXPECT_NE(text.find(R"(parse(text = "answer <- \"a\\b\"\n# \") quit(", keep.source)"), std::string::npos) << text;
}

TEST(Publication, SaysWhatIsNotServedAndWhatWouldBeRight) {
  for (const char* member : {"snapshotId", "model"}) {
    Json body = sum_of_two();
    body[member] = "05053e85-c9d0-43cb-9be8-8dccf2b5da54";
    EXPECT_EQ(refusal(body).code, Code::unsupported) << member;
    EXPECT_NE(refusal(body).message.find("scoria service deploy"), std::string::npos);
    body[member] = nullptr;
    EXPECT_EQ(refusal(body).message, "accepted") << member;
  }
  Json body = sum_of_two();
  body["inputParameterDefinitions"] = parameters({{"df", "data.frame"}});
  EXPECT_EQ(refusal(body).code, Code::unsupported);
  EXPECT_NE(refusal(body).message.find("columns"), std::string::npos);
}

TEST(Publication, IsReadStrictly) {
  const auto with = [](const char* member, const Json& value) {
    Json body = sum_of_two();
    body[member] = value;
    return refusal(body).code;
  };
  EXPECT_EQ(refusal(Json::array()).code, Code::invalid);
  EXPECT_EQ(with("code", ""), Code::invalid);
  EXPECT_EQ(with("code", 7), Code::invalid);
  EXPECT_EQ(with("runtimeType", "Julia"), Code::invalid);
  EXPECT_EQ(with("inputParameterDefinitions", "x"), Code::invalid);
  EXPECT_EQ(with("inputParameterDefinitions", Json::array()), Code::invalid);
  EXPECT_EQ(with("outputParameterDefinitions", Json::array()), Code::invalid);
  EXPECT_EQ(with("inputParameterDefinitions", parameters({{"x", "complex"}})), Code::invalid);
  EXPECT_EQ(with("inputParameterDefinitions", parameters({{"x", "numeric"}, {"x", "numeric"}})), Code::invalid);
  for (const char* name : {"", "1x", "a b", "x\"); quit(", "a.b", "_x", "é"})
    EXPECT_EQ(with("inputParameterDefinitions", parameters({{name, "numeric"}})), Code::invalid) << name;
}

class PublishingCalls : public WholeServerTest {
 protected:
  PublishingCalls() { has_users_ = true; }
  net::Headers key(access::Rights rights) {
    const auto made = access::create_key(users_->folder(), "k", std::move(rights), std::nullopt,
                                         {.by = "test", .now = clock_.now().wall});
    return {{"X-API-Key", made.value().text}};
  }
};

TEST_F(PublishingCalls, AreForThoseWhoMayRunCodeAsTheServer) {
  const std::string path = "/services/add/v1", body = sum_of_two().dump();
  EXPECT_EQ(send_raw("POST", path, body).status, 401) << "nobody";
  EXPECT_EQ(send_raw("POST", path, body, {{"Authorization", "Bearer a.b.c"}}).status, 401);
  for (const char* role : {"reader", "scorer"}) {
    EXPECT_EQ(send_raw("POST", path, body, key({.role = *access::role_named(role), .grants = {}})).status, 403) << role;
    EXPECT_EQ(send_raw("DELETE", path, {}, key({.role = *access::role_named(role), .grants = {}})).status, 403) << role;
  }
  const access::Rights grant{.role = access::Role::none, .grants = {access::parse_grant("contributor@add").value()}};
  EXPECT_EQ(send_raw("POST", path, body, key(grant)).status, 403) << "a grant of the service";
  EXPECT_EQ(send_raw("DELETE", path, {}, key(grant)).status, 404) << "which may delete it: there is none";
  EXPECT_EQ(send_raw("DELETE", "/services/other/v1", {}, key(grant)).status, 403);
}

TEST_F(PublishingCalls, AnswerWhatTheyDoNot) {
  const auto contributor = key({.role = access::Role::contributor, .grants = {}});
  for (const char* method : {"PUT", "PATCH"}) {
    const Heard answer = send_raw(method, "/services/add/v1", sum_of_two().dump(), contributor);
    EXPECT_EQ(answer.status, 405);
    EXPECT_NE(answer.body.find("versions do not change"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(send_raw("POST", "/services/add/v1", "{", contributor).status, 400);
  EXPECT_EQ(send_raw("POST", "/services/add/..%2Fx", sum_of_two().dump(), contributor).status, 400);
  EXPECT_EQ(send_raw("POST", "/services/add/score", "{}", contributor).status, 404) << "scoring, of no service";
}

}  // namespace
}  // namespace scoria::server
