// Paths that are URIs of object stores: "s3://bucket/rows.parquet".
// Threads: free functions.
#pragma once

#include <string>
#include <string_view>

namespace scoria::arrowio {

// "scheme://...", a letter and then letters, digits, plus, point or minus before the colon; anything else is the path of a file.
inline bool is_uri(std::string_view path) {
  const std::size_t colon = path.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  for (const char c : path.substr(0, colon)) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_letter && !(c >= '0' && c <= '9') && c != '+' && c != '.' && c != '-') return false;
  }
  return true;
}

// Without "?region=...": what names the object, and whose ending says its format.
inline std::string_view without_query(std::string_view path) {
  return is_uri(path) ? path.substr(0, path.find('?')) : path;
}

// `text`, which may be a URI or hold some, with "***" for passwords ("s3://key:secret@bucket"): for messages and provenance.
inline std::string without_secrets(std::string_view text) {
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
  }
  return shown += text;
}

}  // namespace scoria::arrowio
