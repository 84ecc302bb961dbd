// What an agent and its keeper say to each other over their socket: frames of a length, a kind and packed fields.
// The agent orders (start, kill, forget, leave); the keeper tells its whole state when an agent comes, and then each start and each end.
//
// A keeper lives on while the program on disk is replaced, so it may be of an older version than its agent, or of a newer one. Therefore a frame grows
// at its end alone: who reads it takes a later field only where there is one, and skips what it does not know, frames of unknown kinds among it.
// keeper_protocol_test.cc keeps the bytes of the first version.
// Threads: plain values and free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scoria::node {

// Bounds what one frame may be before any of it is stored.
inline constexpr std::uint32_t kMaxFrame = 16u << 20;

// Everything that the keeper needs to start one process; paths are absolute.
struct StartCommand {
  std::uint64_t attempt = 0;
  std::string program;                   // the file to run
  std::vector<std::string> arguments;    // the first is what the program is called
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;                 // where it runs
  std::string stdout_path, stderr_path;  // made, or emptied
  std::uint64_t memory_limit_bytes = 0;  // 0: none
  std::uint32_t cpu_weight = 0;          // 1 to 10,000, 100 is a neighbour's like share; 0: none
  std::int64_t wall_limit_ms = 0;        // 0: none
  std::int64_t grace_ms = 0;             // between SIGTERM and SIGKILL, when wall_limit_ms is over
  std::int64_t user = -1, group = -1;    // -1: the keeper's own
  std::int64_t lease_until_ms = 0;       // steady; from then on it must not run, unless renewed; 0: it may
  bool is_warm = false;                  // by a process that has it in memory, where that lives: the warm scorer, or
  // the one that this command starts with this environment, which forks as node/template_server.h says ("--fd", "3" are appended)
  std::vector<std::string> template_command, template_environment;
  std::vector<std::string>
      cleanup;       // run before its end is told, where it was killed: what ends the container that it left
  std::string note;  // the agent's own, told back to it; spooled, so without secrets
};

struct KillCommand {
  std::uint64_t attempt = 0;
  std::int64_t grace_ms = 0;
  std::string reason;
};

struct Ending {
  std::uint64_t attempt = 0;
  std::int64_t at_us = 0;        // wall clock
  std::optional<int> exit_code;  // 128 + signal where a signal ended it; absent: it never ran, or nobody saw its end
  std::string reason;            // of its KillCommand; "timeout": its wall clock limit
  bool is_lost = false;          // its keeper died: how it ended is not known, and nothing of it runs any more
  std::string failure_code;      // "CommandProgramNotFound", "CommandLaunchFailed": it never ran
  std::string failure_message;
};

struct KeptAttempt {
  std::uint64_t attempt = 0;
  int pid = 0;
  std::int64_t started_us = 0;  // wall clock
  std::string note;
  std::optional<Ending> ending;
};

struct KeeperState {
  std::string boot_id;  // another one: another keeper
  std::vector<KeptAttempt> attempts;
};

struct StartedNotice {
  std::uint64_t attempt = 0;
  int pid = 0;
  std::int64_t at_us = 0;
};

enum class MessageKind : std::uint8_t {
  start = 1,
  kill,
  forget,
  leave,
  renew,
  state = 16,
  started,
  ended,
  warm_started
};

struct Message {
  MessageKind kind = MessageKind::leave;
  StartCommand start;               // start
  KillCommand kill;                 // kill
  std::uint64_t attempt = 0;        // forget
  std::int64_t lease_until_ms = 0;  // renew: of all attempts that have a lease
  KeeperState state;                // state
  StartedNotice started;            // started, warm_started
  Ending ending;                    // ended
};

// Appends one frame.
void append_start(std::string& out, const StartCommand& command);
void append_kill(std::string& out, const KillCommand& command);
void append_forget(std::string& out, std::uint64_t attempt);
void append_leave(std::string& out);
void append_renew(std::string& out, std::int64_t lease_until_ms);
void append_state(std::string& out, const KeeperState& state);
void append_started(std::string& out, const StartedNotice& notice, MessageKind kind = MessageKind::started);
void append_ended(std::string& out, const Ending& ending);

// Takes one frame off the front of `buffer` (from `position`, which moves). Nothing: it is not whole yet. A kind that there is not stays as it is.
// Errors: corrupt, too_large.
Result<std::optional<Message>> take_message(std::string_view buffer, std::size_t& position);

// 16 random bytes, hexadecimal.
std::string random_id();

std::int64_t wall_now_us();
std::int64_t steady_now_ms();

}  // namespace scoria::node
