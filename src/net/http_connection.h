// A client's connection to one server, for any method, with bodies from and to memory or files; kept open between requests.
//
//   net::HttpConnection server({.url = "https://host:10101", .ca_file = "ca.pem"});
//   SCORIA_TRY(reply, server.request({.method = "POST", .target = "/jobs?api-version=...", .headers = {...}, .body = text}));
//
// A request on a kept connection that the server had closed is sent once more on a new one; nothing else is retried: callers know
// what may be repeated. Certificates are verified by the system's authorities, or by `ca_file` alone.
// Threads: one request at a time, except cancel(), which may come from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http.h"

namespace scoria::net {

struct ClientConfig {
  std::string url;      // scheme, host, port; a path is put before each target
  std::string ca_file;  // PEM; empty: the system's authorities and SSL_CERT_FILE
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{60'000};  // without a byte from the other side
  std::uint64_t max_body = 64ull << 20;            // of a reply kept in memory
  // Connects to this host and port instead of the URL's, which stay in the Host header and the certificate check.
  std::string connect_to = {};
};

struct ClientRequest {
  std::string method = "GET";
  std::string target;  // path and query as on the wire
  Headers headers;     // Host, Content-Length and User-Agent are added where they are missing
  std::string body;
  std::optional<FilePart> file;          // the body, instead of `body`
  BodySink* reply_sink = nullptr;        // takes the body of a 2xx reply, instead of ClientReply::body
  std::chrono::milliseconds timeout{0};  // of the whole exchange; 0: none beyond idle_timeout
};

struct ClientReply {
  int status = 0;
  Headers headers;
  std::string body;
  std::optional<std::string_view> header(std::string_view name) const { return find_header(headers, name); }
};

class HttpConnection {
 public:
  explicit HttpConnection(ClientConfig config);
  ~HttpConnection();
  HttpConnection(HttpConnection&&) noexcept;

  // Whatever the server answered, 4xx and 5xx too. Errors: invalid (the URL), denied (the certificate), deadline, too_large,
  // corrupt (no HTTP), unavailable (no connection, or it broke); messages name scheme, host and path, never the query.
  Result<ClientReply> request(const ClientRequest& request);
  // Ends the request in progress, which returns unavailable; later requests work. Where none is in progress it is the next one, so
  // that "stop = true; cancel()" cannot slip between another thread's look at `stop` and its request.
  void cancel();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace scoria::net
