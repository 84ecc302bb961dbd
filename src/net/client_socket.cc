#include "net/client_socket.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace scoria::net {
namespace {

using Outcome = ByteStream::Outcome;

Error broke(const char* doing) {
  return Error{Code::unavailable, std::string(doing) + ": the other side closed the connection"};
}

}  // namespace

Cancellation::Cancellation() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
Cancellation::~Cancellation() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Cancellation::cancel() {
  is_cancelled_ = true;
  (void)::eventfd_write(descriptor_, 1);  // fails only when the count is full, and then it is readable
}

void Cancellation::reset() {
  eventfd_t count = 0;
  (void)::eventfd_read(descriptor_, &count);  // fails where nobody cancelled
  is_cancelled_ = false;
}

ClientSocket::ClientSocket(ClientSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      stream_(std::move(other.stream_)),
      cancellation_(other.cancellation_) {}

ClientSocket& ClientSocket::operator=(ClientSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  stream_ = std::move(other.stream_);
  std::swap(cancellation_, other.cancellation_);
  return *this;
}

ClientSocket::~ClientSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status ClientSocket::check(Timing timing, const char* doing) const {
  if (cancellation_->is_cancelled()) return Error{Code::unavailable, std::string(doing) + ": cancelled"};
  if (Clock::now() >= timing.until) return Error{Code::deadline, std::string(doing) + " took too long"};
  return Ok{};
}

Status ClientSocket::wait(short events, Timing timing, const char* doing) {
  const auto until = std::min(timing.until, Clock::now() + timing.idle);
  for (;;) {
    SCORIA_TRY_STATUS(check(timing, doing));
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return Error{Code::deadline, std::string(doing) + " took too long"};
    pollfd watched[2] = {{descriptor_, events, 0}, {cancellation_->descriptor(), POLLIN, 0}};
    constexpr long kMost = 60'000;
    const int ready = ::poll(watched, 2, static_cast<int>(std::min<long>(left, kMost)));
    if (ready < 0 && errno != EINTR) return Error{Code::unavailable, std::string(doing) + ": " + std::strerror(errno)};
    if (ready > 0 && watched[0].revents != 0 && watched[1].revents == 0) return Ok{};
  }
}

Status ClientSocket::wait_for(Outcome outcome, Timing timing, const char* doing) {
  return wait(outcome == Outcome::want_read ? POLLIN : POLLOUT, timing, doing);
}

Result<ClientSocket> ClientSocket::connect(const std::string& host, const std::string& port, ssl_ctx_st* tls,
                                           const std::string& name, Timing timing, Cancellation& cancellation) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found); failed != 0) {
    return Error{Code::unavailable, "looking up the host '" + host + "': " + ::gai_strerror(failed)};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  Error last{Code::unavailable, "connecting: '" + host + "' has no address"};
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    ClientSocket socket(::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), cancellation);
    if (socket.descriptor_ < 0) {
      last = Error{Code::unavailable, std::string("connecting: ") + std::strerror(errno)};
      continue;
    }
    const int on = 1;
    ::setsockopt(socket.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int error = ::connect(socket.descriptor_, each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      Status waited = socket.wait(POLLOUT, timing, "connecting");
      if (!waited.ok()) {
        last = std::move(waited).error();
        if (cancellation.is_cancelled()) return last;
        continue;
      }
      socklen_t size = sizeof error;
      ::getsockopt(socket.descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error != 0) {
      last = Error{Code::unavailable, std::string("connecting: ") + std::strerror(error)};
      continue;
    }
    if (tls != nullptr) SCORIA_TRY_STATUS(socket.shake_hands(tls, name, timing));
    return socket;
  }
  return last;
}

Status ClientSocket::shake_hands(ssl_ctx_st* tls, const std::string& name, Timing timing) {
  constexpr const char* kDoing = "the TLS handshake";
  stream_.start_tls_client(tls, name);
  for (;;) {
    const Outcome outcome = stream_.handshake();
    if (outcome == Outcome::done) return Ok{};
    if (outcome == Outcome::closed || outcome == Outcome::broken) {
      const std::string trouble = stream_.certificate_trouble();
      if (!trouble.empty()) return Error{Code::denied, "its certificate is not trusted: " + trouble};
      return Error{Code::unavailable, std::string(kDoing) + " failed; is it a TLS port?"};
    }
    SCORIA_TRY_STATUS(wait_for(outcome, timing, kDoing));
  }
}

Status ClientSocket::write(std::string_view bytes, Timing timing) {
  constexpr const char* kDoing = "sending the request";
  while (!bytes.empty()) {
    SCORIA_TRY_STATUS(check(timing, kDoing));  // a socket that is always ready is never waited for
    const auto moved = stream_.write(bytes);
    if (moved.outcome == Outcome::closed || moved.outcome == Outcome::broken) return broke(kDoing);
    if (moved.outcome != Outcome::done) SCORIA_TRY_STATUS(wait_for(moved.outcome, timing, kDoing));
    bytes.remove_prefix(moved.bytes);
  }
  return Ok{};
}

Status ClientSocket::write_file(FilePart part, Timing timing) {
  constexpr const char* kDoing = "sending the file";
  while (part.length > 0) {
    SCORIA_TRY_STATUS(check(timing, kDoing));
    const auto moved = stream_.write_file(*part.descriptor, part.offset, part.length);
    if (moved.outcome == Outcome::closed) {
      return Error{Code::corrupt, std::string(kDoing) + ": it became shorter meanwhile"};
    }
    if (moved.outcome == Outcome::broken) return broke(kDoing);
    if (moved.outcome != Outcome::done) SCORIA_TRY_STATUS(wait_for(moved.outcome, timing, kDoing));
    part.offset += moved.bytes;
    part.length -= moved.bytes;
  }
  return Ok{};
}

Result<std::size_t> ClientSocket::read(std::span<char> into, Timing timing) {
  constexpr const char* kDoing = "reading the reply";
  for (;;) {
    SCORIA_TRY_STATUS(check(timing, kDoing));
    const auto moved = stream_.read(into);
    if (moved.outcome == Outcome::done) return moved.bytes;
    if (moved.outcome == Outcome::closed) return std::size_t{0};
    if (moved.outcome == Outcome::broken) return broke(kDoing);
    SCORIA_TRY_STATUS(wait_for(moved.outcome, timing, kDoing));
  }
}

bool ClientSocket::is_readable() const {
  pollfd watched{descriptor_, POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

}  // namespace scoria::net
