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

// `text`, which may be a URI or hold some, with "***" for passwords ("s3://key:secret@bucket") and for those parameters that are secrets by their name
// ("?sig=..."): for messages and provenance.
std::string without_secrets(std::string_view text);

}  // namespace scoria::arrowio
