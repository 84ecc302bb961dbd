#include "node/keeper_protocol.h"

#include <sys/random.h>

#include <chrono>

#include "node/packing.h"

namespace scoria::node {
namespace {

// A frame that grows at the end of `out`: its length is filled in when it is whole.
class Frame {
 public:
  Frame(std::string& out, MessageKind kind) : pack(out), out_(out), at_(out.size()) {
    pack.add(std::uint32_t{0});
    pack.add(static_cast<std::uint8_t>(kind));
  }
  ~Frame() {
    const auto size = static_cast<std::uint32_t>(out_.size() - at_ - sizeof(std::uint32_t));
    std::memcpy(out_.data() + at_, &size, sizeof size);
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  Packer pack;

 private:
  std::string& out_;
  std::size_t at_;
};

void pack_ending(Packer& pack, const Ending& ending) {
  pack.add(ending.attempt);
  pack.add(ending.at_us);
  pack.add(std::uint8_t{ending.exit_code.has_value()});
  pack.add(std::int32_t{ending.exit_code.value_or(0)});
  pack.add(std::string_view(ending.reason));
  pack.add(std::uint8_t{ending.is_lost});
  pack.add(std::string_view(ending.failure_code));
  pack.add(std::string_view(ending.failure_message));
}

void unpack_ending(Unpacker& bytes, Ending& ending) {
  bool has_code = false;
  std::int32_t code = 0;
  bytes.take(ending.attempt);
  bytes.take(ending.at_us);
  bytes.take(has_code);
  bytes.take(code);
  if (has_code) ending.exit_code = code;
  bytes.take(ending.reason);
  bytes.take(ending.is_lost);
  bytes.take(ending.failure_code);
  bytes.take(ending.failure_message);
}

void unpack_start(Unpacker& bytes, StartCommand& start) {
  bytes.take(start.attempt);
  bytes.take(start.program);
  bytes.take(start.arguments);
  bytes.take(start.environment);
  bytes.take(start.directory);
  bytes.take(start.stdout_path);
  bytes.take(start.stderr_path);
  bytes.take(start.memory_limit_bytes);
  bytes.take(start.cpu_weight);
  bytes.take(start.wall_limit_ms);
  bytes.take(start.grace_ms);
  bytes.take(start.user);
  bytes.take(start.group);
  bytes.take(start.lease_until_ms);
  bytes.take(start.is_warm);
  bytes.take(start.cleanup);
  bytes.take(start.note);
  if (!bytes.has_more()) return;  // of an agent from before there were templates
  bytes.take(start.template_command);
  bytes.take(start.template_environment);
}

// With lengths of their own, as each may grow at its end.
void pack_kept(Packer& pack, const KeptAttempt& kept) {
  std::string text, ending;
  Packer fields(text);
  fields.add(kept.attempt);
  fields.add(kept.pid);
  fields.add(kept.started_us);
  fields.add(std::string_view(kept.note));
  fields.add(std::uint8_t{kept.ending.has_value()});
  if (kept.ending) {
    Packer end_fields(ending);
    pack_ending(end_fields, *kept.ending);
  }
  fields.add(std::string_view(ending));
  pack.add(std::string_view(text));
}

bool unpack_kept(std::string_view text, KeptAttempt& kept) {
  Unpacker bytes(text);
  bool has_ended = false;
  std::string ending;
  bytes.take(kept.attempt);
  bytes.take(kept.pid);
  bytes.take(kept.started_us);
  bytes.take(kept.note);
  bytes.take(has_ended);
  bytes.take(ending);
  if (!has_ended) return bytes.is_whole();
  Unpacker end_bytes(ending);
  unpack_ending(end_bytes, kept.ending.emplace());
  return bytes.is_whole() && end_bytes.is_whole();
}

bool unpack_state(Unpacker& bytes, KeeperState& state) {
  std::uint32_t count = 0;
  bytes.take(state.boot_id);
  bytes.take(count);
  std::string text;
  for (std::uint32_t i = 0; i < count && bytes.is_whole(); ++i) {
    KeptAttempt kept;
    bytes.take(text);
    if (!unpack_kept(text, kept)) return false;
    state.attempts.push_back(std::move(kept));
  }
  return bytes.is_whole();
}

}  // namespace

void append_start(std::string& out, const StartCommand& command) {
  Frame frame(out, MessageKind::start);
  frame.pack.add(command.attempt);
  frame.pack.add(std::string_view(command.program));
  frame.pack.add(command.arguments);
  frame.pack.add(command.environment);
  frame.pack.add(std::string_view(command.directory));
  frame.pack.add(std::string_view(command.stdout_path));
  frame.pack.add(std::string_view(command.stderr_path));
  frame.pack.add(command.memory_limit_bytes);
  frame.pack.add(command.cpu_weight);
  frame.pack.add(command.wall_limit_ms);
  frame.pack.add(command.grace_ms);
  frame.pack.add(command.user);
  frame.pack.add(command.group);
  frame.pack.add(command.lease_until_ms);
  frame.pack.add(std::uint8_t{command.is_warm});
  frame.pack.add(command.cleanup);
  frame.pack.add(std::string_view(command.note));
  frame.pack.add(command.template_command);
  frame.pack.add(command.template_environment);
}

void append_kill(std::string& out, const KillCommand& command) {
  Frame frame(out, MessageKind::kill);
  frame.pack.add(command.attempt);
  frame.pack.add(command.grace_ms);
  frame.pack.add(std::string_view(command.reason));
}

void append_forget(std::string& out, std::uint64_t attempt) {
  Frame frame(out, MessageKind::forget);
  frame.pack.add(attempt);
}

void append_leave(std::string& out) { const Frame frame(out, MessageKind::leave); }

void append_renew(std::string& out, std::int64_t lease_until_ms) {
  Frame frame(out, MessageKind::renew);
  frame.pack.add(lease_until_ms);
}

void append_state(std::string& out, const KeeperState& state) {
  Frame frame(out, MessageKind::state);
  frame.pack.add(std::string_view(state.boot_id));
  frame.pack.add(static_cast<std::uint32_t>(state.attempts.size()));
  for (const auto& kept : state.attempts) pack_kept(frame.pack, kept);
}

void append_started(std::string& out, const StartedNotice& notice, MessageKind kind) {
  Frame frame(out, kind);
  frame.pack.add(notice.attempt);
  frame.pack.add(notice.pid);
  frame.pack.add(notice.at_us);
}

void append_ended(std::string& out, const Ending& ending) {
  Frame frame(out, MessageKind::ended);
  pack_ending(frame.pack, ending);
}

Result<std::optional<Message>> take_message(std::string_view buffer, std::size_t& position) {
  const std::string_view rest = buffer.substr(position);
  std::uint32_t size = 0;
  if (rest.size() < sizeof size) return std::optional<Message>{};
  std::memcpy(&size, rest.data(), sizeof size);
  if (size == 0) return Error{Code::corrupt, "keeper's socket: a frame of no bytes"};
  if (size > kMaxFrame) return Error{Code::too_large, "keeper's socket: a frame of " + std::to_string(size) + " bytes"};
  if (rest.size() - sizeof size < size) return std::optional<Message>{};

  Unpacker bytes(rest.substr(sizeof size, size));
  Message message;
  std::uint8_t kind = 0;
  bool is_sound = true;
  bytes.take(kind);
  message.kind = static_cast<MessageKind>(kind);
  switch (message.kind) {
    case MessageKind::start: unpack_start(bytes, message.start); break;
    case MessageKind::kill:
      bytes.take(message.kill.attempt);
      bytes.take(message.kill.grace_ms);
      bytes.take(message.kill.reason);
      break;
    case MessageKind::forget: bytes.take(message.attempt); break;
    case MessageKind::leave: break;
    case MessageKind::renew: bytes.take(message.lease_until_ms); break;
    case MessageKind::state: is_sound = unpack_state(bytes, message.state); break;
    case MessageKind::started:
    case MessageKind::warm_started:
      bytes.take(message.started.attempt);
      bytes.take(message.started.pid);
      bytes.take(message.started.at_us);
      break;
    case MessageKind::ended: unpack_ending(bytes, message.ending); break;
    default: break;
  }
  if (!is_sound || !bytes.is_whole()) {
    return Error{Code::corrupt, "keeper's socket: a frame of kind " + std::to_string(kind) + " that ends too soon"};
  }
  position += sizeof size + size;
  return std::optional<Message>(std::move(message));
}

std::string random_id() {
  unsigned char bytes[16];
  SCORIA_CHECK(getrandom(bytes, sizeof bytes, 0) == static_cast<ssize_t>(sizeof bytes));
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::int64_t wall_now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t steady_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace scoria::node
