#include "net/peer.h"

#include <gtest/gtest.h>

namespace scoria::net {
namespace {

TEST(Loopback, IsThisMachinesOwnAddressesAndNoOther) {
  for (const char* address : {"127.0.0.1:80", "127.1.2.3:0", "localhost:8080", "[::1]:443"})
    EXPECT_TRUE(is_loopback_address(address)) << address;
  for (const char* address :
       {"0.0.0.0:80", "[::]:80", "10.0.0.1:80", "128.0.0.1:80", "127.example.com:80", "127.0.0.1.nip.io:80",
        "localhost.example.com:80", "[::1].example.com:80", "[::2]:80", ":80", ""})
    EXPECT_FALSE(is_loopback_address(address)) << address;
  EXPECT_TRUE(is_loopback_host("::1"));
  EXPECT_FALSE(is_loopback_host("127.0.0.1:80"));
}

}  // namespace
}  // namespace scoria::net
