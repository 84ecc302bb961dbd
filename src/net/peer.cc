#include "net/peer.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string_view>

namespace scoria::net {

Peer peer_of(int descriptor) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&from), &size) != 0) return {};
  if (from.ss_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &from, sizeof six);
    if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
      sockaddr_in four{};
      four.sin_family = AF_INET;
      four.sin_port = six.sin6_port;
      std::memcpy(&four.sin_addr, &six.sin6_addr.s6_addr[12], sizeof four.sin_addr);
      std::memcpy(&from, &four, sizeof four);
      size = sizeof four;
    }
  }
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&from), size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  const bool is_v6 = from.ss_family == AF_INET6;
  const std::string_view name = host;
  return {.host = host,
          .shown = (is_v6 ? "[" + std::string(name) + "]" : std::string(name)) + ":" + port,
          .is_loopback = is_loopback_host(name)};
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  in_addr address{};
  // As four numbers: "127.example.com" is a name, and anybody's.
  return ::inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

bool is_loopback_address(std::string_view address) { return is_loopback_host(address.substr(0, address.rfind(':'))); }

}  // namespace scoria::net
