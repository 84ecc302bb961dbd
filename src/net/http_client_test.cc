#include "net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/server_for_tests.h"

namespace scoria::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

HttpLimits quick() {
  HttpLimits limits;
  limits.idle_timeout = 300ms;
  limits.first_wait = 1ms;
  return limits;
}

std::string reply(const std::string& body, const std::string& headers = "", const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

TEST(HttpClient, GetsBodiesOverOneConnection) {
  std::string seen;
  ServerForTests server([&](const std::string& request) {
    seen = request;
    return reply(std::string("a\0b", 3));
  });
  HttpClient client(quick());
  for (int i = 0; i < 3; ++i) {
    const auto body = client.get(server.url("/models/m_1?sig=s%2B"));
    ASSERT_TRUE(body.ok()) << body.error().message;
    EXPECT_EQ(body.value(), std::string("a\0b", 3));
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(seen, HasSubstr("GET /models/m_1?sig=s%2B HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("Host: 127.0.0.1:"));
}

TEST(HttpClient, ReadsChunksAndBodiesThatEndWithTheConnection) {
  ServerForTests server([](const std::string& request) {
    if (request.starts_with("GET /chunks")) {
      return std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
    }
    return std::string("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
  });
  HttpClient client(quick());
  EXPECT_EQ(client.get(server.url("/chunks")).value(), "abcde");
  EXPECT_EQ(client.get(server.url("/end")).value(), "until the end");
}

TEST(HttpClient, SaysWhatAStatusMeansAndKeepsQueriesSecret) {
  ServerForTests server([](const std::string& request) { return reply("", "", request.substr(5, 3) + " Because"); });
  HttpClient client(quick());
  const std::pair<int, Code> cases[] = {{404, Code::not_found}, {410, Code::not_found},   {401, Code::denied},
                                        {403, Code::denied},    {418, Code::unavailable}, {204, Code::unavailable}};
  for (const auto& [status, code] : cases) {
    const auto body = client.get(server.url("/" + std::to_string(status) + "?sig=secret"));
    ASSERT_FALSE(body.ok()) << status;
    EXPECT_EQ(body.error().code, code) << status;
    EXPECT_THAT(body.error().message, HasSubstr(std::to_string(status) + " Because"));
    EXPECT_THAT(body.error().message, Not(HasSubstr("secret")));
  }
}

TEST(HttpClient, TriesAgainWhatMayPass) {
  int calls = 0;
  ServerForTests server([&](const std::string&) {
    return ++calls < 3 ? reply("", "Connection: close\r\n", "503 Later") : reply("at last");
  });
  HttpClient client(quick());
  EXPECT_EQ(client.get(server.url("/")).value(), "at last");
  EXPECT_EQ(calls, 3);
  calls = -100;
  const auto never = client.get(server.url("/"));
  ASSERT_FALSE(never.ok());
  EXPECT_EQ(never.error().code, Code::unavailable);
  EXPECT_EQ(calls, -96) << "four tries";
}

TEST(HttpClient, OpensANewConnectionWhereTheOldOneWasClosed) {
  int calls = 0;
  ServerForTests server([&](const std::string&) { return ++calls == 2 ? std::string() : reply("x"); });
  HttpClient client(quick());
  EXPECT_TRUE(client.get(server.url("/")).ok());
  EXPECT_TRUE(client.get(server.url("/")).ok());
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, FollowsRedirectsToAnEnd) {
  ServerForTests server([](const std::string& request) {
    if (request.starts_with("GET /a")) return reply("", "Location: /b\r\n", "302 Found");
    if (request.starts_with("GET /loop")) return reply("", "Location: /loop\r\n", "301 Moved");
    return reply("found");
  });
  HttpClient client(quick());
  EXPECT_EQ(client.get(server.url("/a")).value(), "found");
  const auto loop = client.get(server.url("/loop"));
  ASSERT_FALSE(loop.ok());
  EXPECT_THAT(loop.error().message, HasSubstr("more than 5 redirects"));
}

TEST(HttpClient, SendsCredentialsThatTheUrlHolds) {
  std::string seen;
  ServerForTests server([&](const std::string& request) {
    seen = request;
    return reply("x");
  });
  HttpClient client(quick());
  std::string url = server.url("/");
  url.insert(7, "user:pass@");
  ASSERT_TRUE(client.get(url).ok());
  EXPECT_THAT(seen, HasSubstr("Authorization: Basic dXNlcjpwYXNz\r\n"));
}

TEST(HttpClient, RefusesWhatIsNoReply) {
  struct Bad {
    std::string bytes;
    Code code;
  };
  const Bad replies[] = {
      {"SSH-2.0-x\r\n\r\n", Code::corrupt},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nshort", Code::corrupt},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nxx", Code::corrupt},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n", Code::corrupt},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\nx", Code::too_large},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\nConnection: close\r\n\r\n", Code::too_large},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", Code::deadline},  // and then nothing
  };
  for (const Bad& bad : replies) {
    ServerForTests server([&](const std::string&) { return bad.bytes; });
    HttpClient client(quick());
    const auto body = client.get(server.url("/"));
    ASSERT_FALSE(body.ok()) << bad.bytes.substr(0, 60);
    EXPECT_EQ(body.error().code, bad.code) << bad.bytes.substr(0, 60) << ": " << body.error().message;
  }
}

TEST(HttpClient, SaysWhoCannotBeReached) {
  HttpClient client(quick());
  std::string url;
  {
    ServerForTests server([](const std::string&) { return std::string(); });
    url = server.url("/");
  }
  const auto closed = client.get(url);
  ASSERT_FALSE(closed.ok());
  EXPECT_EQ(closed.error().code, Code::unavailable);
  EXPECT_THAT(closed.error().message, HasSubstr("127.0.0.1"));
  EXPECT_EQ(client.get("http://name.invalid/").error().code, Code::unavailable);
  EXPECT_EQ(client.get("gopher://x/").error().code, Code::invalid);
}

}  // namespace
}  // namespace scoria::net
