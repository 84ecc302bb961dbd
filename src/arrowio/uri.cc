#include "arrowio/uri.h"

#include <algorithm>
#include <cctype>

namespace scoria::arrowio {
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// "sig" of Azure's shared access signatures, "client_secret", "X-Amz-Security-Token", "account_key" and their like.
bool names_a_secret(std::string_view parameter) {
  std::string name(parameter);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name == "sig" || has(name, "signature") || has(name, "secret") || has(name, "token") ||
         has(name, "password") || has(name, "key");
}

// "?a=1&sig=x" with "***" for secret values.
std::string shown_query(std::string_view query) {
  std::string shown;
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&', 1));  // with the ? or & before it
    const std::size_t equals = parameter.find('=');
    if (equals != std::string_view::npos && names_a_secret(parameter.substr(1, equals - 1))) {
      shown += parameter.substr(0, equals + 1);
      shown += "***";
    } else {
      shown += parameter;
    }
    query.remove_prefix(parameter.size());
  }
  return shown;
}

}  // namespace

std::string without_secrets(std::string_view text) {
  std::string shown;
  for (std::size_t scheme = text.find("://"); scheme != std::string_view::npos; scheme = text.find("://")) {
    const std::size_t begin = scheme + 3;
    // A secret may hold slashes, percent-encoded or not; it ends before the last @ of its word.
    const std::size_t end = text.find_first_of(" '\"?,", begin);
    const std::string_view word = text.substr(begin, end == std::string_view::npos ? end : end - begin);
    const std::size_t at = word.rfind('@');
    const std::size_t colon = word.find(':');
    shown += text.substr(0, begin);
    if (at != std::string_view::npos && colon < at) {
      shown += word.substr(0, colon + 1);
      shown += "***";
      shown += word.substr(at);
    } else {
      shown += word;
    }
    text.remove_prefix(begin + word.size());
    if (!text.empty() && text.front() == '?') {
      const std::string_view query = text.substr(0, text.find_first_of(" '\"\n"));
      shown += shown_query(query);
      text.remove_prefix(query.size());
    }
  }
  return shown += text;
}

}  // namespace scoria::arrowio
