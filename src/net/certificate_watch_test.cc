// A server whose certificate is renewed under it; which one it serves is what a client that trusts one authority alone finds out.
#include "net/certificate_watch.h"

#include <gtest/gtest.h>

#include <fstream>

#include "net/certificate.h"
#include "net/handler_for_tests.h"
#include "net/http_connection.h"

namespace scoria::net {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class CertificateWatches : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-watch-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    for (const char* name : {"first", "second"}) {
      fs::create_directory(folder_ / name);
      const auto made = ensure_certificates(folder_ / name, {"127.0.0.1"}, now_.wall);
      ASSERT_TRUE(made.ok()) << made.error().message;
    }
  }
  void TearDown() override {
    server_.reset();
    fs::remove_all(folder_);
  }

  // As certbot does it: both files renamed into place.
  void put(const std::string& name) {
    for (const char* file : {"server.pem", "server.key"}) {
      fs::copy_file(folder_ / name / file, folder_ / "next");
      fs::rename(folder_ / "next", folder_ / file);
    }
  }
  void start(const CertificateWatch& watch) {
    auto started = HttpServer::start({.listeners = {{.address = "127.0.0.1:0", .tls = watch.files()}}}, handler_);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(started).value();
  }
  bool is_served(const std::string& name) {
    HttpConnection client({.url = "https://" + server_->address(0), .ca_file = (folder_ / name / "ca.pem").string()});
    return client.request({.method = "GET", .target = "/", .headers = {}, .body = {}, .file = {}}).ok();
  }
  CertificateSource outside() const {
    return {.chain = (folder_ / "server.pem").string(),
            .key = (folder_ / "server.key").string(),
            .own_folder = {},
            .names = {}};
  }

  fs::path folder_;
  Now now_ = SystemClock().now();
  HandlerForTests handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(CertificateWatches, ServeARenewedPairOnceBothFilesHaveSettled) {
  put("first");
  auto watch = CertificateWatch::open(outside(), now_);
  ASSERT_TRUE(watch.ok()) << watch.error().message;
  start(watch.value());
  EXPECT_FALSE(watch.value().look(*server_, now_));
  EXPECT_TRUE(is_served("first"));
  put("second");
  EXPECT_FALSE(watch.value().look(*server_, now_)) << "the other file may be on its way";
  EXPECT_TRUE(is_served("first"));
  const auto news = watch.value().look(*server_, now_);
  ASSERT_TRUE(news && news->ok());
  EXPECT_EQ(news->value(), certificate_end(folder_ / "second" / "server.pem").value());
  EXPECT_TRUE(is_served("second"));
  EXPECT_FALSE(is_served("first"));
  EXPECT_FALSE(watch.value().look(*server_, now_));
}

TEST_F(CertificateWatches, KeepTheOldOneWhereTheNewOneDoesNotFitAndSaySoOnce) {
  put("first");
  auto watch = CertificateWatch::open(outside(), now_);
  ASSERT_TRUE(watch.ok());
  start(watch.value());
  std::ofstream(folder_ / "server.key") << "no key";
  EXPECT_FALSE(watch.value().look(*server_, now_));
  const auto news = watch.value().look(*server_, now_);
  ASSERT_TRUE(news && !news->ok());
  EXPECT_NE(news->error().message.find("the old certificate stays in use"), std::string::npos) << news->error().message;
  EXPECT_FALSE(watch.value().look(*server_, now_));
  EXPECT_TRUE(is_served("first"));
}

TEST_F(CertificateWatches, ReadWhatDidNotChangeWhenTold) {
  put("first");
  auto watch = CertificateWatch::open(outside(), now_);
  ASSERT_TRUE(watch.ok());
  start(watch.value());
  EXPECT_TRUE(watch.value().look(*server_, now_, true));
}

TEST_F(CertificateWatches, RenewAnOwnCertificateBeforeItsEnd) {
  auto watch =
      CertificateWatch::open({.chain = {}, .key = {}, .own_folder = folder_ / "first", .names = {"127.0.0.1"}}, now_);
  ASSERT_TRUE(watch.ok()) << watch.error().message;
  start(watch.value());
  const WallTime end = certificate_end(watch.value().files().certificate_chain).value();
  const Now later{.wall = now_.wall + 24h * 380, .steady = now_.steady + 24h * 380};
  EXPECT_FALSE(watch.value().look(*server_, later)) << "written a moment ago";
  const auto news = watch.value().look(*server_, later);
  ASSERT_TRUE(news && news->ok());
  EXPECT_GT(news->value(), end);
}

TEST_F(CertificateWatches, NeedBothFilesOrNone) {
  const auto watch = CertificateWatch::open({.chain = "fullchain.pem", .key = {}, .own_folder = {}, .names = {}}, now_);
  ASSERT_FALSE(watch.ok());
  EXPECT_EQ(watch.error().code, Code::invalid);
}

}  // namespace
}  // namespace scoria::net
