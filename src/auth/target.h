// A request's target in its parts: the path as it was on the wire, the parameters of the query decoded.
// Source: RFC 9112 section 3.2. Threads: free functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scoria::auth {

struct Target {
  std::string path;                                        // still percent-encoded; "/" where there was none
  std::vector<std::pair<std::string, std::string>> query;  // in the order of the wire; '+' is a plus sign

  // The first value of the parameter, names compared without case.
  std::optional<std::string_view> parameter(std::string_view name) const;
};

// Origin form ("/a?b=c") or absolute form ("http://host/a?b=c"), the latter's scheme and authority dropped.
Target split_target(std::string_view target);

// A percent sign without two hexadecimal digits stays as it is.
std::string percent_decode(std::string_view text);

std::string lower_case(std::string_view text);  // ASCII letters

}  // namespace scoria::auth
