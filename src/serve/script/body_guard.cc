#include "serve/script/body_guard.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "net/http.h"

namespace scoria::serve::script {
namespace {

// One past the closing quote of the text that begins at `at`; the end where it is not closed.
std::size_t skip_text(std::string_view body, std::size_t at) {
  for (++at; at < body.size(); ++at) {
    if (body[at] == '\\') {
      ++at;
    } else if (body[at] == '"') {
      return at + 1;
    }
  }
  return body.size();
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool is_name(std::string_view body, std::size_t behind) {
  while (behind < body.size() && is_space(body[behind])) ++behind;
  return behind < body.size() && body[behind] == ':';
}

bool is_json_type(std::string_view type) {
  return net::is_same_name(type, "application/json") || net::is_same_name(type, "text/json") ||
         (type.size() > 5 && net::is_same_name(type.substr(type.size() - 5), "+json"));
}

}  // namespace

std::optional<Problem> guard_json(std::string_view body, const GuardLimits& limits) {
  const auto too_many = [&](const char* what) {
    return one_mistake(413, "too_many_columns",
                       std::string(what) + " more than " + std::to_string(limits.names) + " names");
  };
  std::vector<std::size_t> counts;  // of names, of each object or array that is open
  std::unordered_set<std::size_t> seen;
  for (std::size_t at = 0; at < body.size();) {
    switch (body[at]) {
      case '{':
      case '[':
        if (counts.size() >= limits.depth)
          return one_mistake(400, "bad_json",
                             "the body is nested deeper than " + std::to_string(limits.depth) + " levels");
        counts.push_back(0);
        ++at;
        break;
      case '}':
      case ']':
        if (!counts.empty()) counts.pop_back();
        ++at;
        break;
      case '"': {
        const std::size_t end = skip_text(body, at);
        if (is_name(body, end)) {
          if (!counts.empty() && ++counts.back() > limits.names) return too_many("an object has");
          seen.insert(std::hash<std::string_view>()(body.substr(at, end - at)));
          if (seen.size() > limits.names) return too_many("the body's objects have");
        }
        at = end;
        break;
      }
      default: ++at;
    }
  }
  return std::nullopt;
}

std::optional<Problem> guard_form(std::string_view text, const GuardLimits& limits) {
  if (static_cast<std::size_t>(std::count(text.begin(), text.end(), '&')) < limits.names) return std::nullopt;
  return one_mistake(413, "too_many_columns", "there are more than " + std::to_string(limits.names) + " fields");
}

std::optional<Problem> guard_body(std::string_view media_type, std::string_view body, const GuardLimits& limits) {
  const auto first = std::find_if_not(body.begin(), body.end(), is_space);
  const bool looks_like_json = first != body.end() && (*first == '{' || *first == '[');
  if (is_json_type(media_type) || looks_like_json) return guard_json(body, limits);
  if (media_type.empty() || net::is_same_name(media_type, "application/x-www-form-urlencoded"))
    return guard_form(body, limits);
  return std::nullopt;
}

}  // namespace scoria::serve::script
