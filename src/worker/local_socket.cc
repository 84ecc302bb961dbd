#include "worker/local_socket.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace scoria::worker {
namespace {

bool fill(sockaddr_un& address, const std::filesystem::path& path) {
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(address.sun_path, path.c_str(), path.native().size());
  return true;
}

}  // namespace

Result<node::Descriptor> listen_at(const std::filesystem::path& path, int backlog) {
  sockaddr_un address{};
  if (!fill(address, path)) {
    return Error{Code::invalid, "'" + path.string() + "' is too long a path for a socket (107 bytes)"};
  }
  (void)unlink(path.c_str());
  node::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open() || bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket.get(), backlog) != 0) {
    return Error{Code::unavailable, "'" + path.string() + "' cannot be listened on: " + strerror(errno)};
  }
  return socket;
}

node::Descriptor accept_own(const node::Descriptor& listener, int flags) {
  node::Descriptor socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | flags));
  ucred who{};
  socklen_t size = sizeof who;
  if (socket.is_open() &&
      (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || who.uid != geteuid())) {
    socket.reset();
  }
  return socket;
}

node::Descriptor connect_to(const std::filesystem::path& path) {
  sockaddr_un address{};
  if (!fill(address, path)) return {};
  node::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    socket.reset();
    errno = error;
  }
  return socket;
}

ssize_t receive_with_descriptor(int socket, void* into, std::size_t size, int flags, node::Descriptor& descriptor) {
  iovec part{.iov_base = into, .iov_len = size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = 0;
  do got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return got;
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    int received = -1;
    memcpy(&received, CMSG_DATA(item), sizeof received);
    descriptor = node::Descriptor(received);
  }
  return got;
}

}  // namespace scoria::worker
