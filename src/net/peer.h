// Who is at the other end of a connected socket; and which addresses are this machine's own.
// Source: getpeername(2), getnameinfo(3), RFC 6890. Threads: free functions.
#pragma once

#include <string>
#include <string_view>

namespace scoria::net {

struct Peer {
  std::string host, shown;  // "::1", "[::1]:40312"; an IPv4 address in IPv6's form is the IPv4 one
  bool is_loopback = false;
};

// Empty of one that has left already: the first read finds that out.
Peer peer_of(int descriptor);

// "127.0.0.1", any other of 127.0.0.0/8, "::1", "[::1]", "localhost". Of a listener: only this machine's own users reach it.
bool is_loopback_host(std::string_view host);
// The same of "HOST:PORT".
bool is_loopback_address(std::string_view address);

}  // namespace scoria::net
