// What the server makes of the bytes that clients send: framing, order, what it refuses.
#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>
#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "net/handler_for_tests.h"
#include "net/raw_client_for_tests.h"

namespace scoria::net {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Server : public testing::Test {
 protected:
  // The reply to one request that the server closes the connection after.
  std::string ask(const std::string& bytes) {
    RawClient client(server_->address(0));
    client.send(bytes);
    return client.read_to_end();
  }

  HandlerForTests handler_;
  std::unique_ptr<HttpServer> server_ = serve(handler_);
};

TEST_F(Server, AnswersRequestsOfOneConnectionInTurn) {
  RawClient client(server_->address(0));
  for (int i = 0; i < 3; ++i) {
    client.send("POST /a?b=" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    const std::string reply = client.read_reply();
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(reply, EndsWith("\r\n\r\nPOST /a?b=" + std::to_string(i) + " [abc]"));
    EXPECT_THAT(reply, Not(HasSubstr("Connection:")));
  }
  EXPECT_EQ(server_->open_connections(), 1u);
}

TEST_F(Server, AnswersPipelinedRequestsInOrderThoughTheFirstRepliesLast) {
  std::vector<Responder> waiting;
  std::promise<void> first_is_there;
  handler_.answer = [&](HttpRequest request, Responder responder) {
    if (request.target == "/slow") {
      waiting.push_back(std::move(responder));
      first_is_there.set_value();
      return;
    }
    responder.send({.body = request.target});
  };
  RawClient client(server_->address(0));
  std::string all = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";
  for (int i = 0; i < 100; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(all);
  first_is_there.get_future().wait();
  waiting.front().send({.body = "late"});
  EXPECT_THAT(client.read_reply(), EndsWith("late"));
  for (int i = 0; i < 100; ++i) EXPECT_THAT(client.read_reply(), EndsWith("\r\n\r\n/" + std::to_string(i)));
}

TEST_F(Server, ReadsARequestThatComesByteByByte) {
  RawClient client(server_->address(0));
  for (const char byte : std::string("\r\nPUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                     "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: dropped\r\n\r\n"
                                     "GET /next HTTP/1.1\r\nHost: x\r\n\r\n")) {
    ASSERT_TRUE(client.send({&byte, 1}));
  }
  EXPECT_THAT(client.read_reply(), EndsWith("PUT /x [abcde]"));
  EXPECT_THAT(client.read_reply(), EndsWith("GET /next []"));
}

TEST_F(Server, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::pair<std::string, int> cases[] = {
      {post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
      {post + "Content-Length: 3, 4\r\n\r\nabcd", 400},
      {post + "Content-Length: +3\r\n\r\nabc", 400},
      {post + "Content-Length: 0x3\r\n\r\nabc", 400},
      {post + "Content-Length: -1\r\n\r\nabc", 400},
      {post + "Content-Length: 99999999999999999999999\r\n\r\nabc", 400},
      {post + "Content-Length : 3\r\n\r\nabc", 400},
      {post + " Content-Length: 3\r\n\r\nabc", 400},
      {post + "X: a\r\n folded\r\n\r\n", 400},
      {post + "X: a\r\n\tfolded\r\n\r\n", 400},
      {post + "X: a\nY: b\r\n\r\n", 400},
      {post + "X: a\rY: b\r\n\r\n", 400},
      {post + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"POST / HTTP/1.1\nHost: x\n\n", 400},
      {post + "Transfer-Encoding: chunked, identity\r\n\r\n", 501},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {post + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {post + "Transfer-Encoding: \x0b"
              "chunked\r\n\r\n",
       400},
      {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n\r\n", 400},
      {post + "Host: y\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x y\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: user@x\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x/path\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 505},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
      {post + "Expect: a miracle\r\n\r\n", 417},
  };
  for (const auto& [request, status] : cases) {
    const std::string reply = ask(request + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 " + std::to_string(status) + " ")) << request;
    EXPECT_THAT(reply, HasSubstr("Connection: close\r\n")) << request;
    EXPECT_THAT(reply, HasSubstr("x-explained: yes\r\n")) << request;
    EXPECT_THAT(reply, Not(HasSubstr("smuggled"))) << request;
  }
}

TEST_F(Server, RefusesHeadsBeyondTheLimitHoweverTheyAreMade) {
  HttpServerConfig config;
  config.max_head = 1024;
  server_ = serve(handler_, config);
  const std::string start = "GET / HTTP/1.1\r\nHost: x\r\n";
  std::string many = start;
  while (many.size() < 1025) many += "a: b\r\n";
  for (const std::string& head : {"GET /" + std::string(1025, 'x'), start + "X: " + std::string(1025, 'x'), many,
                                  start + "X: " + std::string(1025, 'x') + "\r\n\r\n"}) {
    EXPECT_THAT(ask(head), StartsWith("HTTP/1.1 431 ")) << head.size();
  }
  std::string just = start + "Connection: close\r\nX: ";
  just += std::string(1024 - 4 - just.size(), 'x') + "\r\n\r\n";
  EXPECT_THAT(ask(just), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Server, RefusesMoreHeaderFieldsThanItTakes) {
  HttpServerConfig config;
  config.max_fields = 10;
  server_ = serve(handler_, config);
  std::string head = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  for (int i = 2; i < 10; ++i) head += "a: b\r\n";
  EXPECT_THAT(ask(head + "\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask(head + "a: b\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
}

TEST_F(Server, RefusesBodiesBeyondThePlanBeforeTheyAreStored) {
  handler_.plan = [](const HttpRequest&) { return BodyPlan{.max_bytes = 10}; };
  const std::string start = "PUT / HTTP/1.1\r\nHost: x\r\n";
  EXPECT_THAT(ask(start + "Content-Length: 11\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask(start + "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask(start + "Connection: close\r\nContent-Length: 10\r\n\r\n0123456789"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Server, LetsAClientReadWhyItsLargeBodyIsRefused) {
  handler_.plan = [](const HttpRequest&) { return BodyPlan{.max_bytes = 10}; };
  RawClient client(server_->address(0));
  ASSERT_TRUE(client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n"));
  ASSERT_TRUE(client.send(std::string(4'000'000, 'x')));  // all of it, before it looks for a reply
  EXPECT_THAT(client.read_reply(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(Server, SaysContinueOnceThePlanTakesTheBody) {
  RawClient client(server_->address(0));
  client.send("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_THAT(client.read_reply(), EndsWith("PUT /x [abc]"));
  // No answer to who does not wait for it.
  client.send("PUT /y HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
  EXPECT_THAT(client.read_reply(), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(Server, RefusesBeforeTheBodyIsSent) {
  handler_.plan = [](const HttpRequest&) { return BodyPlan{.refuse = HttpReply{.status = 403, .body = "no"}}; };
  const std::string reply =
      ask("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 403 Forbidden\r\n"));
  EXPECT_THAT(reply, Not(HasSubstr("100 Continue")));
}

TEST_F(Server, KeepsAConnectionWhoseRefusedBodyIsSmall) {
  handler_.plan = [](const HttpRequest& head) {
    BodyPlan plan;
    if (head.method == "PUT") plan.refuse = HttpReply{.status = 403};
    return plan;
  };
  RawClient client(server_->address(0));
  client.send("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /y HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_reply(), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(client.read_reply(), EndsWith("GET /y []"));
  client.send("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1500000\r\n\r\n");
  EXPECT_THAT(client.read_reply(), HasSubstr("403 Forbidden\r\n"));
  client.send(std::string(1'500'000, 'x'));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Server, ClosesWhenAskedToAndKeepsHttp10OnlyWhenAskedTo) {
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(ask("GET / HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close\r\n"));
  RawClient client(server_->address(0));
  for (int i = 0; i < 2; ++i) {
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.read_reply(), HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST_F(Server, SendsNoBodyBehindHeadNorBehindNoContent) {
  handler_.answer = [](HttpRequest request, Responder responder) {
    if (request.target == "/given") return responder.send({.head_length = 123456789});
    if (request.target == "/none") return responder.send({.status = 204, .body = "nothing"});
    responder.send({.body = "seven b"});
  };
  RawClient client(server_->address(0));
  client.send(
      "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nHEAD /given HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /none HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string all = client.read_to_end();
  EXPECT_THAT(all, HasSubstr("Content-Length: 7\r\n\r\nHTTP/1.1 200 OK"));
  EXPECT_THAT(all, HasSubstr("Content-Length: 123456789\r\n\r\nHTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(all, Not(HasSubstr("nothing")));
  EXPECT_THAT(all, EndsWith("seven b"));
}

TEST_F(Server, LetsNoHandlerSplitItsHeaders) {
  handler_.answer = [](HttpRequest, Responder responder) {
    responder.send({.headers = {{"x-echo", "a\r\nSet-Cookie: b"}, {"Content-Length", "99"}}, .body = "ok"});
  };
  const std::string reply = ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(reply, HasSubstr("\r\nx-echo: a  Set-Cookie: b\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\nContent-Length: 2\r\n"));
  EXPECT_THAT(reply, Not(HasSubstr("99")));
}

TEST_F(Server, ExplainsWhatAHandlerThrowsOrForgets) {
  handler_.answer = [](HttpRequest request, Responder) {
    if (request.target == "/throws") throw std::runtime_error("secret");
  };
  for (const std::string target : {"/throws", "/forgets"}) {
    const std::string reply = ask("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 500 Internal Server Error\r\n")) << target;
    EXPECT_THAT(reply, HasSubstr("x-explained: yes")) << target;
    EXPECT_THAT(reply, Not(HasSubstr("secret"))) << target;
  }
  handler_.plan = [](const HttpRequest&) -> BodyPlan { throw std::runtime_error("secret"); };
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
}

TEST_F(Server, TellsTheHandlerWhoAsks) {
  std::promise<std::pair<std::string, bool>> seen;
  handler_.answer = [&](HttpRequest request, Responder responder) {
    seen.set_value({request.peer, request.peer_is_loopback && !request.is_tls});
    responder.send({});
  };
  ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto [peer, is_loopback] = seen.get_future().get();
  EXPECT_THAT(peer, StartsWith("127.0.0.1:"));
  EXPECT_TRUE(is_loopback);
}

}  // namespace
}  // namespace scoria::net
