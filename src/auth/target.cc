#include "auth/target.h"

#include <algorithm>

namespace scoria::auth {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_decode(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  const std::string wanted = lower_case(name);
  for (const auto& [key, value] : query) {
    if (lower_case(key) == wanted) return value;
  }
  return std::nullopt;
}

Target split_target(std::string_view target) {
  if (!target.starts_with('/')) {
    const std::size_t scheme = target.find("://");
    if (scheme != std::string_view::npos && scheme < target.find('/')) {
      const std::size_t path = target.find_first_of("/?", scheme + 3);
      target = path == std::string_view::npos ? std::string_view{} : target.substr(path);
    }
  }
  Target parts;
  const std::size_t mark = target.find('?');
  parts.path = target.substr(0, mark);
  if (parts.path.empty()) parts.path = "/";
  if (mark == std::string_view::npos) return parts;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    parts.query.emplace_back(percent_decode(pair.substr(0, equals)),
                             equals == std::string_view::npos ? "" : percent_decode(pair.substr(equals + 1)));
  }
  return parts;
}

}  // namespace scoria::auth
