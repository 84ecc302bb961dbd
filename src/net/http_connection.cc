#include "net/http_connection.h"

#include <array>
#include <optional>
#include <utility>

#include "net/client_socket.h"
#include "net/reply_reader.h"
#include "net/url.h"

namespace scoria::net {
namespace {

constexpr std::uint32_t kMaxHead = 64u << 10;

// A request line or a header that would be read as something else than was meant.
Status check_request(const ClientRequest& request) {
  const auto is_token = [](std::string_view text) {
    return !text.empty() && text.find_first_of(std::string_view(" \t\r\n\0:", 6)) == std::string_view::npos;
  };
  if (!is_token(request.method)) return Error{Code::invalid, "the method '" + request.method + "' is none"};
  for (const char c : request.target) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F) {
      return Error{Code::invalid, "the target holds a space or a control character, which must be percent-encoded"};
    }
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return Error{Code::invalid, "the header '" + name + "' holds what no header may hold"};
    }
  }
  return Ok{};
}

}  // namespace

struct HttpConnection::State {
  explicit State(ClientConfig given) : config(std::move(given)) {}

  // What goes wrong is told with the place, but never with a query, which may hold a secret.
  Error at(const ClientRequest& request, Error error) const {
    const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
    return with_context(base + std::string(path), std::move(error));
  }

  Status prepare() {
    if (url) return Ok{};
    SCORIA_TRY(parsed, parse_url(config.url));
    const std::size_t query = parsed.target.find('?');
    if (query != std::string::npos) return Error{Code::invalid, "a server's URL must not hold a query"};
    if (parsed.is_tls) {
      SCORIA_TRY(made, client_tls(config.ca_file));
      tls = std::move(made);
    }
    if (!config.connect_to.empty()) {
      auto other = parse_url("http://" + config.connect_to);
      if (!other.ok()) return Error{Code::invalid, "connect_to '" + config.connect_to + "' must be HOST:PORT"};
      connect_host = other.value().host;
      connect_port = other.value().port;
    } else {
      connect_host = parsed.host;
      connect_port = parsed.port;
    }
    // "/" alone is no path to be put before a target.
    prefix = parsed.target.ends_with('/') ? parsed.target.substr(0, parsed.target.size() - 1) : parsed.target;
    base = std::string(parsed.is_tls ? "https://" : "http://") + parsed.authority() + prefix;
    url = std::move(parsed);
    return Ok{};
  }

  std::string head_of(const ClientRequest& request) const {
    std::string head = request.method + " " + prefix + request.target;
    if (!request.target.starts_with('/') && prefix.empty()) head.insert(request.method.size() + 1, "/");
    head += " HTTP/1.1\r\n";
    const auto add = [&](std::string_view name, std::string_view value) {
      head.append(name).append(": ").append(value).append("\r\n");
    };
    if (!find_header(request.headers, "Host")) add("Host", url->authority());
    for (const auto& [name, value] : request.headers) {
      if (!is_same_name(name, "Transfer-Encoding")) add(name, value);
    }
    if (!find_header(request.headers, "User-Agent")) add("User-Agent", "scoria/" SCORIA_VERSION);
    const std::uint64_t length = request.file ? request.file->length : request.body.size();
    const bool is_for_bodies = request.method != "GET" && request.method != "HEAD" && request.method != "DELETE";
    if ((length > 0 || is_for_bodies) && !find_header(request.headers, "Content-Length")) {
      add("Content-Length", std::to_string(length));
    }
    head += "\r\n";
    return head;
  }

  Status open(ClientSocket::Timing timing) {
    timing.idle = config.connect_timeout;
    timing.until = std::min(timing.until, ClientSocket::Clock::now() + config.connect_timeout);
    SCORIA_TRY(made, ClientSocket::connect(connect_host, connect_port, tls.get(), url->host, timing, cancellation));
    socket = std::move(made);
    unread.clear();
    return Ok{};
  }

  Status send(const ClientRequest& request, ClientSocket::Timing timing) {
    std::string head = head_of(request);
    if (request.file) {
      SCORIA_TRY_STATUS(socket->write(head, timing));
      return socket->write_file(*request.file, timing);
    }
    constexpr std::size_t kJoined = 64u << 10;
    if (request.body.size() > kJoined) {
      SCORIA_TRY_STATUS(socket->write(head, timing));
      return socket->write(request.body, timing);
    }
    return socket->write(head.append(request.body), timing);
  }

  // `has_begun`: some byte of a reply was there, so that the request must not be sent again.
  Result<ClientReply> receive(const ClientRequest& request, ClientSocket::Timing timing, bool& has_begun) {
    reader.begin(request.method == "HEAD");
    ClientReply reply;
    std::array<char, 64 << 10> buffer;
    std::string_view bytes = unread;
    for (;;) {
      switch (reader.next(bytes)) {
        case ReplyReader::Event::failed:
          return Error{Code::corrupt, "the reply is not HTTP (" + std::string(reader.why()) + ")"};
        case ReplyReader::Event::head:
          reply.status = reader.status();
          reply.headers = std::move(reader.headers());
          continue;
        case ReplyReader::Event::body: SCORIA_TRY_STATUS(take(request, reply, reader.piece())); continue;
        case ReplyReader::Event::done:
          // Bytes behind a reply that nobody asked for: such a connection is not to be trusted further.
          if (!reader.keep_alive() || !bytes.empty()) socket.reset();
          unread.clear();
          return reply;
        case ReplyReader::Event::more: break;
      }
      std::string kept(bytes);
      SCORIA_TRY(got, socket->read(buffer, timing));
      if (got == 0) {
        if (!has_begun) return Error{Code::unavailable, "the server closed the connection without a reply"};
        if (reader.end() == ReplyReader::Event::failed) return Error{Code::corrupt, std::string(reader.why())};
        socket.reset();
        unread.clear();
        return reply;
      }
      has_begun = true;
      if (kept.empty()) {
        bytes = std::string_view(buffer.data(), got);
        continue;
      }
      unread = std::move(kept.append(buffer.data(), got));
      bytes = unread;
    }
  }

  Status take(const ClientRequest& request, ClientReply& reply, std::string_view piece) const {
    if (request.reply_sink != nullptr && reply.status / 100 == 2) {
      return request.reply_sink->write(std::as_bytes(std::span(piece)));
    }
    if (piece.size() > config.max_body - reply.body.size()) {
      return Error{Code::too_large,
                   "the reply's body is larger than the limit of " + std::to_string(config.max_body) + " bytes"};
    }
    reply.body.append(piece);
    return Ok{};
  }

  Result<ClientReply> exchange(const ClientRequest& request) {
    using Clock = ClientSocket::Clock;
    const ClientSocket::Timing timing{
        config.idle_timeout, request.timeout.count() > 0 ? Clock::now() + request.timeout : Clock::time_point::max()};
    // A kept connection on which something waits to be read has been closed by the server.
    if (socket && socket->is_readable()) socket.reset();
    for (;;) {
      const bool was_kept = socket.has_value();
      if (!was_kept) SCORIA_TRY_STATUS(open(timing));
      bool has_begun = false;
      Status sent = send(request, timing);
      // A server that refuses a body answers and closes before it has all of it.
      const bool may_have_answered = sent.ok() || (sent.error().code == Code::unavailable && socket->is_readable());
      auto reply =
          may_have_answered ? receive(request, timing, has_begun) : Result<ClientReply>(std::move(sent).error());
      if (reply.ok()) {
        if (!sent.ok()) socket.reset();
        return reply;
      }
      socket.reset();
      unread.clear();
      const bool is_stale = was_kept && !has_begun && reply.error().code == Code::unavailable;
      if (!is_stale || cancellation.is_cancelled()) return reply;
    }
  }

  ClientConfig config;
  std::optional<Url> url;
  std::string prefix;  // the URL's path, without a "/" at its end
  std::string base;    // for messages
  std::string connect_host;
  std::string connect_port;
  TlsContext tls;
  Cancellation cancellation;
  std::optional<ClientSocket> socket;
  ReplyReader reader{kMaxHead};
  std::string unread;
};

HttpConnection::HttpConnection(ClientConfig config) : state_(std::make_unique<State>(std::move(config))) {}
HttpConnection::~HttpConnection() = default;
HttpConnection::HttpConnection(HttpConnection&&) noexcept = default;

Result<ClientReply> HttpConnection::request(const ClientRequest& request) {
  SCORIA_TRY_STATUS(state_->prepare());
  if (Status checked = check_request(request); !checked.ok()) return state_->at(request, std::move(checked).error());
  auto reply = state_->exchange(request);
  const bool was_cancelled = state_->cancellation.is_cancelled();
  if (was_cancelled) state_->cancellation.reset();
  if (reply.ok()) return reply;
  state_->socket.reset();
  return state_->at(request, std::move(reply).error());
}

void HttpConnection::cancel() { state_->cancellation.cancel(); }

}  // namespace scoria::net
