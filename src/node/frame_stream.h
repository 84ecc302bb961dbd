// One end of a socket of frames that never blocks. Threads: one user at a time. Owns: the socket.
#pragma once

#include <sys/un.h>

#include <optional>
#include <string>

#include "node/descriptor.h"
#include "node/keeper_protocol.h"

namespace scoria::node {

class FrameStream {
 public:
  explicit FrameStream(Descriptor socket) : socket_(std::move(socket)) {}

  int descriptor() const { return socket_.get(); }
  std::string out;  // frames are appended here, and go with flush()
  // False: the other side is gone, or takes nothing although 64 MiB wait for it.
  bool flush();
  bool has_unsent() const { return !out.empty(); }
  // Reads what there is. False: the other side is gone; what it sent before is still there for next().
  bool fill();
  // Errors: corrupt, too_large.
  Result<std::optional<Message>> next();
  std::uint32_t watched_events = 0;  // as an epoll was told

 private:
  Descriptor socket_;
  std::string in_;
  std::size_t position_ = 0;
};

// "keeper.sock" in the folder that is open as `folder`, whatever the length of its path.
sockaddr_un socket_address(int folder);

}  // namespace scoria::node
