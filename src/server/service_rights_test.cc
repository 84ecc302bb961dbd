// Who may do what to services: by the role, and by grants for one of them.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sstream>

#include "access/accounts.h"
#include "auth/bearer.h"
#include "net/sha256.h"
#include "server/jobs.h"
#include "server/whole_server_for_tests.h"

namespace scoria::server {
namespace {

class ServiceRights : public WholeServerTest {
 protected:
  ServiceRights() { has_users_ = true; }

  // A key with these rights, as a header.
  net::Headers key(const std::string& role, const std::vector<std::string>& grants) {
    access::Rights rights{.role = access::role_named(role).value(), .grants = {}};
    for (const auto& text : grants) rights.grants.push_back(access::parse_grant(text).value());
    const auto made = access::create_key(users_->folder(), "k" + std::to_string(++keys_), rights, std::nullopt,
                                         {.by = "test", .now = clock_.now().wall});
    EXPECT_TRUE(made.ok());
    return {{"X-API-Key", made.value().text}};
  }
  net::Headers contributor_of(const std::string& service) { return key("none", {"contributor@" + service}); }

  static std::string model() {
    std::ifstream file(SCORIA_SOURCE_DIR "/tests/serve/linear.rds", std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }
  Heard upload(const std::string& blob, const net::Headers& who, const std::string& bytes) {
    net::Headers headers = who;
    headers.emplace_back("x-ms-blob-type", "BlockBlob");
    headers.emplace_back("Content-Length", std::to_string(bytes.size()));
    return send_raw("PUT", "/scoria/" + blob, bytes, headers);
  }
  Heard deploy(const std::string& service, const std::string& version, const std::string& blob, const net::Headers& who,
               Json more = Json::object()) {
    Json file{{"path", "linear.rds"}, {"blob", blob}, {"sha256", net::sha256(model())}};
    Json body{{"model", "linear.rds"}, {"files", Json::array({file})}};
    body.update(more);
    return send_raw("PUT", "/scoria/v1/services/" + service + "/versions/" + version, body.dump(), who);
  }
  Heard own(const std::string& method, const std::string& path, const net::Headers& who, const std::string& body = {}) {
    return send_raw(method, "/scoria/v1/services" + path, body, who);
  }
  std::vector<Json> audited() const {
    std::ifstream file(folder_ / "access" / "audit.log");
    std::vector<Json> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
    return lines;
  }

  int keys_ = 0;
};

TEST_F(ServiceRights, OfAContributorOfOneServiceReachItAndNoOther) {
  const auto ann = contributor_of("a"), owner = key("owner", {});
  ASSERT_EQ(upload("services/a/m", ann, model()).status, 201);
  EXPECT_EQ(deploy("a", "1", "services/a/m", ann).status, 201);
  EXPECT_EQ(deploy("a", "2", "services/a/m", ann).status, 201);
  ASSERT_EQ(deploy("b", "1", "services/a/m", owner).status, 201);
  ASSERT_EQ(deploy("b", "2", "services/a/m", owner).status, 201);
  EXPECT_EQ(own("PUT", "/a/traffic", ann, R"({"1": 50, "2": 50})").status, 200);
  EXPECT_EQ(own("POST", "/a/rollback", ann).status, 200);
  EXPECT_EQ(own("DELETE", "/a/versions/1", ann).status, 204);

  EXPECT_EQ(deploy("b", "3", "services/a/m", ann).status, 403);
  EXPECT_EQ(deploy("new", "1", "services/a/m", ann).status, 403);
  EXPECT_EQ(own("PUT", "/b/traffic", ann, R"({"1": 100})").status, 403);
  EXPECT_EQ(own("POST", "/b/rollback", ann).status, 403);
  EXPECT_EQ(own("DELETE", "/b/versions/1", ann).status, 403);
  EXPECT_EQ(own("DELETE", "/b", ann).status, 403);
  EXPECT_EQ(own("GET", "/b", ann).status, 403);
  EXPECT_EQ(own("GET", "/b", owner).json()["versions"].size(), 2u);

  EXPECT_EQ(own("DELETE", "/a", ann).status, 204);
}

TEST_F(ServiceRights, ToMakeAServiceAreThoseThatNameIt) {
  const auto team = contributor_of("team-*");
  ASSERT_EQ(upload("services/team-x/m", team, model()).status, 201);
  EXPECT_EQ(deploy("team-x", "1", "services/team-x/m", team).status, 201);
  EXPECT_EQ(deploy("teams", "1", "services/team-x/m", team).status, 403);
  EXPECT_EQ(deploy("other", "1", "services/team-x/m", key("contributor", {})).status, 201);
  for (const char* path : {"/team-%2F..%2Fother/rollback", "/team-x%2F..%2Fother/rollback"})
    EXPECT_EQ(own("POST", path, team).status, 400) << path;
  EXPECT_EQ(own("PUT", "/team-x%2F..%2Fother/traffic", team, R"({"1": 100})").status, 400);
}

TEST_F(ServiceRights, OfReadersAndScorersChangeNothing) {
  (void)blobs_->create_container("services", {}, "");
  const auto owner = key("owner", {});
  ASSERT_EQ(upload("services/a/m", owner, model()).status, 201);
  ASSERT_EQ(deploy("a", "1", "services/a/m", owner).status, 201);
  for (const auto& who : {key("reader", {}), key("scorer", {}), key("none", {"reader@a"}), key("none", {"scorer@a"})}) {
    EXPECT_EQ(deploy("a", "2", "services/a/m", who).status, 403);
    EXPECT_EQ(own("PUT", "/a/traffic", who, R"({"1": 100})").status, 403);
    EXPECT_EQ(own("POST", "/a/rollback", who).status, 403);
    EXPECT_EQ(own("DELETE", "/a/versions/1", who).status, 403);
    EXPECT_EQ(own("DELETE", "/a", who).status, 403);
    EXPECT_EQ(upload("services/a/n", who, "x").status, 403);
  }
  EXPECT_EQ(own("GET", "/a", owner).json()["versions"].size(), 1u);
}

TEST_F(ServiceRights, ShowToEachTheServicesThatItMayRead) {
  (void)blobs_->create_container("services", {}, "");
  const auto owner = key("owner", {});
  ASSERT_EQ(upload("services/a/m", owner, model()).status, 201);
  for (const char* name : {"a", "b", "c"}) ASSERT_EQ(deploy(name, "1", "services/a/m", owner).status, 201);
  const auto names = [&](const net::Headers& who) {
    std::string all;
    const Json listed = own("GET", "", who).json();
    for (const Json& one : listed["value"]) all += one["name"].get<std::string>();
    return all;
  };
  EXPECT_EQ(names(owner), "abc");
  EXPECT_EQ(names(key("reader", {})), "abc");
  EXPECT_EQ(names(key("none", {"contributor@b", "scorer@c"})), "bc");
  EXPECT_EQ(names(key("none", {})), "");
}

TEST_F(ServiceRights, OfOneServiceReadNoOtherFiles) {
  (void)blobs_->create_container("services", {}, "");
  const auto ann = contributor_of("a"), owner = key("owner", {});
  ASSERT_EQ(upload("services/b/m", owner, model()).status, 201);
  EXPECT_EQ(upload("services/b/m", ann, "x").status, 403);
  EXPECT_EQ(upload("services/m", ann, "x").status, 403);
  EXPECT_EQ(send_raw("GET", "/scoria/services/b/m", {}, ann).status, 403);
  EXPECT_EQ(send_raw("DELETE", "/scoria/services/a/m", {}, ann).status, 403);
  EXPECT_EQ(send_raw("GET", "/scoria/services?restype=container&comp=list", {}, ann).status, 403);
  // Nor by way of a deployment, or a copy.
  EXPECT_EQ(deploy("a", "1", "services/b/m", ann).status, 403);
  EXPECT_EQ(deploy("a", "1", "services/a/../b/m", ann).status, 404);
  net::Headers copy = ann;
  copy.emplace_back("x-ms-copy-source", "http://localhost:10100/scoria/services/b/m");
  EXPECT_EQ(send_raw("PUT", "/scoria/services/a/copy", {}, copy).status, 403);
  EXPECT_EQ(send_raw("GET", "/pools?api-version=2022-10-01.16.0", {}, ann).status, 403);
}

TEST_F(ServiceRights, OfOneServiceRunNoCodeOfTheirOwn) {
  const auto ann = contributor_of("a");
  ASSERT_EQ(upload("services/a/m", ann, model()).status, 201);
  const Heard script = deploy("a", "1", "services/a/m", ann, {{"script", "linear.rds"}});
  EXPECT_EQ(script.status, 403);
  EXPECT_NE(script.body.find("runs as the server's own user"), std::string::npos) << script.body;
  EXPECT_EQ(deploy("a", "1", "services/a/m", ann, {{"model", "plan.yaml"}}).status, 403);
  EXPECT_EQ(deploy("a", "1", "services/a/m", ann, {{"runtime", "r"}}).status, 403);
  EXPECT_EQ(own("GET", "/a", ann).status, 404);
}

TEST_F(ServiceRights, LeaveALineOfEachChangeAndOfEachRefusedOne) {
  const auto ann = contributor_of("a"), bob = key("reader", {});
  ASSERT_EQ(upload("services/a/m", ann, model()).status, 201);
  ASSERT_EQ(deploy("a", "1", "services/a/m", ann).status, 201);
  ASSERT_EQ(deploy("a", "1", "services/a/m", ann).status, 409);
  ASSERT_EQ(own("PUT", "/a/traffic", ann, R"({"1": 100})").status, 200);
  ASSERT_EQ(own("DELETE", "/a", bob).status, 403);
  ASSERT_EQ(own("DELETE", "/a", ann).status, 204);
  std::vector<std::string> told;
  for (const Json& line : audited()) {
    if (!line["event"].get<std::string>().starts_with("service_")) continue;
    EXPECT_EQ(line["service"], "a");
    EXPECT_TRUE(line["by"].get<std::string>().starts_with("key:")) << line.dump();
    EXPECT_EQ(line["peer"], "127.0.0.1");
    told.push_back(line["event"].get<std::string>() + (line["outcome"] == "done" ? " done" : " not") +
                   line.value("version", "") + line.value("weights", ""));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"service_deployed done1", "service_deployed not1",
                                            "service_traffic done{\"1\":100}", "service_refused not",
                                            "service_deleted done"}));
}

TEST_F(ServiceRights, LeaveInTheLogWhichPrincipalOrJobItWas) {
  const Json principal = send_json("POST", "/scoria/v1/principals", Json{{"name", "ci"}}).json();
  const std::string id = principal["clientId"];
  const Heard given = send_raw(
      "POST", "/t/oauth2/token",
      "grant_type=client_credentials&client_id=" + id + "&client_secret=" + principal["credential"].get<std::string>());
  EXPECT_EQ(
      own("DELETE", "/a", {{"Authorization", "Bearer " + given.json()["access_token"].get<std::string>()}}).status,
      404);
  add_pool("p");
  add_job("j", "p");
  const auto job = jobs::find(*app_, "j");
  ASSERT_TRUE(job.ok() && job.value());
  const std::string token =
      auth::make_task_token(app_->token_key, {.account = account_.name,
                                              .job = jobs::number(*job.value()),
                                              .job_id = "j",
                                              .expires = clock_.now().wall + std::chrono::hours(1)});
  EXPECT_EQ(own("DELETE", "/a", {{"Authorization", "Bearer " + token}}).status, 403);
  EXPECT_EQ(send_raw("DELETE", "/services/a/1", {}, {{"Authorization", "Bearer " + token}}).status, 403);
  EXPECT_EQ(send("DELETE", "/scoria/v1/services/a").status, 404);
  std::vector<std::string> told;
  for (const Json& line : audited()) {
    if (const std::string event = line["event"]; event.starts_with("service_"))
      told.push_back(event + " " + line["by"].get<std::string>());
  }
  EXPECT_EQ(told, (std::vector<std::string>{"service_deleted principal:" + id, "service_refused job:j",
                                            "service_refused job:j", "service_deleted the account's key"}));
}

class ServiceRates : public ServiceRights {
 protected:
  ServiceRates() {
    user_options_.requests_per_second = 0.001;
    user_options_.burst = 3;
  }
};

TEST_F(ServiceRates, HoldACallerOverAllSurfaces) {
  const auto ann = key("reader", {}), bob = key("reader", {});
  EXPECT_EQ(send_raw("GET", "/pools?api-version=2022-10-01.16.0", {}, ann).status, 200);
  EXPECT_EQ(own("GET", "", ann).status, 200);
  EXPECT_EQ(send_raw("GET", "/scoria?comp=list", {}, ann).status, 200);
  const Heard batch = send_raw("GET", "/pools?api-version=2022-10-01.16.0", {}, ann);
  EXPECT_EQ(batch.status, 429);
  EXPECT_NE(batch.header("Retry-After"), "");
  const Heard blob = send_raw("GET", "/scoria?comp=list", {}, ann);
  EXPECT_EQ(blob.status, 503);
  EXPECT_EQ(blob.header("x-ms-error-code"), "ServerBusy");
  EXPECT_EQ(own("GET", "", bob).status, 200) << "others have their own";
  EXPECT_EQ(send("GET", "/pools").status, 200) << "the account's key has no limit";
}

// Passwords take a tenth of a second: they are checked on threads of their own, beside the body.
class BlobPasswords : public ServiceRights {
 protected:
  void SetUp() override {
    ServiceRights::SetUp();
    for (const char* role : {"contributor", "reader"}) {
      ASSERT_TRUE(access::add_user(users_->folder(), role, "correct horse",
                                   {.role = access::role_named(role).value(), .grants = {}},
                                   {.by = "test", .now = clock_.now().wall})
                      .ok());
    }
    (void)blobs_->create_container("con", {}, "");
  }
  static net::Headers basic(const std::string& user, const std::string& password) {
    return {{"Authorization", "Basic " + auth::base64(user + ":" + password)}};
  }
};

TEST_F(BlobPasswords, PutAndGetBlobsAsTheRoleAllows) {
  EXPECT_EQ(upload("con/b", basic("contributor", "correct horse"), "hello").status, 201) << "not known yet";
  EXPECT_EQ(upload("con/b", basic("contributor", "correct horse"), "hello").status, 201) << "known";
  EXPECT_EQ(send_raw("GET", "/scoria/con/b", {}, basic("reader", "correct horse")).body, "hello");
  EXPECT_EQ(upload("con/c", basic("reader", "correct horse"), "x").status, 403);
  EXPECT_EQ(send_raw("DELETE", "/scoria/con/b", {}, basic("reader", "correct horse")).status, 403);
  EXPECT_EQ(send_raw("DELETE", "/scoria/con/b", {}, basic("contributor", "correct horse")).status, 202);
}

TEST_F(BlobPasswords, ThatAreWrongPutNothing) {
  EXPECT_EQ(upload("con/b", basic("contributor", "no"), "x").status, 403);
  EXPECT_EQ(upload("con/b", basic("nobody", "correct horse"), "x").status, 403);
  EXPECT_EQ(send_raw("GET", "/scoria/con/b", {}, basic("reader", "no")).status, 403);
  EXPECT_FALSE(blobs_->properties("con", "b").ok());
}

TEST_F(BlobPasswords, OfAnUploadLetFewBytesInBeforeTheyAreKnownToBeRight) {
  const std::string much(17u << 20, 'x');
  const Heard wrong = upload("con/b", basic("contributor", "no"), much);
  EXPECT_TRUE(wrong.status == 503 || wrong.status == 403) << wrong.status;
  EXPECT_FALSE(blobs_->properties("con", "b").ok());
}

TEST_F(BlobPasswords, AreNotTakenOverAWireThatOthersRead) {
  peer_ = "192.0.2.1:4711";
  EXPECT_EQ(upload("con/b", basic("contributor", "correct horse"), "x").status, 403);
  EXPECT_EQ(send_raw("GET", "/scoria?comp=list", {}, basic("contributor", "correct horse")).status, 403);
}

TEST_F(BlobPasswords, OfTheBatchSurfaceAreTakenAlike) {
  const std::string pools = "/pools?api-version=2022-10-01.16.0";
  EXPECT_EQ(send_raw("GET", pools, {}, basic("reader", "correct horse")).status, 200);
  EXPECT_EQ(send_raw("GET", pools, {}, basic("reader", "no")).status, 403);
  peer_ = "192.0.2.1:4711";
  EXPECT_EQ(send_raw("GET", pools, {}, basic("reader", "correct horse")).status, 403);
}

// Two threads hash passwords: what they let in must not be done on them.
TEST_F(BlobPasswords, AreCheckedWhileRequestsOfOthersAreDone) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::atomic<int> held = 0;
  for (int i = 0; i < 2; ++i) {
    front_->handle(head_of("GET", "/scoria/con?restype=container", basic("contributor", "correct horse")),
                   net::Responder([&held, released](const net::HttpReply& reply) {
                     EXPECT_EQ(reply.status, 200);
                     ++held;
                     released.wait();
                   }));
  }
  for (int i = 0; held < 2 && i < 1000; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(held, 2);
  EXPECT_EQ(send_raw("GET", "/pools?api-version=2022-10-01.16.0", {}, basic("reader", "correct horse")).status, 200);
  release.set_value();
}

class PasswordsThatNobodyChecks : public BlobPasswords {
 protected:
  PasswordsThatNobodyChecks() { user_options_.login_threads = 0; }
};

TEST_F(PasswordsThatNobodyChecks, AreAnsweredWhenTheServerStopsAndLeaveNoUpload) {
  auto put_headers = basic("contributor", "correct horse");
  put_headers.emplace_back("x-ms-blob-type", "BlockBlob");
  put_headers.emplace_back("Content-Length", "5");
  auto put = begin_raw("PUT", "/scoria/con/b", "hello", put_headers);
  auto get = begin_raw("GET", "/scoria/con/b", {}, basic("contributor", "correct horse"));
  auto pools = begin_raw("GET", "/pools?api-version=2022-10-01.16.0", {}, basic("contributor", "correct horse"));
  storage_->stop();
  users_.reset();
  for (auto* answer : {&put, &get, &pools}) {
    ASSERT_EQ(answer->wait_for(std::chrono::seconds(10)), std::future_status::ready);
    EXPECT_EQ(answer->get().status, 503);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "blobs" / "uploads"));
}

TEST_F(ServiceRights, OfMetricsAreNotOpenThroughAProxyOnThisMachine) {
  EXPECT_EQ(send_raw("GET", "/metrics").status, 200);
  EXPECT_NE(send_raw("GET", "/metrics", {}, {{"X-Forwarded-For", "192.0.2.1"}}).status, 200);
}

}  // namespace
}  // namespace scoria::server
