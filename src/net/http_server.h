// An HTTP/1.1 server on plain and TLS sockets: keep-alive, pipelining in order, chunked bodies both ways, Expect: 100-continue,
// limits on everything before it is stored.
//
//   SCORIA_TRY(server, net::HttpServer::start({.listeners = {{.address = "127.0.0.1:10100"}}}, handler));
//   server->address(0);        // "127.0.0.1:10100", the real port where 0 was asked for
//   server->drain(seconds(10)) // no new connection; requests in flight get their replies; then stopped
//
// Source: RFC 9110, RFC 9112. Request smuggling: a request with both Content-Length and Transfer-Encoding, several different
// Content-Lengths, a bare CR or LF in a header, or an obsolete line folding is 400 and closes the connection.
// Threads: serves on its own threads until destroyed. Borrows: the handler.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace scoria::net {

struct TlsFiles {
  std::string certificate_chain;  // PEM files
  std::string private_key;
};

struct Listener {
  std::string address;          // "127.0.0.1:10100", "[::1]:443", "0.0.0.0:0"
  std::optional<TlsFiles> tls;  // TLS 1.2 and 1.3
};

// Errors: invalid: it is not HOST:PORT, or no address of that name is known.
Status check_listener(const std::string& address);

struct HttpServerConfig {
  std::vector<Listener> listeners;
  int threads = 4;                        // 1 to 64; handlers' disk work runs on them
  std::uint32_t max_head = 32u << 10;     // bytes of request line and headers: 431 beyond
  std::uint32_t max_fields = 0;           // headers: 431 beyond; 0: any number
  std::uint32_t max_connections = 4096;   // more wait in the listen queue
  std::chrono::seconds head_timeout{15};  // from a request's first byte to its last header
  std::chrono::seconds idle_timeout{75};  // between requests
  std::chrono::seconds body_timeout{60};  // without a byte of a body, or without a byte taken by the client
  // Bytes a second that a client must send of a body, and take of what was written to it, on the whole, once `rate_grace` has passed: 408, or
  // a reset. Taken is what its side has acknowledged. 0: silence alone counts, as clients need who send what comes into being only now.
  std::uint32_t min_rate = 0;
  std::chrono::seconds rate_grace{10};
  std::uint32_t max_connections_of_host = 0;     // of one address, but loopback; more are closed at once; 0: any number
  std::uint32_t max_requests_of_connection = 0;  // the last one's reply says "Connection: close"; 0: any number
};

class HttpServer {
 public:
  // Errors: invalid (an address), conflict (the port is in use: names it), denied (a privileged port), not_found, corrupt (TLS files).
  static Result<std::unique_ptr<HttpServer>> start(HttpServerConfig config, HttpHandler& handler);
  ~HttpServer();

  std::string address(std::size_t listener) const;
  // Reads the TLS files of every listener again; connections keep what they have. Errors: as start(); then the old ones stay.
  Status reload_tls();
  // Stops accepting, answers what is in flight with "Connection: close", waits up to `patience`, then closes the rest. Idle connections are closed once
  // `linger` has passed: a request may be on its way on one, and gets its answer until then.
  void drain(std::chrono::milliseconds patience, std::chrono::milliseconds linger = {});
  std::uint64_t open_connections() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace scoria::net
