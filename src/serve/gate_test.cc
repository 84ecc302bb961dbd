#include "serve/gate.h"

#include <gtest/gtest.h>

namespace scoria::serve {
namespace {

using access::Action;

Need need(const std::string& method, const std::string& target) {
  net::HttpRequest head;
  head.method = method;
  head.target = target;
  return need_of(head);
}

TEST(Gate, ScoringNeedsTheRightToTheServiceThatThePathNames) {
  for (const auto& [target, service] : {std::pair{"/score", ""},
                                        {"/invocations", ""},
                                        {"//predict/", ""},
                                        {"/services/a/score", "a"},
                                        {"/endpoints/a/invocations", "a"},
                                        {"/api/a/1", "a"},
                                        {"/api/a/1/batch", "a"},
                                        {"/v2/models/a/infer", "a"},
                                        {"/v2/models/a/versions/1/infer", "a"},
                                        {"/services/%61/score?type=prob", "a"}}) {
    const Need needed = need("POST", target);
    EXPECT_FALSE(needed.is_open);
    EXPECT_EQ(needed.action, Action::score) << target;
    EXPECT_EQ(needed.service, service) << target;
    EXPECT_EQ(needed.is_of_first, needed.service.empty()) << target;
  }
}

TEST(Gate, WhatItDoesNotKnowNeedsTheRightToDeploy) {
  for (const auto& [method, target] : {std::pair{"POST", "/services/a"},
                                       {"PUT", "/score"},
                                       {"DELETE", "/services/a"},
                                       {"POST", "/livez"},
                                       {"POST", "/"},
                                       {"POST", "/v2/repository/models/a/load"},
                                       {"PATCH", "/v2/models/a/infer"},
                                       {"get", "/livez"}})
    EXPECT_EQ(need(method, target).action, Action::deploy) << method << target;
}

TEST(Gate, WhatAScriptMayAnswerNeedsTheRightToScore) {
  for (const char* method : {"GET", "POST", "DELETE"}) {
    EXPECT_EQ(need(method, "/services/a/echo/1").action, Action::score) << method;
    EXPECT_EQ(need(method, "/services/a/echo/1").service, "a") << method;
  }
}

TEST(Gate, HealthAloneIsOpen) {
  for (const char* target : {"/livez", "/readyz", "/startupz", "/ping", "/health", "/v2/health/ready"})
    EXPECT_TRUE(need("GET", target).is_open) << target;
  for (const char* target :
       {"/", "/metrics", "/openapi.json", "/v2", "/livez/x", "/v2/models/a", "/api/a/1/swagger.json"}) {
    EXPECT_FALSE(need("GET", target).is_open) << target;
    EXPECT_EQ(need("GET", target).action, Action::read) << target;
  }
}

TEST(Gate, ListsAreForWhoMayReadAny) {
  for (const char* target : {"/", "/openapi.json", "/services"}) EXPECT_TRUE(need("GET", target).is_list) << target;
  for (const char* target : {"/metrics", "/services/a", "/v2", "/api/a/1/swagger.json"})
    EXPECT_FALSE(need("GET", target).is_list) << target;
  EXPECT_FALSE(need("POST", "/").is_list);
}

}  // namespace
}  // namespace scoria::serve
