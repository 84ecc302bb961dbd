#include "access/peer.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace scoria::access {
namespace {

using AddressBytes = std::array<unsigned char, 16>;

constexpr std::size_t kMostForwarded = 1024;

std::optional<AddressBytes> address_bytes(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const std::string whole(text);
  AddressBytes bytes{};
  if (::inet_pton(AF_INET6, whole.c_str(), bytes.data()) == 1) return bytes;
  bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (::inet_pton(AF_INET, whole.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

bool is_mapped_ipv4(const AddressBytes& bytes) {
  constexpr AddressBytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(bytes.data(), kMapped.data(), 12) == 0;
}

std::string address_text(AddressBytes bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_mapped_ipv4(bytes)) {
    ::inet_ntop(AF_INET, bytes.data() + 12, text.data(), text.size());
    return text.data();
  }
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

std::string_view without_port(std::string_view peer) { return peer.substr(0, peer.rfind(':')); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_trusted(std::string_view address, const ProxyRules& rules) {
  return std::ranges::any_of(rules.trusted, [&](const AddressRange& range) { return range.holds(address); });
}

bool is_from_proxy(const net::HttpRequest& request, const ProxyRules& rules) {
  if (!rules.is_behind_proxy) return false;
  return request.peer_is_loopback || is_trusted(without_port(request.peer), rules);
}

bool has_forwarding_header(const net::HttpRequest& request) {
  return request.header("X-Forwarded-For") || request.header("X-Forwarded-Proto") || request.header("Forwarded");
}

}  // namespace

Result<ProxyRules> ProxyRules::parse(bool is_behind_proxy, const std::vector<std::string>& trusted) {
  ProxyRules rules{.is_behind_proxy = is_behind_proxy, .trusted = {}};
  for (const std::string& text : trusted) {
    SCORIA_TRY(range, AddressRange::parse(text));
    rules.trusted.push_back(range);
  }
  return rules;
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
  AddressRange range;
  const auto slash = text.find('/');
  const auto bytes = address_bytes(text.substr(0, slash));
  const auto wrong = [&] {
    return Error{Code::invalid,
                 "'" + std::string(text.substr(0, 100)) + "' must be an address or a range, as 10.0.0.7 or 10.0.0.0/8"};
  };
  if (!bytes) return wrong();
  range.bytes_ = *bytes;
  if (slash == std::string_view::npos) return range;
  const std::string_view number = text.substr(slash + 1);
  int bits = -1;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), bits);
  const int most = is_mapped_ipv4(*bytes) ? 32 : 128;
  if (read.ec != std::errc{} || read.ptr != number.data() + number.size() || bits < 0 || bits > most) return wrong();
  range.bits_ = bits + 128 - most;
  return range;
}

bool AddressRange::holds(std::string_view address) const {
  const auto bytes = address_bytes(address);
  if (!bytes) return false;
  const auto whole = static_cast<std::size_t>(bits_ / 8);
  if (std::memcmp(bytes->data(), bytes_.data(), whole) != 0) return false;
  const int rest = bits_ % 8;
  return rest == 0 || ((*bytes)[whole] >> (8 - rest)) == (bytes_[whole] >> (8 - rest));
}

std::string client_address(const net::HttpRequest& request, const ProxyRules& rules) {
  std::string_view address = without_port(request.peer);
  if (is_from_proxy(request, rules)) {
    // From its end: what stands before the last proxy's own entry anybody may have written.
    std::string_view list = request.header("X-Forwarded-For").value_or("");
    if (list.size() > kMostForwarded) list.remove_prefix(list.size() - kMostForwarded);
    while (!list.empty()) {
      const auto comma = list.rfind(',');
      const std::string_view last = trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
      if (!address_bytes(last)) break;
      address = last;
      if (!is_trusted(last, rules) || comma == std::string_view::npos) break;
      list = list.substr(0, comma);
    }
  }
  const auto bytes = address_bytes(address);
  return bytes ? address_text(*bytes) : std::string(address);
}

bool is_https(const net::HttpRequest& request, const ProxyRules& rules) {
  return request.is_tls ||
         (is_from_proxy(request, rules) && request.header("X-Forwarded-Proto").value_or("") == "https");
}

bool is_local(const net::HttpRequest& request) { return request.peer_is_loopback && !has_forwarding_header(request); }

bool is_safe(const net::HttpRequest& request, const ProxyRules& rules) {
  if (is_https(request, rules)) return true;
  return request.peer_is_loopback && !(is_from_proxy(request, rules) && has_forwarding_header(request));
}

}  // namespace scoria::access
