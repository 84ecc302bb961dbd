// What one client may not do: be slow for ever, have all connections, keep one for ever.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <array>
#include <chrono>
#include <thread>

#include "net/handler_for_tests.h"
#include "net/raw_client_for_tests.h"

namespace scoria::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// An address of this machine that is not loopback's; empty where it has none.
std::string outer_address() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  std::string found;
  for (const ifaddrs* one = all; one != nullptr && found.empty(); one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    const auto& address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    std::array<char, INET_ADDRSTRLEN> text{};
    if (::inet_ntop(AF_INET, &address, text.data(), text.size()) == nullptr) continue;
    if (!std::string_view(text.data()).starts_with("127.")) found = text.data();
  }
  ::freeifaddrs(all);
  return found;
}

// A byte at a time, never silent for as long as body_timeout; true once the server has had enough.
bool is_stopped_while_dripping(RawClient& client) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < until) {
    if (!client.send("x")) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

TEST(ServerLimits, AnswersABodyThatDrips) {
  HandlerForTests handler;
  const auto server = serve(handler, {.body_timeout = 60s, .min_rate = 10'000, .rate_grace = 1s});
  RawClient client(server->address(0));
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  std::jthread dripping([&] { is_stopped_while_dripping(client); });
  const std::string reply = client.read_reply();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(reply, HasSubstr("too slowly"));
}

TEST(ServerLimits, TakesABodyThatIsSlowButFastEnough) {
  HandlerForTests handler;
  const auto server = serve(handler, {.body_timeout = 60s, .min_rate = 10, .rate_grace = 1s});
  RawClient client(server->address(0));
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 80\r\n\r\n");
  for (int i = 0; i < 80; ++i) {  // 1.6 s, at 50 bytes a second
    client.send("x");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_THAT(client.read_reply(), StartsWith("HTTP/1.1 200 "));
}

TEST(ServerLimits, CutsAClientThatTakesItsReplyTooSlowly) {
  HandlerForTests handler;
  handler.answer = [](HttpRequest, Responder responder) { responder.send({.body = std::string(64u << 20, 'x')}); };
  const auto server = serve(handler, {.body_timeout = 60s, .min_rate = 100u << 20, .rate_grace = 1s});
  RawClient client(server->address(0), 4096);
  client.send(kGet);
  // It takes some, but never as much as 100 MiB a second.
  EXPECT_TRUE(comes_true([&] {
    client.read_to("xxxxxxxxxxxxxxxx");
    return server->open_connections() == 0;
  }));
}

// A reply that the kernel's buffers hold is written at once; who takes none of it must not keep it there.
TEST(ServerLimits, ResetsAClientThatLeavesAWrittenReplyUntaken) {
  HandlerForTests handler;
  handler.answer = [](HttpRequest, Responder responder) { responder.send({.body = std::string(48u << 10, 'x')}); };
  const auto server = serve(handler, {.min_rate = 1000, .rate_grace = 1s});
  for (const std::string_view connection : {"", "Connection: close\r\n"}) {
    RawClient client(server->address(0), 2048);
    client.send("GET / HTTP/1.1\r\nHost: x\r\n" + std::string(connection) + "\r\n");
    EXPECT_TRUE(comes_true([&] { return server->open_connections() == 1; }));
    EXPECT_TRUE(comes_true([&] { return server->open_connections() == 0; })) << connection;
    // Less than all of it: the rest was thrown away with the connection.
    EXPECT_LT(client.read_to_end().size(), 40u << 10) << connection;
  }
}

TEST(ServerLimits, ServesAClientThatTakesManyRepliesLateButFastEnough) {
  HandlerForTests handler;
  handler.answer = [](HttpRequest, Responder responder) { responder.send({.body = std::string(8u << 10, 'x')}); };
  const auto server = serve(handler, {.min_rate = 10, .rate_grace = 1s});
  RawClient client(server->address(0), 2048);
  for (int i = 0; i < 10; ++i) client.send(kGet);  // 80 KiB, of which 40 wait in the kernel's buffers for 2 s
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(200ms);
    EXPECT_THAT(client.read_reply(), StartsWith("HTTP/1.1 200 ")) << i;
  }
  EXPECT_EQ(server->open_connections(), 1u);
}

// As on a long way: whenever one looks, a reply is not acknowledged yet; but each is taken soon.
TEST(ServerLimits, ServesAClientThatAlwaysHasAReplyOnTheWire) {
  HandlerForTests handler;
  handler.answer = [](HttpRequest, Responder responder) { responder.send({.body = std::string(2u << 10, 'x')}); };
  const auto server = serve(handler, {.min_rate = 1u << 20, .rate_grace = 1s});
  RawClient client(server->address(0), 2048);
  for (int i = 0; i < 6; ++i) client.send(kGet);
  for (int i = 0; i < 30; ++i) {  // 3 s, at 20 KiB a second
    std::this_thread::sleep_for(100ms);
    ASSERT_THAT(client.read_reply(), StartsWith("HTTP/1.1 200 ")) << i;
    ASSERT_TRUE(client.send(kGet)) << i;
  }
  EXPECT_EQ(server->open_connections(), 1u);
}

TEST(ServerLimits, ClosesBehindTheLastRequestThatAConnectionMayHave) {
  HandlerForTests handler;
  const auto server = serve(handler, {.max_requests_of_connection = 2});
  RawClient client(server->address(0));
  client.send(kGet);
  EXPECT_THAT(client.read_reply(), Not(HasSubstr("Connection: close")));
  client.send(kGet);
  EXPECT_THAT(client.read_reply(), HasSubstr("Connection: close"));
  EXPECT_TRUE(client.is_closed());
}

TEST(ServerLimits, ClosesConnectionsOfAHostThatHasEnough) {
  const std::string host = outer_address();
  if (host.empty()) GTEST_SKIP() << "this machine has no address but loopback";
  HandlerForTests handler;
  const auto server = serve(handler, {.listeners = {{.address = "0.0.0.0:0"}}, .max_connections_of_host = 2});
  const std::string port = server->address(0).substr(server->address(0).rfind(':'));
  RawClient first(host + port), second(host + port);
  first.send(kGet);
  second.send(kGet);
  EXPECT_THAT(first.read_reply(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(second.read_reply(), StartsWith("HTTP/1.1 200 "));
  RawClient third(host + port);
  EXPECT_TRUE(third.is_closed());
  first.close();
  EXPECT_TRUE(comes_true([&] { return server->open_connections() == 1; }));
  RawClient fourth(host + port);
  fourth.send(kGet);
  EXPECT_THAT(fourth.read_reply(), StartsWith("HTTP/1.1 200 "));
}

TEST(ServerLimits, LeavesLoopbackItsConnections) {
  HandlerForTests handler;
  const auto server = serve(handler, {.max_connections_of_host = 1});
  RawClient first(server->address(0)), second(server->address(0));
  first.send(kGet);
  second.send(kGet);
  EXPECT_THAT(first.read_reply(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(second.read_reply(), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace scoria::net
