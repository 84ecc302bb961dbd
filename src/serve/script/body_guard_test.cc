#include "serve/script/body_guard.h"

#include <gtest/gtest.h>

#include <string>

namespace scoria::serve::script {
namespace {

std::string object_of(std::size_t names, const std::string& stem = "k") {
  std::string body = "{";
  for (std::size_t i = 0; i < names; ++i) body += (i > 0 ? ",\"" : "\"") + stem + std::to_string(i) + "\":1";
  return body + "}";
}

TEST(BodyGuard, LetsOrdinaryBodiesPass) {
  EXPECT_FALSE(guard_json(R"({"df":[{"a":1,"b":"x:y {[\" "},{"a":2}]})", {}));
  EXPECT_FALSE(guard_json(object_of(10'000), {}));
  EXPECT_FALSE(guard_json("no JSON at all }]\"", {}));
}

TEST(BodyGuard, RefusesAnObjectWithTooManyNames) {
  const auto problem = guard_json(object_of(10'001), {});
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->status, 413);
}

TEST(BodyGuard, RefusesTheSameNameTooOftenInOneObject) {
  std::string body = "{";
  for (int i = 0; i < 10'001; ++i) body += i > 0 ? ",\"a\":1" : "\"a\":1";
  EXPECT_TRUE(guard_json(body + "}", {}));
}

TEST(BodyGuard, RefusesTooManyDifferentNamesOfManyObjects) {
  std::string body = "[";
  for (int i = 0; i < 10'001; ++i) body += (i > 0 ? ",{\"a" : "{\"a") + std::to_string(i) + "\":1}";
  EXPECT_EQ(guard_json(body + "]", {})->status, 413);
}

TEST(BodyGuard, RefusesDeepNesting) {
  EXPECT_FALSE(guard_json(std::string(64, '[') + std::string(64, ']'), {}));
  EXPECT_EQ(guard_json(std::string(65, '['), {})->status, 400);
}

TEST(BodyGuard, LooksAtBodiesThatPlumberWouldTakeForJson) {
  EXPECT_TRUE(guard_body("", "  " + object_of(10'001), {}));
  EXPECT_TRUE(guard_body("application/json", object_of(10'001), {}));
  EXPECT_TRUE(guard_body("", std::string(10'000, '&'), {}));
  EXPECT_FALSE(guard_body("text/csv", std::string(10'000, '&'), {}));
}

}  // namespace
}  // namespace scoria::serve::script
