#include "server/webhooks.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>

#include "auth/shared_key.h"
#include "net/http_server.h"
#include "server/secrets.h"
#include "store/store.h"

namespace scoria::server {
namespace {

using spec::Json;

// A small receiver: keeps what it gets, and answers with a status of the test's choice.
class Receiver final : public net::HttpHandler {
 public:
  net::BodyPlan plan_body(const net::HttpRequest&) override { return {}; }
  void handle(net::HttpRequest request, net::Responder responder) override {
    const std::lock_guard lock(mutex_);
    headers = request.headers;
    body = request.body;
    ++count;
    responder.send({.status = status, .headers = {}, .body = {}, .file = {}, .source = {}, .head_length = {}});
  }
  net::HttpReply explain(int why, std::string_view) override {
    return {.status = why, .headers = {}, .body = {}, .file = {}, .source = {}, .head_length = {}};
  }
  net::Headers headers;
  std::string body;
  int status = 200;
  int count = 0;

 private:
  std::mutex mutex_;
};

class Notices : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-webhooks-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    store_ = std::move(store::Store::open(folder_)).value();
    secrets_ = std::make_unique<Secrets>(*store_, std::move(auth::Sealer::open(folder_ / "key")).value());
    auto server = net::HttpServer::start({.listeners = {{.address = "127.0.0.1:0", .tls = {}}}}, receiver_);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(server).value();
    url_ = "http://" + server_->address(0) + "/hook?token=private";
  }
  void TearDown() override {
    server_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // What is said of a notice once it was told: its id and why not.
  std::pair<std::string, std::string> tell(const std::vector<Webhook>& hooks, const Json& notice) {
    Webhooks webhooks(hooks, *secrets_, clock_);
    std::promise<std::pair<std::string, std::string>> told;
    webhooks.set_told([&told](const std::string& id, const std::string& why) { told.set_value({id, why}); });
    webhooks.deliver(notice);
    auto said = told.get_future().get();
    webhooks.stop();
    return said;
  }

  std::filesystem::path folder_;
  SystemClock clock_;
  Receiver receiver_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Secrets> secrets_;
  std::unique_ptr<net::HttpServer> server_;
  std::string url_;
};

TEST_F(Notices, AreSignedByTheHooksSecret) {
  const auto [id, why] = tell({{.url = url_, .secret = "s3cret", .events = {}}},
                              {{"id", "n1"}, {"event", "job.failed"}, {"jobId", "j"}, {"url", url_}});
  EXPECT_EQ(id, "n1");
  EXPECT_EQ(why, "");
  const std::string time(net::find_header(receiver_.headers, "X-Scoria-Timestamp").value_or(""));
  EXPECT_EQ(net::find_header(receiver_.headers, "X-Scoria-Signature"),
            notice_signature("s3cret", std::stoll(time), receiver_.body));
  EXPECT_EQ(net::find_header(receiver_.headers, "X-Scoria-Event"), "job.failed");
  EXPECT_EQ(Json::parse(receiver_.body)["jobId"], "j");
  EXPECT_EQ(receiver_.body.find("private"), std::string::npos);
}

TEST_F(Notices, AreToldToTheirOwnHookAlone) {
  (void)tell(
      {{.url = url_, .secret = {}, .events = {}}, {.url = "http://127.0.0.1:1/other", .secret = {}, .events = {}}},
      {{"id", "n1"}, {"event", "job.failed"}, {"url", url_}});
  EXPECT_EQ(receiver_.count, 1);
}

TEST_F(Notices, ThatNobodyWantsAreDone) {
  const auto [id, why] = tell({{.url = url_, .secret = {}, .events = {"job.completed"}}},
                              {{"id", "n1"}, {"event", "job.failed"}, {"url", url_}});
  EXPECT_EQ(why, "");
  EXPECT_EQ(receiver_.count, 0);
}

TEST_F(Notices, ThatAreRefusedSayByWhomWithoutItsQuery) {
  receiver_.status = 500;
  const auto [id, why] =
      tell({{.url = url_, .secret = {}, .events = {}}}, {{"id", "n1"}, {"event", "job.failed"}, {"url", url_}});
  EXPECT_NE(why.find("answered 500"), std::string::npos) << why;
  EXPECT_EQ(why.find("private"), std::string::npos) << why;
}

// RFC 4231, test case 2, with our prefix: key "Jefe", data "what do ya want for nothing?" cannot be had, as the data begin with a time;
// so the form is checked against the plain function.
TEST(NoticeSignature, CoversTimeAndBody) {
  EXPECT_EQ(notice_signature("k", 5, "b").size(), std::string("sha256=").size() + 64);
  EXPECT_NE(notice_signature("k", 5, "b"), notice_signature("k", 6, "b"));
  EXPECT_NE(notice_signature("k", 5, "b"), notice_signature("k", 5, "c"));
  EXPECT_NE(notice_signature("k", 5, "b"), notice_signature("l", 5, "b"));
}

}  // namespace
}  // namespace scoria::server
