// What users may reach through an App: the gate and the routes must mean the same service by the same path.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "access/accounts.h"
#include "serve/app.h"
#include "serve/served_model.h"
#include "serve/version_for_tests.h"

namespace scoria::serve {
namespace {

// As a plumber file: it answers all that it gets, and tells its version and what it was asked.
class AnswersAll final : public VersionForTests {
 public:
  using VersionForTests::VersionForTests;
  const char* kind() const override { return "plumber"; }
  bool takes_rows() const override { return false; }
  void answer_whole(net::HttpRequest, std::string path, Deadline, Answered done) const override {
    done({.status = 200,
          .headers = {},
          .body = service() + version() + " " + path,
          .file = {},
          .source = {},
          .head_length = {}});
  }
};

class RightsTest : public testing::Test {
 protected:
  RightsTest() : path_(std::filesystem::temp_directory_path() / ("scoria-rights-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    access_ = access::Access::open(path_, {}, clock_).value();
    catalog_.put(std::make_shared<AnswersAll>("a", "1"));
    catalog_.put(ServedModel::open(SCORIA_SOURCE_DIR "/tests/golden/rf_reg_boston/model.rds", "b", "1").value());
    app_ = std::make_unique<App>(catalog_, executor_, AppLimits{}, access_.get());
  }
  void TearDown() override {
    app_.reset();
    access_.reset();
    std::filesystem::remove_all(path_);
  }

  std::string key_of(const std::string& grant) {
    return access::create_key(access_->folder(), "k",
                              {.role = access::Role::none, .grants = {access::parse_grant(grant).value()}},
                              std::nullopt, {.by = "test", .now = clock_.now().wall})
        .value()
        .text;
  }
  net::HttpReply ask(const std::string& method, const std::string& target, const std::string& key,
                     const std::string& version = {}) {
    net::HttpReply got{.status = 0};
    net::HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = {{"X-API-Key", key}, {"Content-Type", "application/json"}};
    if (!version.empty()) request.headers.emplace_back("X-Scoria-Version", version);
    request.body = "{}";
    app_->handle(std::move(request), net::Responder([&](net::HttpReply reply) { got = std::move(reply); }));
    return got;
  }

  std::filesystem::path path_;
  SystemClock clock_;
  InlineExecutor executor_;
  Catalog catalog_;
  std::unique_ptr<access::Access> access_;
  std::unique_ptr<App> app_;
};

TEST_F(RightsTest, ToOneServiceReachNoOtherOne) {
  const std::string b = key_of("scorer@b");
  for (const auto& [method, target] : {std::pair{"POST", "/api/b/1/x"},
                                       {"POST", "/api/b/1"},
                                       {"POST", "/endpoints/b/score"},
                                       {"POST", "/endpoints/b/x"},
                                       {"POST", "/v2/models/b/x/infer"},
                                       {"GET", "/services/b/x"},
                                       {"PUT", "/services/b/x"},
                                       {"POST", "/services/none/score"},
                                       {"GET", "/api/b/x"},
                                       {"GET", "/api/b/1/x/y"},
                                       {"POST", "/score"},
                                       {"GET", "/score"},
                                       {"GET", "/x"},
                                       {"POST", "/x"},
                                       {"DELETE", "/x"},
                                       {"GET", "/"},
                                       {"HEAD", "/"},
                                       {"GET", "/services/a/x"}}) {
    const net::HttpReply reply = ask(method, target, b);
    EXPECT_NE(reply.status, 200) << method << " " << target << ": " << reply.body;
    EXPECT_NE(reply.status, 0) << method << " " << target;
  }
  EXPECT_EQ(ask("GET", "/openapi.json", b).status, 200);
}

TEST_F(RightsTest, OfNobodyReachNothingButHealth) {
  for (const auto* method : {"GET", "HEAD", "POST", "PUT"}) {
    for (const auto* path : {"/", "/x", "/score", "/v2/health/x", "/v2/health/infer", "/v2/health/a%2Fb", "/v2/x",
                             "/livez/x", "/health/x", "/services/a/x", "/api/a/1", "/metrics"}) {
      EXPECT_EQ(ask(method, path, "").status, 401) << method << " " << path;
    }
  }
  EXPECT_EQ(ask("GET", "/v2/health/ready", "").status, 200);
}

TEST_F(RightsTest, ToScoreReachAllOfAFirstServiceThatTakesRequestsAsTheyAre) {
  const std::string a = key_of("scorer@a");
  for (const auto* method : {"GET", "POST", "PUT", "DELETE"}) {
    EXPECT_EQ(ask(method, "/echo/1", a).body, "a1 /echo/1") << method;
    EXPECT_EQ(ask(method, "/", a).body, "a1 /") << method;
    EXPECT_EQ(ask(method, "/services/a/echo?x=1", a).body, "a1 /echo") << method;
  }
  EXPECT_EQ(ask("POST", "/score", a).body, "a1 /score");
  // A plumber file may have paths like ours.
  for (const auto* path :
       {"/api/a/x", "/v2/models/a/x/infer", "/endpoints/a/x", "/api/x", "/api/x/y", "/api/x/y/swagger.json",
        "/services/x/y", "/endpoints/x/y", "/v2/x", "/v2/models/x/infer", "/v2/models/x"}) {
    EXPECT_EQ(ask("GET", path, a).body, std::string("a1 ") + path);
    EXPECT_EQ(ask("POST", path, a).body, std::string("a1 ") + path);
    EXPECT_EQ(ask("DELETE", path, a).body, std::string("a1 ") + path);
  }
  EXPECT_EQ(ask("GET", "/metrics", a).status, 403);
  EXPECT_EQ(ask("GET", "/services/b/x", a).status, 403);
}

TEST_F(RightsTest, OfWhoAsksForAVersionGetThatOne) {
  const std::string a = key_of("scorer@a");
  catalog_.put(std::make_shared<AnswersAll>("a", "2"));
  EXPECT_EQ(ask("POST", "/services/a/echo", a).body, "a1 /echo");
  EXPECT_EQ(ask("POST", "/services/a/echo", a, "2").body, "a2 /echo");
  EXPECT_EQ(ask("GET", "/echo", a, "2").body, "a2 /echo");
  EXPECT_EQ(ask("POST", "/score", a, "2").body, "a2 /score");
  EXPECT_EQ(ask("POST", "/api/a/2", a).body, "a2 /api/a/2");
  EXPECT_EQ(ask("POST", "/services/a/score", a, "3").status, 404);
}

TEST_F(RightsTest, ToReadShowNoPageThatAnotherVersionWouldAnswer) {
  // Beside a plumber file, which gets all requests but those that ask for this one, a model.
  catalog_.put(ServedModel::open(SCORIA_SOURCE_DIR "/tests/golden/rf_reg_boston/model.rds", "a", "2").value());
  ASSERT_TRUE(catalog_.set_weights("a", {{"2", 99}, {"1", 1}}).ok());
  EXPECT_EQ(ask("GET", "/", key_of("scorer@b")).status, 403);
  EXPECT_EQ(ask("GET", "/", key_of("scorer@a"), "1").body, "a1 /");
}

}  // namespace
}  // namespace scoria::serve
