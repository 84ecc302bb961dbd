// HTTP messages as handlers and clients see them, and what a server asks of its handler.
// Source: RFC 9110, RFC 9112. Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace scoria::net {

using Headers = std::vector<std::pair<std::string, std::string>>;  // in the order and spelling of the wire

// Compared without case, as header names and most of their values are.
bool is_same_name(std::string_view left, std::string_view right);

// The first value under `name`, compared without case.
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name);

// Takes a request's body as it arrives. Destroyed unfinished when the connection breaks or the body is too large.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // An error ends the request: the handler's handle() gets it in HttpRequest::body_error and may still answer.
  virtual Status write(std::span<const std::byte> bytes) = 0;
};

struct HttpRequest {
  std::string method;  // upper-case, as sent
  std::string target;  // path and query exactly as on the wire (signatures cover it)
  Headers headers;
  std::string body;                // empty where a sink took it
  std::unique_ptr<BodySink> sink;  // the one of plan_body(), all bytes written
  std::optional<Error> body_error;
  std::string peer;  // "127.0.0.1:40312"
  bool is_tls = false;
  bool peer_is_loopback = false;

  std::optional<std::string_view> header(std::string_view name) const { return find_header(headers, name); }
  std::string_view host() const { return header("Host").value_or(""); }
};

// Bytes of a file, sent without copying them through the program.
struct FilePart {
  std::shared_ptr<const int> descriptor;  // closed with its last owner
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// A body that is produced piece by piece (a growing log, a remote node's file): called on a thread of its own choosing, no more
// often than the client reads. Content-Length where `length` is known, else chunked.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next bytes; empty at the end. May block briefly. Errors: the connection is cut, so that the client sees it is not whole.
  virtual Result<std::string> next() = 0;
  virtual std::optional<std::uint64_t> length() const { return std::nullopt; }
};

struct HttpReply {
  int status = 200;
  Headers headers;   // without Content-Length, Date, Connection: the server adds them
  std::string body;  // or:
  std::optional<FilePart> file;
  std::unique_ptr<BodySource> source;
  // Of a HEAD request: the Content-Length of what GET would send. Nothing is sent behind the headers.
  std::optional<std::uint64_t> head_length;
};

// Who is sent a reply.
class ReplyTaker {
 public:
  virtual ~ReplyTaker() = default;
  virtual void take(HttpReply&& reply) = 0;
};

// One reply to one request; send() once, from any thread, now or later (long polls). Dropped unsent, it answers 500.
class Responder {
 public:
  explicit Responder(std::shared_ptr<ReplyTaker> to) : to_(std::move(to)) {}
  explicit Responder(std::function<void(HttpReply)> send);
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept {
    drop();
    to_ = std::move(other.to_);
    return *this;
  }
  ~Responder() { drop(); }
  void send(HttpReply&& reply) {
    if (const auto to = std::move(to_)) to->take(std::move(reply));
  }

 private:
  void drop() {
    if (to_ != nullptr) send({.status = 500});
  }
  std::shared_ptr<ReplyTaker> to_;
};

// Where a request's body goes, decided when its headers are read.
struct BodyPlan {
  std::uint64_t max_bytes = 4u << 20;  // more is answered 413 (and the connection closed)
  std::unique_ptr<BodySink> sink;      // else HttpRequest::body
  // Refuse before the body is read (a wrong signature, no room): this is the reply. The body of a client that waits for
  // "100 Continue" is never sent; another's is read and dropped up to 1 MiB, then the connection is closed.
  std::optional<HttpReply> refuse;
};

// What a server serves. Threads: all functions are called from several threads at once and must not block for long.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual BodyPlan plan_body(const HttpRequest& head) = 0;
  virtual void handle(HttpRequest request, Responder responder) = 0;
  // A request that never came to be (bad request line, headers too large, 408, 413): what to say, in the service's own form.
  virtual HttpReply explain(int status, std::string_view why) = 0;
};

}  // namespace scoria::net
