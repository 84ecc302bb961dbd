// Who is at the other end of a connected socket. Source: getpeername(2), getnameinfo(3). Threads: a free function.
#pragma once

#include <string>

namespace scoria::net {

struct Peer {
  std::string host, shown;  // "::1", "[::1]:40312"; an IPv4 address in IPv6's form is the IPv4 one
  bool is_loopback = false;
};

// Empty of one that has left already: the first read finds that out.
Peer peer_of(int descriptor);

}  // namespace scoria::net
