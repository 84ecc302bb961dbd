// Whose request it is on the wire: the client's address and whether it came safely, also where a proxy stands in between.
// Only of a trusted proxy are X-Forwarded-For and X-Forwarded-Proto believed. Threads: plain values.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace scoria::access {

// "10.0.0.0/8", "192.168.1.7", "fd00::/8"
class AddressRange {
 public:
  // Errors: invalid.
  static Result<AddressRange> parse(std::string_view text);
  bool holds(std::string_view address) const;

 private:
  std::array<unsigned char, 16> bytes_{};  // an IPv4 address as IPv6 maps it
  int bits_ = 128;
};

struct ProxyRules {
  bool is_behind_proxy = false;
  std::vector<AddressRange> trusted;  // beside loopback

  // `trusted`: addresses and ranges as texts. Errors: invalid.
  static Result<ProxyRules> parse(bool is_behind_proxy, const std::vector<std::string>& trusted);
};

// Without port; the last of X-Forwarded-For that is no trusted proxy's. Of IPv6 its first 64 bits, which are a customer's.
std::string client_address(const net::HttpRequest& request, const ProxyRules& rules);

// By TLS, from this machine itself, or by TLS to a trusted proxy: what passwords may travel by.
bool is_safe(const net::HttpRequest& request, const ProxyRules& rules);

// Whether the client sees a URL of https: by TLS, or by TLS to a trusted proxy.
bool is_https(const net::HttpRequest& request, const ProxyRules& rules);

// From this machine itself, not from beyond a proxy on it: one that says so, told of or not.
bool is_local(const net::HttpRequest& request);

}  // namespace scoria::access
