// http and https URLs: their parts, and what may stand in them.
// Source: RFC 3986, RFC 9110 section 4.2. Threads: free functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::net {

struct Url {
  bool is_tls = false;
  std::string user_info;  // "name:password", percent-decoded; mostly empty
  std::string host;       // a name, an IPv4 address, or an IPv6 address without brackets
  std::string port;       // "443", "80" where the text has none
  std::string target;     // path and query as they were written, "/" where there is none; no fragment

  // As in the Host header: the port only where it is not the scheme's own.
  std::string authority() const;
  // Scheme, authority and path: without what may be secret, for messages.
  std::string shown() const;
};

bool is_http_url(std::string_view text);

// Errors: invalid, saying what is wrong: the scheme, an empty host, a port that is none, a byte that URLs do not hold.
Result<Url> parse_url(std::string_view text);

// `text` with every byte but letters, digits and - . _ ~ percent-encoded: one segment of a path, one value of a query.
std::string percent_encode(std::string_view text);

// Where a Location header sends a client that asked for `from`. Errors: as parse_url(); denied, where https leads to http.
Result<Url> resolve(const Url& from, std::string_view location);

}  // namespace scoria::net
