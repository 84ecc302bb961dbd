// Gets files over HTTP and HTTPS.
//
//   net::HttpClient client;
//   SCORIA_TRY(body, client.get("https://host/models/model_1_5?sig=..."));
//
// Source: RFC 9110, RFC 9112. Certificates are verified by the system's authorities, and those of the file that the environment's
// SSL_CERT_FILE names. Connections are kept open for the next request of the same host.
// Threads: get() may be called from several threads; each call has a connection of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::net {

struct HttpLimits {
  std::uint64_t max_body = 4ull << 30;  // bytes
  std::uint32_t max_head = 64u << 10;   // bytes of a reply's status line and headers
  int max_redirects = 5;
  int tries = 4;  // of a request whose failure may pass: no connection, 429, 5xx
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{30'000};  // without a byte from the other side
  std::chrono::milliseconds first_wait{200};       // before the second try; doubles from try to try
};

class HttpClient {
 public:
  explicit HttpClient(HttpLimits limits = {});
  ~HttpClient();

  // The body of a reply with status 200. Messages name scheme, host and path: never a query, which may hold a secret.
  // Errors: invalid (the URL); not_found (404, 410); denied (401, 403, a certificate that is not trusted, a way from https to http);
  // too_large; corrupt (what is no HTTP, a body that ends early); deadline; unavailable (anything else, after the last try).
  Result<std::string> get(std::string_view url);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace scoria::net
