#include "net/http_connection.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "net/handler_for_tests.h"
#include "net/server_for_tests.h"

namespace scoria::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

struct StringSink final : BodySink {
  std::string text;
  std::optional<Error> fails;
  Status write(std::span<const std::byte> bytes) override {
    if (fails) return *fails;
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Ok{};
  }
};

// Our server on one side; for replies that it never makes, ServerForTests below.
class Connection : public testing::Test {
 protected:
  std::string url(const std::string& path = "") const { return "http://" + server_->address(0) + path; }

  // Above the server, whose threads use them until it is gone.
  std::mutex parked_mutex_;
  std::vector<Responder> parked_;
  HandlerForTests handler_;
  std::unique_ptr<HttpServer> server_ = serve(handler_);
};

TEST_F(Connection, SendsAnyMethodWithItsBodyAndHeaders) {
  std::string seen;
  handler_.answer = [&](HttpRequest request, Responder responder) {
    seen = request.method + " " + request.target + "|" + std::string(request.header("x-one").value_or("-")) + "|" +
           std::string(request.host()) + "|" + std::string(request.header("content-length").value_or("-")) + "|" +
           request.body;
    responder.send({.status = 207, .headers = {{"x-back", "v"}}, .body = "b"});
  };
  HttpConnection connection({.url = url("/base/")});
  const std::string host = server_->address(0);
  const auto reply =
      connection.request({.method = "MERGE", .target = "/t?q=1", .headers = {{"x-one", "1"}}, .body = "abc"});
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(seen, "MERGE /base/t?q=1|1|" + host + "|3|abc");
  EXPECT_EQ(reply.value().status, 207);
  EXPECT_EQ(reply.value().header("X-Back"), "v");
  EXPECT_EQ(reply.value().body, "b");
  ASSERT_TRUE(connection.request({.target = "/t", .headers = {{"Host", "other"}}}).ok());
  EXPECT_EQ(seen, "GET /base/t|-|other|-|");
  ASSERT_TRUE(connection.request({.method = "PUT", .target = "/t"}).ok());
  EXPECT_EQ(seen, "PUT /base/t|-|" + host + "|0|");
  EXPECT_EQ(server_->open_connections(), 1u);
}

TEST_F(Connection, UploadsAPartOfAFile) {
  const std::string path = testing::TempDir() + "scoria-connection-" + std::to_string(getpid());
  std::string content(2'000'000, 'x');
  content[1'000'000] = 'y';
  std::ofstream(path) << content;
  const std::shared_ptr<const int> file(new int(::open(path.c_str(), O_RDONLY)), [](const int* descriptor) {
    ::close(*descriptor);
    delete descriptor;
  });
  handler_.answer = [](HttpRequest request, Responder responder) { responder.send({.body = std::move(request.body)}); };
  HttpConnection connection({.url = url()});
  const auto reply = connection.request(
      {.method = "PUT", .target = "/", .file = FilePart{.descriptor = file, .offset = 999'999, .length = 1'000'000}});
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_TRUE(reply.value().body == content.substr(999'999, 1'000'000));
  std::filesystem::remove(path);
}

TEST_F(Connection, GivesTheBodyOfASuccessToTheSinkAndKeepsThatOfAFailure) {
  handler_.answer = [](HttpRequest request, Responder responder) {
    responder.send({.status = request.target == "/bad" ? 404 : 200, .body = std::string(100'000, 'z')});
  };
  HttpConnection connection({.url = url()});
  StringSink sink;
  auto reply = connection.request({.target = "/good", .reply_sink = &sink});
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(sink.text.size(), 100'000u);
  EXPECT_EQ(reply.value().body, "");
  sink.text.clear();
  reply = connection.request({.target = "/bad", .reply_sink = &sink});
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(sink.text, "");
  EXPECT_EQ(reply.value().body.size(), 100'000u);
  sink.fails = Error{Code::exhausted, "the disk is full"};
  reply = connection.request({.target = "/good", .reply_sink = &sink});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::exhausted);
  sink.fails.reset();
  EXPECT_TRUE(connection.request({.target = "/good", .reply_sink = &sink}).ok());
}

TEST_F(Connection, AsksForHeadsWithoutWaitingForBodies) {
  handler_.answer = [](HttpRequest, Responder responder) { responder.send({.head_length = 12345}); };
  HttpConnection connection({.url = url()});
  for (int i = 0; i < 2; ++i) {
    const auto reply = connection.request({.method = "HEAD", .target = "/"});
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply.value().header("content-length"), "12345");
    EXPECT_EQ(reply.value().body, "");
  }
}

TEST_F(Connection, SendsOnceMoreWhatAClosedConnectionDidNotTake) {
  HttpConnection connection({.url = url()});
  ASSERT_TRUE(connection.request({.target = "/"}).ok());
  const std::string address = server_->address(0);
  server_.reset();
  server_ = serve(handler_, {.listeners = {{.address = address}}});
  const auto reply = connection.request({.method = "POST", .target = "/", .body = "again"});
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply.value().body, "POST / [again]");
}

TEST_F(Connection, IsCancelledFromAnotherThreadAndWorksAgain) {
  std::promise<Responder> parked;
  handler_.answer = [&](HttpRequest request, Responder responder) {
    if (request.target.starts_with("/wait")) return parked.set_value(std::move(responder));
    responder.send({.body = "fine"});
  };
  HttpConnection connection({.url = url()});
  std::jthread canceller([&, arrived = parked.get_future()]() mutable {
    arrived.wait();
    connection.cancel();
  });
  const auto cancelled = connection.request({.target = "/wait?sig=secret"});
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(cancelled.error().code, Code::unavailable);
  EXPECT_THAT(cancelled.error().message, HasSubstr(url("/wait") + ": reading the reply: cancelled"));
  EXPECT_THAT(cancelled.error().message, Not(HasSubstr("secret")));
  canceller.join();
  const auto reply = connection.request({.target = "/"});
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply.value().body, "fine");
}

TEST_F(Connection, CancelledBetweenRequestsEndsTheNextOneOnly) {
  HttpConnection connection({.url = url()});
  ASSERT_TRUE(connection.request({.target = "/"}).ok());
  connection.cancel();
  const auto ended = connection.request({.target = "/"});
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::unavailable);
  EXPECT_TRUE(connection.request({.target = "/"}).ok());
}

TEST_F(Connection, EndsAtItsDeadlines) {
  handler_.answer = [&](HttpRequest, Responder responder) {
    const std::lock_guard lock(parked_mutex_);
    parked_.push_back(std::move(responder));
  };
  HttpConnection patient({.url = url()});
  auto reply = patient.request({.target = "/", .timeout = 50ms});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::deadline) << reply.error().message;
  HttpConnection hasty({.url = url(), .idle_timeout = 50ms});
  reply = hasty.request({.target = "/"});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::deadline) << reply.error().message;
}

TEST_F(Connection, KeepsNoBodyBeyondItsLimit) {
  handler_.answer = [](HttpRequest, Responder responder) { responder.send({.body = std::string(1001, 'x')}); };
  HttpConnection connection({.url = url(), .max_body = 1000});
  const auto reply = connection.request({.target = "/"});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::too_large);
}

TEST_F(Connection, ReadsTheAnswerOfAServerThatDoesNotTakeTheBody) {
  handler_.plan = [](const HttpRequest&) { return BodyPlan{.max_bytes = 10}; };
  HttpConnection connection({.url = url()});
  const auto reply = connection.request({.method = "PUT", .target = "/", .body = std::string(3'000'000, 'x')});
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply.value().status, 413);
  EXPECT_EQ(connection.request({.target = "/"}).value().status, 200);
}

TEST_F(Connection, RefusesWhatWouldBeReadAsMore) {
  HttpConnection connection({.url = url()});
  EXPECT_EQ(connection.request({.target = "/a b"}).error().code, Code::invalid);
  EXPECT_EQ(connection.request({.target = "/a\r\nX: y"}).error().code, Code::invalid);
  EXPECT_EQ(connection.request({.method = "GET /x", .target = "/"}).error().code, Code::invalid);
  EXPECT_EQ(connection.request({.target = "/", .headers = {{"x", "a\r\nb: c"}}}).error().code, Code::invalid);
  EXPECT_EQ(connection.request({.target = "/", .headers = {{"x y", "a"}}}).error().code, Code::invalid);
  EXPECT_EQ(HttpConnection({.url = "ftp://x"}).request({.target = "/"}).error().code, Code::invalid);
}

TEST_F(Connection, ConnectsWhereItIsToldAndKeepsTheName) {
  std::string host;
  handler_.answer = [&](HttpRequest request, Responder responder) {
    host = request.host();
    responder.send({});
  };
  HttpConnection connection({.url = "http://acc.blob.localhost:1", .connect_to = server_->address(0)});
  const auto reply = connection.request({.target = "/"});
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(host, "acc.blob.localhost:1");
}

TEST(ConnectionReplies, InChunksAndToTheEndOfTheConnectionAreRead) {
  ServerForTests server([](const std::string& request) {
    if (request.starts_with("GET /chunks")) {
      return std::string(
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
          "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
    }
    return std::string("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
  });
  HttpConnection connection({.url = server.url("")});
  EXPECT_EQ(connection.request({.target = "/chunks"}).value().body, "abcde");
  EXPECT_EQ(connection.request({.target = "/chunks"}).value().body, "abcde");
  EXPECT_EQ(connection.request({.target = "/end"}).value().body, "until the end");
  EXPECT_EQ(server.connections(), 1);
}

TEST(ConnectionReplies, ThatAreNoneOrNotWholeAreErrors) {
  const std::pair<std::string, Code> cases[] = {
      {"SSH-2.0-OpenSSH\r\nConnection: close\r\n\r\n", Code::corrupt},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc", Code::corrupt},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", Code::corrupt},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: gzip\r\n\r\nabc", Code::corrupt},
      {"HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n", Code::corrupt},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", Code::corrupt},
      {"", Code::unavailable},
  };
  for (const auto& [bytes, code] : cases) {
    std::atomic<int> asked = 0;
    ServerForTests server([&](const std::string&) {
      ++asked;
      return bytes;
    });
    HttpConnection connection({.url = server.url("")});
    const auto reply = connection.request({.method = "POST", .target = "/p?sig=secret", .body = "x"});
    ASSERT_FALSE(reply.ok()) << bytes.substr(0, 80);
    EXPECT_EQ(reply.error().code, code) << bytes.substr(0, 80) << ": " << reply.error().message;
    EXPECT_THAT(reply.error().message, Not(HasSubstr("secret")));
    EXPECT_EQ(asked, 1) << "a new connection's request must not be sent twice";
  }
}

TEST(ConnectionReplies, OfNobodyAreUnavailable) {
  std::string url;
  {
    ServerForTests server([](const std::string&) { return std::string(); });
    url = server.url("");
  }
  const auto reply = HttpConnection({.url = url}).request({.target = "/"});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::unavailable);
  EXPECT_THAT(reply.error().message, HasSubstr("Connection refused"));
}

}  // namespace
}  // namespace scoria::net
