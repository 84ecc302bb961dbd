#include "node/frame_stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace scoria::node {
namespace {

constexpr std::size_t kMaxUnsent = 64u << 20;

}  // namespace

bool FrameStream::flush() {
  std::size_t sent = 0;
  while (sent < out.size()) {
    const ssize_t size = send(socket_.get(), out.data() + sent, out.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (size <= 0) return false;
    sent += static_cast<std::size_t>(size);
  }
  out.erase(0, sent);
  return out.size() <= kMaxUnsent;
}

bool FrameStream::fill() {
  in_.erase(0, position_);
  position_ = 0;
  char buffer[65536];
  while (in_.size() <= 2 * std::size_t{kMaxFrame}) {  // the rest when this is used up
    const ssize_t size = recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (size == 0) return false;
    in_.append(buffer, static_cast<std::size_t>(size));
    if (static_cast<std::size_t>(size) < sizeof buffer) break;
  }
  return true;
}

Result<std::optional<Message>> FrameStream::next() { return take_message(in_, position_); }

sockaddr_un socket_address(int folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/keeper.sock", folder);
  return address;
}

}  // namespace scoria::node
