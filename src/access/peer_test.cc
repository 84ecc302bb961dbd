#include "access/peer.h"

#include <gtest/gtest.h>

namespace scoria::access {
namespace {

net::HttpRequest from(const std::string& peer, net::Headers headers = {}) {
  net::HttpRequest request;
  request.peer = peer;
  request.peer_is_loopback = peer.starts_with("127.");
  request.headers = std::move(headers);
  return request;
}

const ProxyRules kNoProxy;
const ProxyRules kProxy{.is_behind_proxy = true, .trusted = {AddressRange::parse("10.0.0.0/8").value()}};

TEST(Peer, IsTheConnectionsUnlessATrustedProxyNamesAnother) {
  EXPECT_EQ(client_address(from("192.0.2.1:99", {{"X-Forwarded-For", "198.51.100.7"}}), kNoProxy), "192.0.2.1");
  EXPECT_EQ(client_address(from("192.0.2.1:99", {{"X-Forwarded-For", "198.51.100.7"}}), kProxy), "192.0.2.1");
  EXPECT_EQ(client_address(from("10.1.2.3:99", {{"X-Forwarded-For", "198.51.100.7"}}), kProxy), "198.51.100.7");
  EXPECT_EQ(client_address(from("127.0.0.1:99", {{"X-Forwarded-For", "198.51.100.7"}}), kProxy), "198.51.100.7");
}

TEST(Peer, IsTheLastThatIsNoProxy) {
  EXPECT_EQ(client_address(from("10.1.2.3:99", {{"X-Forwarded-For", "1.1.1.1, 198.51.100.7, 10.9.9.9"}}), kProxy),
            "198.51.100.7");
  EXPECT_EQ(client_address(from("10.1.2.3:99", {{"X-Forwarded-For", "1.1.1.1, nonsense"}}), kProxy), "10.1.2.3");
}

TEST(Peer, OfIpv6IsItsCustomersNetwork) {
  EXPECT_EQ(client_address(from("[2001:db8:1:2:3:4:5:6]:99"), kNoProxy), "2001:db8:1:2::");
}

TEST(Peer, IsSafeByTlsItsOwnOrATrustedProxys) {
  EXPECT_TRUE(is_safe(from("127.0.0.1:99"), kNoProxy));
  EXPECT_FALSE(is_safe(from("192.0.2.1:99", {{"X-Forwarded-Proto", "https"}}), kProxy));
  EXPECT_TRUE(is_safe(from("10.1.2.3:99", {{"X-Forwarded-Proto", "https"}}), kProxy));
  EXPECT_FALSE(is_safe(from("10.1.2.3:99", {{"X-Forwarded-Proto", "http"}}), kProxy));
  EXPECT_FALSE(is_safe(from("127.0.0.1:99", {{"X-Forwarded-For", "192.0.2.1"}}), kProxy)) << "a proxy here without TLS";
}

TEST(Peer, IsLocalOnlyWithoutAProxyInBetween) {
  EXPECT_TRUE(is_local(from("127.0.0.1:99")));
  EXPECT_FALSE(is_local(from("192.0.2.1:99")));
  for (const char* header : {"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"})
    EXPECT_FALSE(is_local(from("127.0.0.1:99", {{header, "for=192.0.2.1"}}))) << header;
}

TEST(Peer, IsOfHttpsByTheWordOfATrustedProxyAlone) {
  EXPECT_TRUE(is_https(from("10.1.2.3:99", {{"X-Forwarded-Proto", "https"}}), kProxy));
  EXPECT_FALSE(is_https(from("10.1.2.3:99", {{"X-Forwarded-Proto", "https"}}), kNoProxy));
  EXPECT_FALSE(is_https(from("192.0.2.1:99", {{"X-Forwarded-Proto", "https"}}), kProxy));
  EXPECT_FALSE(is_https(from("127.0.0.1:99"), kProxy));
}

TEST(Peer, RulesOfProxiesAreReadOrRefusedWhole) {
  EXPECT_EQ(ProxyRules::parse(true, {"10.0.0.0/8", "fd00::1"}).value().trusted.size(), 2u);
  EXPECT_EQ(ProxyRules::parse(true, {"10.0.0.0/8", "proxy.example.com"}).error().code, Code::invalid);
}

TEST(Peer, RangesAreReadStrictly) {
  for (const char* wrong : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0", "::/129", "host"})
    EXPECT_FALSE(AddressRange::parse(wrong).ok()) << wrong;
  EXPECT_TRUE(AddressRange::parse("192.168.0.0/23").value().holds("192.168.1.255"));
  EXPECT_FALSE(AddressRange::parse("192.168.0.0/23").value().holds("192.168.2.0"));
}

}  // namespace
}  // namespace scoria::access
