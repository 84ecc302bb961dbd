#include "net/server_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>

#include "base/log.h"
#include "net/peer.h"

namespace scoria::net {
namespace {

using Outcome = ByteStream::Outcome;

constexpr std::size_t kScratchBytes = 128u << 10;
constexpr std::uint64_t kMostDropped = 1u << 20;  // of a refused request's body
constexpr std::size_t kKeptCapacity = 16u << 10;  // of an idle connection's buffers
// Of one connection, before others get their turn at the thread: a fast upload to a slow disk must not stop them.
constexpr int kMostStepsInATurn = 16;
constexpr std::size_t kMostInATurn = 1u << 20;

// What a thread receives into. Connections that wait hold no buffer.
std::span<char> scratch() {
  thread_local const std::unique_ptr<char[]> buffer(new char[kScratchBytes]);
  return {buffer.get(), kScratchBytes};
}

// Whose request this thread's handler has in hand.
thread_local const ServerConnection* handled_here = nullptr;

class Handling {
 public:
  explicit Handling(const ServerConnection* connection) { handled_here = connection; }
  Handling(const Handling&) = delete;
  Handling& operator=(const Handling&) = delete;
  ~Handling() { handled_here = nullptr; }
};

std::uint64_t in_ms(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

}  // namespace

ServerConnection::ServerConnection(std::shared_ptr<ServerShared> shared, int descriptor, const TlsContext& tls)
    : shared_(std::move(shared)),
      descriptor_(descriptor),
      stream_(descriptor),
      reader_(shared_->config.max_head, shared_->config.max_fields) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const Peer from = peer_of(descriptor);
  host_ = from.host;
  is_loopback_ = from.is_loopback;
  peer_ = from.shown;
  if (tls != nullptr) {
    stream_.start_tls_server(tls.get());
    phase_ = Phase::handshake;
    head_deadline_ms_ = shared_->now_ms + in_ms(shared_->config.head_timeout);
  }
  // Last, as it is what the destructor takes back.
  watch_ = shared_->loop.add(descriptor);
}

ServerConnection::~ServerConnection() {
  if (watch_ != nullptr) shared_->loop.remove(*watch_);
  stream_ = ByteStream(-1);
  if (!is_closed_) ::close(descriptor_);
}

void ServerConnection::start() { shared_->loop.post(shared_from_this()); }

void ServerConnection::run() noexcept {
  deadline_.store(0, std::memory_order_relaxed);
  try {
    for (int steps = 0;;) {
      Step step = advance();
      if (step == Step::on && ++steps > kMostStepsInATurn) step = Step::yield;
      if (step == Step::on) continue;
      // Another thread may have the connection from here on: nothing of it is touched behind these calls.
      if (step == Step::park) {
        if (park()) return;
        continue;
      }
      if (step == Step::yield) return start();
      if (step == Step::end) return end();
      if (!wait(step)) return;
      if (++steps > kMostStepsInATurn) return start();
    }
  } catch (const std::exception& thrown) {  // out of memory
    log::error("http_connection_failed", {{"peer", peer_}, {"why", thrown.what()}});
    end();
  }
}

ServerConnection::Step ServerConnection::advance() {
  switch (phase_) {
    case Phase::handshake: return shake_hands();
    case Phase::working: return start_reply();
    case Phase::reply: return send_reply();
    case Phase::linger: return linger();
    default: return read();
  }
}

// When the other side has been too slow: at `silence_ends`, unless the `moved` bytes took longer than they may already.
std::uint64_t ServerConnection::slowest_end(std::uint64_t silence_ends, std::uint64_t moved) const {
  const HttpServerConfig& config = shared_->config;
  if (config.min_rate == 0) return silence_ends;
  return std::min(silence_ends, moving_since_ms_ + in_ms(config.rate_grace) + moved * 1000 / config.min_rate);
}

// True: what is waited for is there already.
bool ServerConnection::wait(Step step) {
  const HttpServerConfig& config = shared_->config;
  const std::uint64_t now = shared_->now_ms.load(std::memory_order_relaxed);
  std::uint64_t until = now;
  switch (phase_) {
    case Phase::idle: until += in_ms(config.idle_timeout); break;
    case Phase::body: until = slowest_end(now + in_ms(config.body_timeout), body_bytes_); break;
    case Phase::reply:
      until += in_ms(config.body_timeout);
      is_held_up_.store(step == Step::write, std::memory_order_relaxed);
      break;
    default: until = head_deadline_ms_; break;
  }
  if (phase_ == Phase::idle && unread_.capacity() > kKeptCapacity) unread_ = std::string();
  deadline_ = until << 8 | static_cast<std::uint64_t>(phase_);
  // A drain that begins now sees the deadline; one that had begun is seen here.
  if (phase_ == Phase::idle && shared_->is_draining) ::shutdown(descriptor_, SHUT_RD);
  // Before the wait: behind it, another thread may have the connection.
  may_have_more_ = true;
  const auto want = step == Step::read ? EventLoop::Want::read : EventLoop::Want::write;
  if (!shared_->loop.wait(*watch_, want, shared_from_this())) return false;
  deadline_.store(0, std::memory_order_relaxed);
  return true;
}

void ServerConnection::end() {
  {
    const std::lock_guard lock(exchange_mutex_);
    exchange_ = Exchange::gone;
    reply_.reset();
  }
  plan_ = {};
  reader_.request() = {};
  const auto self = shared_from_this();
  {
    const std::lock_guard lock(shared_->connections_mutex);
    shared_->connections.erase(place);
    if (shared_->config.max_connections_of_host > 0) {
      if (const auto found = shared_->of_hosts.find(host_); found != shared_->of_hosts.end() && --found->second == 0) {
        shared_->of_hosts.erase(found);
      }
    }
    // Under the mutex, so that the sweep never meets a descriptor that is another's by now.
    stream_ = ByteStream(-1);
    shared_->loop.remove(*std::exchange(watch_, nullptr));
    ::close(descriptor_);
    is_closed_ = true;
    shared_->connections_fell.notify_all();
  }
  if (shared_->is_accepting_paused) shared_->resume_accepting();
}

ServerConnection::Step ServerConnection::shake_hands() {
  switch (stream_.handshake()) {
    case Outcome::done:
      handshake_bytes_ = stream_.tls_bytes_written();
      phase_ = Phase::idle;
      return Step::on;
    case Outcome::want_read: return Step::read;
    case Outcome::want_write: return Step::write;
    default: return Step::end;
  }
}

ServerConnection::Step ServerConnection::read() {
  for (std::size_t in_this_turn = 0;;) {
    if (unread_at_ < unread_.size()) {
      std::string_view bytes = std::string_view(unread_).substr(unread_at_);
      const Step step = consume(bytes);
      unread_at_ = unread_.size() - bytes.size();
      if (unread_at_ == unread_.size()) {
        unread_.clear();
        unread_at_ = 0;
      }
      if (step != Step::read) return step;
    }
    if (!may_have_more_ && !stream_.is_tls()) return Step::read;
    if (in_this_turn > kMostInATurn) return Step::yield;
    const auto into = scratch();
    const ByteStream::Moved moved = stream_.read(into);
    if (moved.outcome == Outcome::want_read) return Step::read;
    if (moved.outcome == Outcome::want_write) return Step::write;
    if (moved.outcome != Outcome::done) return input_ended();
    may_have_more_ = moved.bytes == into.size();
    in_this_turn += moved.bytes;
    if (!unread_.empty()) {
      unread_.erase(0, unread_at_);
      unread_at_ = 0;
      unread_.append(into.data(), moved.bytes);
      continue;
    }
    std::string_view bytes(into.data(), moved.bytes);
    const Step step = consume(bytes);
    unread_.assign(bytes);
    if (step != Step::read) return step;
  }
}

// Step::read: all requests in `bytes` are dealt with, more is needed.
ServerConnection::Step ServerConnection::consume(std::string_view& bytes) {
  for (;;) {
    if (phase_ == Phase::idle && !bytes.empty()) {
      phase_ = Phase::head;
      is_head_request_ = false;
      head_deadline_ms_ = shared_->now_ms + in_ms(shared_->config.head_timeout);
    }
    switch (reader_.next(bytes)) {
      case RequestReader::Event::more: return Step::read;
      case RequestReader::Event::failed: return refuse(reader_.status(), reader_.why());
      case RequestReader::Event::done: return deliver();
      case RequestReader::Event::head: {
        const bool has_begun = !bytes.empty();
        if (const Step step = begin_request(); step != Step::read) return step;
        if (!reader_.has_body() || !reader_.expects_continue() || has_begun) break;
        out_ = "HTTP/1.1 100 Continue\r\n\r\n";
        after_ = AfterReply::body;
        phase_ = Phase::reply;
        return Step::on;
      }
      case RequestReader::Event::body:
        if (const Step step = take_body(); step != Step::read) return step;
        break;
    }
  }
}

ServerConnection::Step ServerConnection::input_ended() {
  if (is_expired_ && phase_ == Phase::head) return refuse(408, "the request's head took too long");
  if (is_expired_ && phase_ == Phase::body)
    return refuse(408, "the request's body stopped coming, or comes too slowly");
  return Step::end;
}

// Step::read: go on with the body.
ServerConnection::Step ServerConnection::begin_request() {
  phase_ = Phase::body;
  HttpRequest& request = reader_.request();
  request.peer = peer_;
  request.is_tls = stream_.is_tls();
  request.peer_is_loopback = is_loopback_;
  is_head_request_ = request.method == "HEAD";
  ++requests_;
  must_close_ = !reader_.keep_alive() || requests_ == shared_->config.max_requests_of_connection;
  body_bytes_ = 0;
  moving_since_ms_ = shared_->now_ms.load(std::memory_order_relaxed);
  is_dropping_ = false;
  try {
    plan_ = shared_->handler.plan_body(request);
  } catch (const std::exception& thrown) {
    log::error("http_handler_failed", {{"method", request.method}, {"why", thrown.what()}});
    plan_ = {};
    plan_.refuse = explained(500, "the server failed; its log says how");
  }
  const std::uint64_t length = reader_.content_length().value_or(0);
  if (plan_.refuse) {
    plan_.sink.reset();
    is_dropping_ = true;
    if (length <= kMostDropped && !(reader_.has_body() && reader_.expects_continue())) return Step::read;
    must_close_ = body_is_left_ = true;
    return refuse_planned();
  }
  if (length > plan_.max_bytes) {
    return refuse(413, "the body has " + std::to_string(length) + " bytes, at most " + std::to_string(plan_.max_bytes) +
                           " are accepted here");
  }
  // No more than this before the bytes are there.
  if (plan_.sink == nullptr && length > 0) request.body.reserve(std::min<std::uint64_t>(length, 256u << 10));
  return Step::read;
}

ServerConnection::Step ServerConnection::take_body() {
  const std::string_view piece = reader_.piece();
  body_bytes_ += piece.size();
  if (is_dropping_) {
    if (body_bytes_ <= kMostDropped) return Step::read;
    must_close_ = body_is_left_ = true;
    return refuse_planned();
  }
  if (body_bytes_ > plan_.max_bytes) {
    return refuse(413,
                  "the body has more than the " + std::to_string(plan_.max_bytes) + " bytes that are accepted here");
  }
  HttpRequest& request = reader_.request();
  if (plan_.sink == nullptr) {
    request.body.append(piece);
    return Step::read;
  }
  try {
    Status written = plan_.sink->write(std::as_bytes(std::span(piece)));
    if (written.ok()) return Step::read;
    request.body_error = std::move(written).error();
  } catch (const std::exception& thrown) {
    request.body_error = Error{Code::unavailable, std::string("taking the body failed: ") + thrown.what()};
  }
  must_close_ = body_is_left_ = true;
  return deliver();
}

ServerConnection::Step ServerConnection::deliver() {
  if (is_dropping_) return refuse_planned();
  reader_.request().sink = std::move(plan_.sink);
  phase_ = Phase::working;
  exchange_.store(Exchange::handling, std::memory_order_relaxed);
  try {
    const Handling handling(this);
    shared_->handler.handle(std::move(reader_.request()), Responder(shared_from_this()));
  } catch (const std::exception& thrown) {
    log::error("http_handler_failed", {{"peer", peer_}, {"why", thrown.what()}});
    const std::lock_guard lock(exchange_mutex_);
    // The Responder may still be somewhere: no other request of this connection may meet it.
    must_close_ = true;
    if (exchange_ != Exchange::replied) reply_ = HttpReply{.status = 500};
    exchange_ = Exchange::replied;
  }
  return exchange_.load(std::memory_order_acquire) == Exchange::replied ? Step::on : Step::park;
}

// At the end of a turn, when the bytes that were read beyond the request are kept: whoever replies goes on with them at once. False: it is there.
bool ServerConnection::park() {
  const std::lock_guard lock(exchange_mutex_);
  if (exchange_ == Exchange::replied) return false;
  exchange_ = Exchange::parked;
  return true;
}

void ServerConnection::take(HttpReply&& reply) {
  if (handled_here == this) {
    reply_ = std::move(reply);
    exchange_.store(Exchange::replied, std::memory_order_relaxed);
    return;
  }
  {
    const std::lock_guard lock(exchange_mutex_);
    if (exchange_ != Exchange::handling && exchange_ != Exchange::parked) return;
    reply_ = std::move(reply);
    if (exchange_.exchange(Exchange::replied) == Exchange::handling) return;
  }
  start();
}

// The reply to a request that cannot be served; the connection closes behind it.
ServerConnection::Step ServerConnection::refuse(int status, std::string_view why) {
  must_close_ = body_is_left_ = true;
  plan_ = {};
  reply_ = explained(status, why);
  return start_reply();
}

ServerConnection::Step ServerConnection::refuse_planned() {
  reply_ = *std::exchange(plan_.refuse, std::nullopt);
  return start_reply();
}

HttpReply ServerConnection::explained(int status, std::string_view why) {
  try {
    HttpReply reply = shared_->handler.explain(status, why);
    if (reply.status == 200) reply.status = status;
    return reply;
  } catch (const std::exception& thrown) {
    log::error("http_handler_failed", {{"peer", peer_}, {"why", thrown.what()}});
    return {.status = status};
  }
}

bool ServerConnection::claim_if_parked_and(bool is_wanted) {
  const std::lock_guard lock(exchange_mutex_);
  if (exchange_ != Exchange::parked) return false;
  if (!is_wanted) {
    // A client that shuts down its sending side only looks the same, and counts as gone: it would not show before the reply is sent.
    pollfd look{.fd = descriptor_, .events = POLLRDHUP, .revents = 0};
    if (::poll(&look, 1, 0) != 1) return false;
  }
  exchange_ = Exchange::gone;
  return true;
}

bool ServerConnection::sweep(std::uint64_t now_ms) {
  if (claim_if_parked_and(false)) return true;
  if (takes_too_slowly(now_ms)) {
    // By a reset, as the kernel would go on offering the rest by itself.
    reset_at_end();
    ::shutdown(descriptor_, SHUT_RDWR);
    return false;
  }
  std::uint64_t deadline = deadline_.load(std::memory_order_acquire);
  if (deadline == 0 || deadline >> 8 > now_ms) return false;
  if (!deadline_.compare_exchange_strong(deadline, 0)) return false;
  is_expired_ = true;
  const auto phase = static_cast<Phase>(deadline & 0xFF);
  const bool may_answer = phase == Phase::head || phase == Phase::body || phase == Phase::idle;
  if (phase != Phase::head && phase != Phase::body && owes_much()) reset_at_end();
  ::shutdown(descriptor_, may_answer ? SHUT_RD : SHUT_RDWR);
  return false;
}

bool ServerConnection::wind_up(bool at_once) {
  if (at_once) {
    if (claim_if_parked_and(true)) return true;
    ::shutdown(descriptor_, SHUT_RDWR);
    return false;
  }
  const std::uint64_t deadline = deadline_.load(std::memory_order_acquire);
  if (deadline != 0 && static_cast<Phase>(deadline & 0xFF) == Phase::idle) ::shutdown(descriptor_, SHUT_RD);
  return false;
}

void ServerConnection::end_parked() { end(); }

}  // namespace scoria::net
