// The agent's end of the socket to its keeper: finds one or starts one.
// Threads: one user at a time. Owns: the socket, not the keeper.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "node/frame_stream.h"
#include "node/keeper.h"

namespace scoria::node {

class KeeperClient {
 public:
  // `command` is what starts a keeper: "/proc/self/exe", "keeper"; the configuration's own arguments are appended.
  // Errors: unavailable (no keeper came up within `patience`).
  static Result<KeeperClient> connect(const KeeperConfig& config, const std::vector<std::string>& command,
                                      std::chrono::milliseconds patience);

  int descriptor() const { return stream_->descriptor(); }
  void start(const StartCommand& command) { append_start(stream_->out, command); }
  void kill(const KillCommand& command) { append_kill(stream_->out, command); }
  void forget(std::uint64_t attempt) { append_forget(stream_->out, attempt); }
  void renew(std::int64_t lease_until_ms) { append_renew(stream_->out, lease_until_ms); }
  // Ends what runs, and then itself.
  void leave() { append_leave(stream_->out); }

  // As FrameStream's.
  bool flush() { return stream_->flush(); }
  bool has_unsent() const { return stream_->has_unsent(); }
  bool fill() { return stream_->fill(); }
  Result<std::optional<Message>> next() { return stream_->next(); }

 private:
  explicit KeeperClient(Descriptor socket) : stream_(std::make_unique<FrameStream>(std::move(socket))) {}
  std::unique_ptr<FrameStream> stream_;
};

}  // namespace scoria::node
