// The server's listeners, limits of time and number, TLS, and its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <optional>
#include <thread>

#include "base/file.h"
#include "net/certificate.h"
#include "net/handler_for_tests.h"
#include "net/http_connection.h"
#include "net/raw_client_for_tests.h"

namespace scoria::net {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Error refusal(HttpServerConfig config) {
  HandlerForTests handler;
  auto server = HttpServer::start(std::move(config), handler);
  return server.ok() ? Error{Code::invalid, "it started"} : server.error();
}

TEST(ServerStart, NamesAPortThatIsInUse) {
  HandlerForTests handler;
  const auto server = serve(handler);
  const Error error = refusal({.listeners = {{.address = server->address(0)}}});
  EXPECT_EQ(error.code, Code::conflict);
  EXPECT_THAT(error.message, HasSubstr(server->address(0) + ": the port is in use"));
}

TEST(ServerStart, RefusesAddressesThatAreNone) {
  for (const std::string address :
       {"127.0.0.1", ":80", "127.0.0.1:70000", "127.0.0.1:x", "::1:80", "[::1]", "", "1.2.3.4.5:1"}) {
    const Error error = refusal({.listeners = {{.address = address}}});
    EXPECT_EQ(error.code, Code::invalid) << address;
    EXPECT_THAT(error.message, HasSubstr("'" + address + "'")) << address;
  }
  EXPECT_EQ(refusal({}).code, Code::invalid);
  EXPECT_EQ(refusal({.listeners = {{.address = "127.0.0.1:0"}}, .threads = 0}).code, Code::invalid);
  EXPECT_THAT(refusal({.listeners = {{.address = "192.0.2.1:0"}}}).message, HasSubstr("no such address"));
}

TEST(ServerStart, SaysWhichTlsFileIsMissing) {
  const Listener listener{.address = "127.0.0.1:0", .tls = TlsFiles{"/missing/server.pem", "/missing/server.key"}};
  const Error error = refusal({.listeners = {listener}});
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_THAT(error.message, HasSubstr("/missing/server.pem"));
}

TEST(ServerTime, AnswersAHeadThatTakesTooLong) {
  HandlerForTests handler;
  const auto server = serve(handler, {.head_timeout = 1s});
  RawClient client(server->address(0));
  client.send("GET / HTTP/1.1\r\nHost");
  const std::string reply = client.read_to_end();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_THAT(reply, HasSubstr("x-explained"));
}

TEST(ServerTime, AnswersABodyThatStopsComing) {
  HandlerForTests handler;
  const auto server = serve(handler, {.body_timeout = 1s});
  RawClient client(server->address(0));
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 408 "));
}

TEST(ServerTime, ClosesIdleConnectionsWithoutAWord) {
  HandlerForTests handler;
  const auto server = serve(handler, {.idle_timeout = 1s});
  RawClient fresh(server->address(0));
  RawClient used(server->address(0));
  used.send(kGet);
  used.read_reply();
  EXPECT_EQ(fresh.read_to_end(), "");
  EXPECT_EQ(used.read_to_end(), "");
  EXPECT_TRUE(comes_true([&] { return server->open_connections() == 0; }));
}

TEST(ServerTime, GivesUpAClientThatTakesNothing) {
  HandlerForTests handler;
  handler.answer = [](HttpRequest, Responder responder) { responder.send({.body = std::string(20'000'000, 'x')}); };
  const auto server = serve(handler, {.body_timeout = 1s});
  RawClient client(server->address(0), 4096);
  client.send(kGet);
  EXPECT_TRUE(comes_true([&] { return server->open_connections() == 1; }));
  EXPECT_TRUE(comes_true([&] { return server->open_connections() == 0; }));
}

TEST(ServerTime, LetsAReplyTakeLongerThanAnyTimeout) {
  HandlerForTests handler;
  std::promise<Responder> parked;
  handler.answer = [&](HttpRequest, Responder responder) { parked.set_value(std::move(responder)); };
  const auto server = serve(handler, {.head_timeout = 1s, .idle_timeout = 1s, .body_timeout = 1s});
  RawClient client(server->address(0));
  client.send(kGet);
  Responder responder = parked.get_future().get();
  RawClient idle(server->address(0));
  EXPECT_TRUE(idle.is_closed());  // so more than a second is over
  responder.send({.body = "at last"});
  EXPECT_THAT(client.read_reply(), EndsWith("at last"));
}

TEST(ServerNumber, LeavesConnectionsBeyondTheLimitInTheQueueUntilThereIsRoom) {
  HandlerForTests handler;
  const auto server = serve(handler, {.max_connections = 2});
  std::optional<RawClient> first(std::in_place, server->address(0));
  RawClient second(server->address(0));
  for (RawClient* client : {&*first, &second}) {
    client->send(kGet);
    client->read_reply();
  }
  RawClient third(server->address(0));
  third.send(kGet);
  EXPECT_EQ(server->open_connections(), 2u);
  first.reset();
  EXPECT_THAT(third.read_reply(), StartsWith("HTTP/1.1 200 OK"));
}

TEST(ServerNumber, ServesManyClientsAtOnce) {
  HandlerForTests handler;
  const auto server = serve(handler);
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        HttpConnection connection({.url = "http://" + server->address(0)});
        for (int k = 0; k < 200; ++k) {
          const std::string body = std::string(static_cast<std::size_t>(k * 37), 'x') + std::to_string(i);
          const auto reply = connection.request({.method = "POST", .target = "/", .body = body});
          if (reply.ok() && reply.value().body == "POST / [" + body + "]") ++right;
        }
      });
    }
  }
  EXPECT_EQ(right, 1600);
}

TEST(ServerDrain, AnswersWhatIsInFlightAndClosesWhatIsIdle) {
  HandlerForTests handler;
  std::promise<Responder> parked;
  handler.answer = [&](HttpRequest request, Responder responder) {
    if (request.target == "/slow") return parked.set_value(std::move(responder));
    responder.send({});
  };
  const auto server = serve(handler);
  const std::string address = server->address(0);
  RawClient idle(address);
  idle.send(kGet);
  idle.read_reply();
  RawClient busy(address);
  busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  Responder responder = parked.get_future().get();
  std::jthread draining([&] { server->drain(20s); });
  EXPECT_TRUE(idle.is_closed());
  EXPECT_THROW(RawClient{address}, std::runtime_error);
  responder.send({.body = "done"});
  const std::string reply = busy.read_to_end();
  EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(reply, EndsWith("done"));
}

TEST(ServerDrain, AnswersWhatIsOnItsWayOnAnIdleConnection) {
  HandlerForTests handler;
  const auto server = serve(handler);
  RawClient client(server->address(0));
  client.send(kGet);
  client.read_reply();
  std::jthread draining([&] { server->drain(20s, 10s); });
  while (true) {  // until the drain has begun
    try {
      RawClient another(server->address(0));
    } catch (const std::runtime_error&) {
      break;
    }
  }
  client.send(kGet);
  const std::string reply = client.read_to_end();
  EXPECT_THAT(reply, HasSubstr(" 200 "));
  EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
}

TEST(ServerDrain, WaitsNoLongerThanItsPatience) {
  HandlerForTests handler;
  std::promise<Responder> parked;
  handler.answer = [&](HttpRequest, Responder responder) { parked.set_value(std::move(responder)); };
  const auto server = serve(handler);
  RawClient client(server->address(0));
  client.send(kGet);
  Responder responder = parked.get_future().get();
  server->drain(1ms);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(server->open_connections(), 0u);
}

class ServerTls : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(testing::TempDir()) / ("scoria-server-tls-" + std::to_string(getpid()) + "-" +
                                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    auto made = ensure_certificates(folder_, {"localhost", "*.blob.localhost", "127.0.0.1"}, now_);
    ASSERT_TRUE(made.ok()) << made.error().message;
    files_ = made.value();
    server_ =
        serve(handler_, {.listeners = {{.address = "127.0.0.1:0",
                                        .tls = TlsFiles{files_.server_chain.string(), files_.server_key.string()}}}});
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string port() const { return server_->address(0).substr(server_->address(0).rfind(':') + 1); }

  // What the system's curl prints and says.
  std::string curl(const std::string& arguments) const {
    std::string out;
    FILE* pipe =
        popen(("curl -sS --noproxy '*' --cacert " + files_.ca.string() + " " + arguments + " 2>&1").c_str(), "r");
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
    pclose(pipe);
    return out;
  }

  std::filesystem::path folder_;
  WallTime now_ = SystemClock().now().wall;
  CertificateFiles files_;
  HandlerForTests handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ServerTls, IsTrustedByCurlForItsNamesWithItsAuthorityOnly) {
  const std::string resolve =
      " --resolve 'acc.blob.localhost:" + port() + ":127.0.0.1' --resolve 'other.test:" + port() + ":127.0.0.1' ";
  EXPECT_EQ(curl(resolve + "https://acc.blob.localhost:" + port() + "/c"), "GET /c []");
  EXPECT_EQ(curl("-d abc https://127.0.0.1:" + port() + "/p"), "POST /p [abc]");
  EXPECT_THAT(curl(resolve + "https://other.test:" + port() + "/"), HasSubstr("curl: (60)"));
}

TEST_F(ServerTls, SendsAndTakesLargeBodies) {
  const std::string body(3'000'001, 'b');
  HttpConnection connection({.url = "https://localhost:" + port(), .ca_file = files_.ca.string()});
  for (int i = 0; i < 2; ++i) {
    const auto reply = connection.request({.method = "PUT", .target = "/x", .body = body});
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_TRUE(reply.value().body == "PUT /x [" + body + "]");
  }
  EXPECT_EQ(server_->open_connections(), 1u);
}

TEST_F(ServerTls, RefusesCiphersWithoutAuthenticatedEncryptionOrForwardSecrecy) {
  const std::string url = " https://127.0.0.1:" + port() + "/";
  EXPECT_EQ(curl("--tls-max 1.2 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256" + url), "GET / []");
  for (const char* weak : {"ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256"})
    EXPECT_THAT(curl("--tls-max 1.2 --ciphers " + std::string(weak) + url), HasSubstr("curl: (35)")) << weak;
}

TEST_F(ServerTls, TakesANewCertificateWithoutARestart) {
  const ClientConfig as{
      .url = "https://batch.test:" + port(), .ca_file = files_.ca.string(), .connect_to = server_->address(0)};
  HttpConnection before(as);
  const auto refused = before.request({.target = "/"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::denied) << refused.error().message;
  ASSERT_TRUE(ensure_certificates(folder_, {"batch.test"}, now_).ok());
  const Status reloaded = server_->reload_tls();
  ASSERT_TRUE(reloaded.ok()) << reloaded.error().message;
  HttpConnection after(as);
  const auto reply = after.request({.target = "/"});
  ASSERT_TRUE(reply.ok()) << reply.error().message;
}

TEST_F(ServerTls, KeepsTheOldCertificateWhenTheNewOneIsBroken) {
  ASSERT_TRUE(write_file(files_.server_key, "no key").ok());
  const Status reloaded = server_->reload_tls();
  ASSERT_FALSE(reloaded.ok());
  EXPECT_EQ(reloaded.error().code, Code::corrupt);
  HttpConnection connection({.url = "https://localhost:" + port(), .ca_file = files_.ca.string()});
  EXPECT_TRUE(connection.request({.target = "/"}).ok());
}

TEST_F(ServerTls, ClosesOnClientsThatSpeakPlainHttp) {
  RawClient client(server_->address(0));
  client.send(kGet);
  EXPECT_THAT(client.read_to_end(), Not(HasSubstr("HTTP/1.1 200")));
}

}  // namespace
}  // namespace scoria::net
