#include "access/oidc.h"

#include <gtest/gtest.h>

#include "auth/jose_for_tests.h"
#include "net/server_for_tests.h"

namespace scoria::access {
namespace {

OidcIssuer issuer_of(const char* text) {
  return read_oidc(Json{{"issuers", Json::array({Json::parse(text)})}}).value().front();
}

constexpr const char* kEntra = R"({"issuer": "https://login.microsoftonline.com/t/v2.0", "audience": "api://scoria",
    "roles": {"Score": "scorer@boston*", "Own": "owner"}, "groups": {"g1": "reader"}, "scopes": {"score": "scorer"},
    "clients": {"app": ["contributor@a", "scorer@b"]}})";

TEST(Oidc, ClaimsAreWorthWhatTheConfigurationSays) {
  const auto issuer = issuer_of(kEntra);
  const auto rights = [&issuer](const char* claims) {
    return rights_of_claims(issuer, nlohmann::json::parse(claims)).value();
  };
  EXPECT_TRUE(rights(R"({"roles":["Score","Other"]})").may(Action::score, "boston1"));
  EXPECT_FALSE(rights(R"({"roles":["Score"]})").may(Action::score, "other"));
  EXPECT_TRUE(rights(R"({"roles":["Own"]})").may(Action::administer, ""));
  EXPECT_TRUE(rights(R"({"groups":["g0","g1"]})").may(Action::read, ""));
  EXPECT_TRUE(rights(R"({"scp":"openid score"})").may(Action::score, "x"));
  EXPECT_FALSE(rights(R"({"scp":"openid scores"})").may(Action::score, "x"));
  EXPECT_TRUE(rights(R"({"appid":"app"})").may(Action::deploy, "a"));
  EXPECT_TRUE(rights(R"({"azp":"app"})").may(Action::score, "b"));
  EXPECT_FALSE(rights(R"({"appid":"other","azp":"app"})").may(Action::score, "b"));
  EXPECT_FALSE(rights(R"({"roles":"Own Score","groups":{"g1":1},"scp":7})").may(Action::read, "a"));
}

TEST(Oidc, ATokenThatLeavesItsGroupsOutIsRefusedUnlessToldOtherwise) {
  auto issuer = issuer_of(kEntra);
  const auto claims = nlohmann::json::parse(R"({"roles":["Own"],"_claim_names":{"groups":"src1"}})");
  EXPECT_FALSE(rights_of_claims(issuer, claims));
  issuer.ignores_group_overage = true;
  EXPECT_TRUE(rights_of_claims(issuer, claims));
}

TEST(Oidc, ConfigurationsThatAreWrongAreNamed) {
  for (const char* wrong :
       {R"({"issuer":"https://a"})", R"({"audience":"x"})", R"({"issuer":"http://a","audience":"x"})",
        R"({"issuer":"https://a","audience":"x","roles":{"r":"king"}})",
        R"({"issuer":"https://a","audience":"x","rolles":{}})",
        R"({"issuer":"https://a","audience":"x","roles":["r"]})", R"(7)"}) {
    EXPECT_FALSE(read_oidc(Json{{"issuers", Json::array({Json::parse(wrong)})}}).ok()) << wrong;
  }
}

TEST(Oidc, KeysComeInTheBackgroundAndAreAskedForOnceWhenOneIsUnknown) {
  net::ServerForTests* self = nullptr;
  net::ServerForTests server([&self](const std::string& request) {
    const std::string body = request.starts_with("GET /keys")
                                 ? auth::jose_jwks()
                                 : R"({"issuer":"https://idp","jwks_uri":")" + self->url("/keys") + "\"}";
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  });
  self = &server;
  Oidc oidc;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // its thread waits by now, and must be woken
  auto issuer = issuer_of(R"({"issuer":"https://idp","audience":"scoria","roles":{"Score":"scorer"}})");
  issuer.configuration = server.url("/.well-known/openid-configuration");
  oidc.configure({issuer});
  const WallTime inside{std::chrono::seconds(1796000100)};
  const auto verify = [&](std::string_view token) {
    return oidc.verify(token, auth::glance_at_jwt(token).value(), {inside, SystemClock().now().steady});
  };
  Oidc::Outcome outcome;
  for (int i = 0; i < 500; ++i) {
    outcome = verify(auth::kJoseEs256Token);
    if (outcome.kind != Oidc::Outcome::Kind::no_keys_yet) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(outcome.kind, Oidc::Outcome::Kind::good);
  EXPECT_EQ(outcome.subject, "ann");
  EXPECT_TRUE(outcome.rights.may(Action::score, "x"));
  EXPECT_EQ(verify(auth::kJoseRs256Token).kind, Oidc::Outcome::Kind::good);
  const int asked = server.requests();
  const auto stranger = auth::make_jwt(auth::JwtKey::generate(auth::JwtAlgorithm::es256), {{"iss", "https://idp"}});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(verify(stranger).fault, auth::JwtFault::unknown_key);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(server.requests(), asked) << "within 30 seconds of the last";
}

}  // namespace
}  // namespace scoria::access
