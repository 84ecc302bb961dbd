#include "access/access.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "access/accounts.h"
#include "auth/shared_key.h"

namespace scoria::access {
namespace {

// A folder of its own with a user "ann" (scorer), whose clock the test moves.
class AccessTest : public testing::Test {
 protected:
  class HandClock final : public Clock {
   public:
    Now now() const override { return {start.wall + passed.load(), start.steady + passed.load()}; }
    void advance(Duration by) { passed = passed.load() + by; }

   private:
    Now start = SystemClock().now();
    std::atomic<Duration> passed{Duration{}};
  };

  AccessTest() : path_(std::filesystem::temp_directory_path() / ("scoria-access-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    open();
    EXPECT_TRUE(add_user(folder(), "ann", "correct horse", {.role = Role::scorer}, doing()).ok());
  }
  ~AccessTest() override {
    access_.reset();
    std::filesystem::remove_all(path_);
  }

  void open(AccessOptions options = {}) {
    access_.reset();
    auto opened = Access::open(path_, std::move(options), clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    access_ = std::move(opened).value();
  }
  const Folder& folder() const { return access_->folder(); }
  Doing doing() const { return {.by = "test", .now = clock_.now().wall}; }

  static net::HttpRequest request(net::Headers headers) {
    net::HttpRequest made;
    made.method = "POST";
    made.target = "/score";
    made.headers = std::move(headers);
    made.peer = "127.0.0.1:5000";
    made.peer_is_loopback = true;
    return made;
  }
  static net::HttpRequest bearer(const std::string& token) { return request({{"Authorization", "Bearer " + token}}); }
  static net::HttpRequest basic(const std::string& user, const std::string& password) {
    return request({{"Authorization", "Basic " + auth::base64(user + ":" + password)}});
  }

  net::HttpReply own(const std::string& method, const std::string& target, const Json& body) {
    net::HttpRequest asked = request({});
    asked.method = method;
    asked.target = target;
    asked.body = body.is_null() ? "" : body.dump();
    std::promise<net::HttpReply> promise;
    access_->handle_own(std::move(asked),
                        net::Responder([&promise](net::HttpReply reply) { promise.set_value(std::move(reply)); }));
    return promise.get_future().get();
  }
  Json log_in() {
    const auto reply = own("POST", "/login", {{"username", "ann"}, {"password", "correct horse"}});
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body);
  }
  net::HttpReply refresh(const std::string& token) {
    return own("POST", "/login/refreshToken", {{"refreshToken", token}});
  }

  // 200, or the status of the refusal; a password is waited for.
  int status(const net::HttpRequest& head, Action action = Action::score, const std::string& service = "boston") {
    Admission admission = access_->admit(head, action, service);
    if (admission.is_pending()) {
      std::promise<Admission> promise;
      access_->admit_later(head, action, service, [&promise](Admission later) { promise.set_value(std::move(later)); });
      admission = promise.get_future().get();
    }
    return admission.refusal ? admission.refusal->status : 200;
  }
  // As if another process had changed something: it is seen within a second.
  bool becomes(int wanted, const net::HttpRequest& head) {
    for (int i = 0; i < 100; ++i) {
      if (status(head) == wanted) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::filesystem::path path_;
  HandClock clock_;
  std::unique_ptr<Access> access_;
};

TEST_F(AccessTest, ACallerWhoAsksTooOftenIsToldForHowLongToWait) {
  open({.requests_per_second = 0.5, .burst = 2});
  const auto key = create_key(folder(), "k", {.role = Role::scorer}, std::nullopt, doing());
  const auto caller = access_->identify(bearer(key.value().text)).caller;
  ASSERT_NE(caller, nullptr);
  EXPECT_FALSE(access_->throttle(*caller));
  EXPECT_EQ(status(bearer(key.value().text)), 200) << "both count";
  const auto refused = access_->throttle(*caller);
  ASSERT_TRUE(refused);
  EXPECT_EQ(status_of(*refused), 429);
  EXPECT_GT(refused->retry_after, std::chrono::seconds(1));
  clock_.advance(std::chrono::seconds(2));
  EXPECT_FALSE(access_->throttle(*caller));
}

TEST_F(AccessTest, ALoginGivesATokenThatScores) {
  const Json tokens = log_in();
  EXPECT_EQ(tokens["token_type"], "Bearer");
  EXPECT_EQ(tokens["expires_in"], 3600);
  EXPECT_EQ(status(bearer(tokens["access_token"])), 200);
  EXPECT_EQ(status(bearer(tokens["access_token"]), Action::deploy), 403);
}

TEST_F(AccessTest, WhatComesWithoutACredentialIsRefusedAndToldWhatToSend) {
  const auto admission = access_->admit(request({}), Action::score, "boston");
  ASSERT_TRUE(admission.refusal);
  EXPECT_EQ(admission.refusal->status, 401);
  EXPECT_TRUE(net::find_header(admission.refusal->headers, "WWW-Authenticate").has_value());
}

TEST_F(AccessTest, ASignatureOfAnotherCloudIsRefusedWithWhatIsTaken) {
  const auto admission =
      access_->admit(request({{"Authorization",
                               "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sagemaker/aws4_request, "
                               "SignedHeaders=host;x-amz-date, "
                               "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"}}),
                     Action::score, "boston");
  ASSERT_TRUE(admission.refusal);
  EXPECT_EQ(admission.refusal->status, 401);
  const Json body = Json::parse(admission.refusal->body);
  EXPECT_NE(body["detail"].get<std::string>().find("Authorization: Bearer"), std::string::npos) << body;
  EXPECT_EQ(body["message"], body["detail"]);
}

TEST_F(AccessTest, WhoseCheckIsDroppedIsTold) {
  access_.reset();
  open({.login_threads = 0});
  std::vector<Reason> told;
  access_->identify_later(basic("ann", "correct horse"),
                          [&](const Identified& found) { told.push_back(found.refusal.value_or(Refusal{}).reason); });
  EXPECT_TRUE(told.empty());
  access_.reset();
  EXPECT_EQ(told, std::vector<Reason>{Reason::failed});
}

TEST_F(AccessTest, TwoCredentialsAreNone) {
  net::HttpRequest head = bearer(log_in()["access_token"]);
  EXPECT_EQ(status(head), 200);
  head.headers.emplace_back("authorization", "Bearer other");
  EXPECT_EQ(status(head), 401);
}

TEST_F(AccessTest, ATokenEndsWithItsTime) {
  const auto head = bearer(log_in()["access_token"]);
  EXPECT_EQ(status(head), 200);
  clock_.advance(std::chrono::minutes(59));
  EXPECT_EQ(status(head), 200);
  clock_.advance(std::chrono::minutes(2) + std::chrono::seconds(1));
  EXPECT_EQ(status(head), 401);
}

TEST_F(AccessTest, ARefreshReplacesBothTokens) {
  const Json first = log_in();
  EXPECT_EQ(status(bearer(first["access_token"])), 200);
  const auto reply = refresh(first["refresh_token"]);
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json second = Json::parse(reply.body);
  EXPECT_EQ(status(bearer(first["access_token"])), 401);
  EXPECT_EQ(status(bearer(second["access_token"])), 200);
}

TEST_F(AccessTest, ARefreshTokenThatComesTwiceEndsTheLogin) {
  const Json first = log_in(), other = log_in();
  const Json second = Json::parse(refresh(first["refresh_token"]).body);
  EXPECT_EQ(refresh(first["refresh_token"]).status, 401);
  EXPECT_EQ(status(bearer(second["access_token"])), 401);
  EXPECT_EQ(refresh(second["refresh_token"]).status, 401);
  EXPECT_EQ(status(bearer(other["access_token"])), 200) << "another login of the user goes on";
}

TEST_F(AccessTest, ARefreshTokenEndsAfterFourteenDaysAndALoginAfterNinety) {
  std::string token = log_in()["refresh_token"];
  clock_.advance(std::chrono::hours(14 * 24 + 1));
  EXPECT_EQ(refresh(token).status, 401);
  token = log_in()["refresh_token"];
  for (int day = 13; day <= 78; day += 13) {
    clock_.advance(std::chrono::hours(13 * 24));
    const auto reply = refresh(token);
    ASSERT_EQ(reply.status, 200) << day;
    token = Json::parse(reply.body)["refresh_token"];
  }
  clock_.advance(std::chrono::hours(12 * 24 + 1));
  EXPECT_EQ(refresh(token).status, 401);
}

TEST_F(AccessTest, ALogoutEndsBothTokens) {
  const Json tokens = log_in();
  EXPECT_EQ(own("DELETE", "/login/refreshToken?refreshToken=" + tokens["refresh_token"].get<std::string>(), {}).status,
            200);
  EXPECT_EQ(status(bearer(tokens["access_token"])), 401);
  EXPECT_EQ(refresh(tokens["refresh_token"]).status, 401);
}

TEST_F(AccessTest, GuessedRefreshTokensAreRefused) {
  const std::string token = log_in()["refresh_token"];
  for (const std::string& wrong :
       {std::string(), std::string("srt_"), token.substr(0, 30), token + "x", "x" + token, std::string(100'000, 'a')})
    EXPECT_NE(own("POST", "/login/refreshToken", {{"refreshToken", wrong}}).status, 200);
}

TEST_F(AccessTest, AUserWhoIsRemovedIsRefusedWithinASecond) {
  const auto token = bearer(log_in()["access_token"]), password = basic("ann", "correct horse");
  EXPECT_EQ(status(token), 200);
  EXPECT_EQ(status(password), 200);
  ASSERT_TRUE(remove_user(Folder::open(path_, clock_.now().wall).value(), "ann", doing()).ok());
  EXPECT_TRUE(becomes(401, token));
  EXPECT_TRUE(becomes(401, password));
}

TEST_F(AccessTest, RightsThatChangeCountForTokensThatAreThere) {
  const auto token = bearer(log_in()["access_token"]);
  EXPECT_EQ(status(token), 200);
  ASSERT_TRUE(set_rights(folder(), "ann", {.role = Role::none, .grants = {{Role::scorer, "store*"}}}, doing()).ok());
  EXPECT_TRUE(becomes(403, token));
  EXPECT_EQ(status(token, Action::score, "store7"), 200);
}

TEST_F(AccessTest, AnotherPasswordEndsTokensAndTheOldOne) {
  const auto token = bearer(log_in()["access_token"]);
  EXPECT_EQ(status(basic("ann", "correct horse")), 200);
  ASSERT_TRUE(set_password(folder(), "ann", "battery staple", doing()).ok());
  EXPECT_TRUE(becomes(401, token));
  EXPECT_EQ(status(basic("ann", "battery staple")), 200);
  EXPECT_EQ(status(basic("ann", "correct horse")), 401);
}

TEST_F(AccessTest, TokensOfTheKeyBeforeStayGoodAndOfTheOneBeforeThatDoNot) {
  const auto token = bearer(log_in()["access_token"]);
  ASSERT_TRUE(rotate_signing_keys(folder(), doing()).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(400));  // until it is read
  EXPECT_EQ(status(token), 200);
  const auto newer = bearer(log_in()["access_token"]);
  ASSERT_TRUE(rotate_signing_keys(folder(), doing()).ok());
  EXPECT_TRUE(becomes(401, token));
  EXPECT_EQ(status(newer), 200);
}

TEST_F(AccessTest, ALoginHereIsKnownToAnotherProcessOfTheFolder) {
  auto other = Access::open(path_, {}, clock_);
  ASSERT_TRUE(other.ok());
  const Json tokens = log_in();
  EXPECT_FALSE(other.value()->admit(bearer(tokens["access_token"]), Action::score, "boston").refusal);
}

TEST_F(AccessTest, KeysAreGoodForWhatTheyAreGrantedUntilTheyEnd) {
  const auto key = create_key(folder(), "shop", {.grants = {{Role::scorer, "boston"}}},
                              clock_.now().wall + std::chrono::hours(1), doing());
  ASSERT_TRUE(key.ok());
  const std::string& text = key.value().text;
  EXPECT_EQ(status(bearer(text)), 200);
  EXPECT_EQ(status(request({{"X-API-Key", text}})), 200);
  EXPECT_EQ(status(bearer(text), Action::score, "other"), 403);
  EXPECT_EQ(status(bearer(text.substr(0, text.size() - 1))), 401);
  EXPECT_EQ(status(bearer(text + "x")), 401);
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(status(bearer(text)), 401);
}

TEST_F(AccessTest, AKeyThatHasExpiredAlreadyIsNotMade) {
  const auto key = create_key(folder(), "shop", {.role = Role::scorer}, clock_.now().wall, doing());
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().code, Code::invalid);
  EXPECT_TRUE(folder().keys().value().empty());
}

TEST_F(AccessTest, PasswordsHaveAtLeastEightCharacters) {
  EXPECT_EQ(set_password(folder(), "ann", "1234567", doing()).error().code, Code::invalid);
  EXPECT_EQ(set_password(folder(), "ann", "\u00e9\u00e9\u00e9\u00e9", doing()).error().code, Code::invalid)
      << "eight bytes";
  EXPECT_EQ(add_user(folder(), "eve", "x", {.role = Role::scorer}, doing()).error().code, Code::invalid);
  EXPECT_TRUE(set_password(folder(), "ann", "12345678", doing()).ok());
}

TEST_F(AccessTest, ARevokedKeyIsRefusedWithinASecond) {
  const auto key = create_key(folder(), "shop", {.role = Role::scorer}, {}, doing());
  EXPECT_EQ(status(bearer(key.value().text)), 200);
  ASSERT_TRUE(revoke_key(folder(), key.value().record.id, doing()).ok());
  EXPECT_TRUE(becomes(401, bearer(key.value().text)));
}

TEST_F(AccessTest, PasswordsTravelByTlsOrFromThisMachineAlone) {
  auto head = basic("ann", "correct horse");
  EXPECT_EQ(status(head), 200);
  head.peer = "10.0.0.7:5000";
  head.peer_is_loopback = false;
  EXPECT_EQ(status(head), 403);
  head.headers.emplace_back("X-Forwarded-Proto", "https");
  EXPECT_EQ(status(head), 403) << "anybody can say that";
  head.is_tls = true;
  EXPECT_EQ(status(head), 200);
}

TEST_F(AccessTest, FiveWrongPasswordsLockOutTheAddressAndNotTheUser) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(status(basic("ann", "wrong")), 401);
  EXPECT_EQ(status(basic("ann", "correct horse")), 429);
  auto elsewhere = basic("ann", "correct horse");
  elsewhere.peer = "127.0.0.2:5000";
  EXPECT_EQ(status(elsewhere), 200);
  clock_.advance(std::chrono::seconds(11));
  EXPECT_EQ(status(basic("ann", "correct horse")), 200);
}

TEST_F(AccessTest, NamesThatThereAreNotAreLockedOutAsOthersAre) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(status(basic("nobody", "wrong")), 401);
  EXPECT_EQ(status(basic("nobody", "wrong")), 429);
}

TEST_F(AccessTest, CallersAreHeldToTheirRateOverAllTheirTokens) {
  open({.requests_per_second = 2, .burst = 3});
  const auto one = bearer(log_in()["access_token"]), two = bearer(log_in()["access_token"]);
  EXPECT_EQ(status(one), 200);
  EXPECT_EQ(status(two), 200);
  EXPECT_EQ(status(one), 200);
  const auto admission = access_->admit(two, Action::score, "boston");
  ASSERT_TRUE(admission.refusal);
  EXPECT_EQ(admission.refusal->status, 429);
  EXPECT_EQ(net::find_header(admission.refusal->headers, "Retry-After"), "1");
  clock_.advance(std::chrono::milliseconds(500));
  EXPECT_EQ(status(two), 200);
  EXPECT_EQ(status(two), 429);
}

TEST_F(AccessTest, SecretsStandInNoFileButHashed) {
  const Json tokens = log_in();
  const auto key = create_key(folder(), "shop", {.role = Role::scorer}, {}, doing());
  EXPECT_EQ(refresh(tokens["refresh_token"]).status, 200);
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    for (const std::string& secret :
         {std::string("correct horse"), key.value().text, tokens["refresh_token"].get<std::string>(),
          tokens["access_token"].get<std::string>()})
      EXPECT_EQ(text.find(secret), std::string::npos) << entry.path();
    EXPECT_EQ(std::filesystem::status(entry.path()).permissions() & std::filesystem::perms::mask,
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << entry.path();
  }
}

TEST_F(AccessTest, AFolderThatOthersReadIsRefused) {
  std::filesystem::permissions(path_, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  EXPECT_EQ(Access::open(path_, {}, clock_).error().code, Code::denied);
}

TEST_F(AccessTest, AFileThatIsBrokenLeavesWhatWasKnown) {
  const auto token = bearer(log_in()["access_token"]);
  std::ofstream(path_ / "users.json") << "{";
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  EXPECT_EQ(status(token), 200);
  EXPECT_EQ(Access::open(path_, {}, clock_).error().code, Code::corrupt);
}

}  // namespace
}  // namespace scoria::access
