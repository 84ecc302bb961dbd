#include "net/url.h"

#include <algorithm>
#include <optional>

namespace scoria::net {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";

bool starts_as(std::string_view text, std::string_view scheme) {
  if (text.size() < scheme.size()) return false;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != scheme[i]) return false;
  }
  return true;
}

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// A percent sign without two digits stays as it is.
std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = i + 2 < text.size() && text[i] == '%' ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
    if (!low) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

Error wrong(std::string_view what) { return Error{Code::invalid, "the URL " + std::string(what)}; }

Status split_authority(std::string_view authority, Url& url) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = percent_decode(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return wrong("has a '[' without ']'");
    url.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
    has_port = authority.starts_with(':');
    if (!has_port && !authority.empty()) return wrong("has something else than a port behind its ']'");
    if (has_port) port = authority.substr(1);
  } else {
    const std::size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    url.host = authority.substr(0, colon);
    if (has_port) port = authority.substr(colon + 1);
  }
  const bool is_host = std::all_of(url.host.begin(), url.host.end(), [](char c) {
    return is_alnum(c) || std::string_view("-._~:%").find(c) != std::string_view::npos;
  });
  if (url.host.empty() || !is_host) return wrong("has no host between '://' and the path");
  url.port = url.is_tls ? "443" : "80";
  if (!has_port || port.empty()) return Ok{};
  const bool is_port =
      port.size() <= 5 && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_port || std::stoi(std::string(port)) < 1 || std::stoi(std::string(port)) > 65535) {
    return wrong("has the port '" + std::string(port) + "', which must be 1 to 65535");
  }
  url.port = std::to_string(std::stoi(std::string(port)));
  return Ok{};
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (is_tls ? "443" : "80") ? name : name + ":" + port;
}

std::string Url::shown() const {
  return std::string(is_tls ? kHttps : kHttp) + authority() + target.substr(0, target.find('?'));
}

bool is_http_url(std::string_view text) { return starts_as(text, kHttp) || starts_as(text, kHttps); }

Result<Url> parse_url(std::string_view text) {
  Url url;
  if (starts_as(text, kHttps)) {
    url.is_tls = true;
    text.remove_prefix(kHttps.size());
  } else if (starts_as(text, kHttp)) {
    text.remove_prefix(kHttp.size());
  } else {
    return wrong("must begin with http:// or https://");
  }
  const bool is_clean =
      std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7F; });
  if (!is_clean) return wrong("holds a space or a control character, which must be percent-encoded");
  text = text.substr(0, text.find('#'));
  const std::size_t end = text.find_first_of("/?");
  SCORIA_TRY_STATUS(split_authority(text.substr(0, end), url));
  if (end != std::string_view::npos) url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target = "/" + url.target;
  return url;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return encoded;
}

Result<Url> resolve(const Url& from, std::string_view location) {
  if (is_http_url(location)) {
    SCORIA_TRY(to, parse_url(location));
    if (from.is_tls && !to.is_tls) {
      return Error{Code::denied, from.shown() + " leads to " + to.shown() + ", which is not encrypted"};
    }
    return to;
  }
  if (location.starts_with("//")) return resolve(from, (from.is_tls ? "https:" : "http:") + std::string(location));
  std::string path(location);
  if (!location.starts_with('/')) {
    const std::string base = from.target.substr(0, from.target.find('?'));
    path = base.substr(0, base.rfind('/') + 1) + path;
  }
  SCORIA_TRY(to, parse_url(std::string(from.is_tls ? kHttps : kHttp) + from.authority() + path));
  to.user_info = from.user_info;
  return to;
}

}  // namespace scoria::net
