#include "server/principals.h"

#include "server/whole_server_for_tests.h"

namespace scoria::server {
namespace {

constexpr const char* kResources = "/subscriptions/s/resourceGroups/g/providers/";

class Principals : public WholeServerTest {
 protected:
  Json add_principal() {
    const Heard added = send_json("POST", "/scoria/v1/principals", Json{{"name", "forecast"}});
    EXPECT_EQ(added.status, 201) << added.body;
    return added.json();
  }
  Heard ask(const std::string& form) {
    return send_raw("POST", "/tenant/oauth2/token?api-version=1.0", form,
                    {{"Content-Type", "application/x-www-form-urlencoded"}});
  }
  Heard ask(const Json& principal, const std::string& secret) {
    return ask("grant_type=client_credentials&client_secret=" + secret + "&client_id=" +
               principal["clientId"].get<std::string>() + "&resource=https%3A%2F%2Fbatch.core.windows.net%2F");
  }
  std::string token_of(const Json& principal) {
    const Heard given = ask(principal, principal["credential"]);
    EXPECT_EQ(given.status, 200) << given.body;
    return given.json().value("access_token", "");
  }
  Heard bear(const std::string& method, const std::string& target, const std::string& token) {
    return send_raw(method, target, "", {{"Authorization", "Bearer " + token}});
  }
};

TEST_F(Principals, GetATokenThatDoesWhatTheKeyDoes) {
  add_pool("p1");
  const std::string token = token_of(add_principal());
  const Heard pools = bear("GET", "//pools?api-version=2018-12-01.8.0", token);
  ASSERT_EQ(pools.status, 200) << pools.body;
  EXPECT_EQ(pools.json()["value"].size(), 1u);
}

TEST_F(Principals, AreToldWhatTheTokenIsFor) {
  const Json principal = add_principal();
  const Heard given = ask(principal, principal["credential"]);
  EXPECT_EQ(given.json()["token_type"], "Bearer");
  EXPECT_EQ(given.json()["resource"], "https://batch.core.windows.net/");
  EXPECT_EQ(given.json()["expires_in"], "3599");
  EXPECT_EQ(given.header("Cache-Control"), "no-store");
}

TEST_F(Principals, GetNoneForAWrongSecretOrWithoutOne) {
  const Json principal = add_principal();
  const Heard refused = ask(principal, "wrong");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.json()["error"], "invalid_client");
  EXPECT_EQ(ask(principal, "").status, 401);
  EXPECT_EQ(ask("grant_type=client_credentials").status, 401);
  EXPECT_EQ(ask("grant_type=password&username=u").json()["error"], "unsupported_grant_type");
  EXPECT_EQ(ask("grant_type=%zz").status, 400);
  EXPECT_EQ(ask(std::string(20'000, 'x')).status, 400);
  EXPECT_EQ(send_raw("GET", "/tenant/oauth2/token").status, 405);
}

TEST_F(Principals, LoseTheirTokensWhenTheyAreDeleted) {
  const Json principal = add_principal();
  const std::string token = token_of(principal);
  EXPECT_EQ(send("DELETE", "/scoria/v1/principals/" + principal["clientId"].get<std::string>()).status, 204);
  EXPECT_EQ(bear("GET", "/pools?api-version=2018-12-01.8.0", token).code(), "AuthenticationFailed");
  EXPECT_EQ(ask(principal, principal["credential"]).status, 401);
  EXPECT_EQ(send("DELETE", "/scoria/v1/principals/nobody").status, 404);
}

TEST_F(Principals, AreListedWithoutTheirSecretsOfWhichTheStoreHoldsHashes) {
  const Json principal = add_principal();
  const Heard listed = send("GET", "/scoria/v1/principals");
  ASSERT_EQ(listed.json()["value"].size(), 1u);
  EXPECT_EQ(listed.json()["value"][0]["name"], "forecast");
  const std::string secret = principal["credential"];
  EXPECT_EQ(listed.body.find(secret), std::string::npos);
  const auto documents = store_->list(store::Kind::token, "principal", "", 10);
  ASSERT_TRUE(documents.ok());
  EXPECT_EQ(documents.value().size(), 1u);
  for (const auto& document : documents.value()) {
    EXPECT_EQ(document.text.find(secret), std::string::npos);
  }
}

TEST_F(Principals, AreToldWhereStorageIs) {
  EXPECT_EQ(add_principal()["storageEndpointSuffix"], "");
  app_->https_url = "https://127.0.0.1:10101";
  EXPECT_EQ(add_principal()["storageEndpointSuffix"], "localhost:10101");
  app_->https_url = "https://127.0.0.1:443";
  EXPECT_EQ(add_principal()["storageEndpointSuffix"], "localhost");
  config_.url = "https://batch.example.com:10101";
  EXPECT_EQ(add_principal()["storageEndpointSuffix"], "batch.example.com:10101");
}

TEST_F(Principals, NeedANameToBeMade) {
  EXPECT_EQ(send_json("POST", "/scoria/v1/principals", Json::object()).status, 400);
  EXPECT_EQ(send_json("POST", "/scoria/v1/principals", Json{{"name", std::string(65, 'n')}}).status, 400);
}

TEST_F(Principals, FindTheAccountsAddressAndKeyAtTheResourceManager) {
  config_.url = "https://batch.example.com:10101";
  const std::string token = token_of(add_principal());
  const Heard batch = bear(
      "GET", std::string(kResources) + "Microsoft.Batch/batchAccounts/" + account_.name + "?api-version=2017-05-01",
      token);
  ASSERT_EQ(batch.status, 200) << batch.body;
  EXPECT_EQ(batch.json()["properties"]["accountEndpoint"], "batch.example.com:10101");
  const Heard keys = bear("POST",
                          std::string(kResources) + "microsoft.storage/storageaccounts/" + account_.name +
                              "/listkeys?api-version=2016-01-01",
                          token);
  ASSERT_EQ(keys.status, 200) << keys.body;
  EXPECT_EQ(keys.json()["keys"][0]["value"], auth::base64(account_.key));
}

TEST_F(Principals, AreToldAtTheResourceManagerWhatIsNotThere) {
  const std::string token = token_of(add_principal());
  const std::string batch = std::string(kResources) + "Microsoft.Batch/batchAccounts/";
  EXPECT_EQ(bear("GET", batch + "other", token).status, 404);
  EXPECT_EQ(bear("GET", batch + account_.name, token).status, 409);  // no HTTPS
  EXPECT_EQ(bear("DELETE", batch + account_.name, token).status, 404);
  EXPECT_EQ(bear("GET", batch + account_.name, "sca1.x.y").status, 401);
  EXPECT_EQ(send_raw("GET", batch + account_.name).json()["error"]["code"], "AuthenticationFailed");
}

}  // namespace
}  // namespace scoria::server
