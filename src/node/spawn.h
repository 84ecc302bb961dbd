// Starts one process for an attempt: own session and process group, own output files, and nothing of ours but what it is given.
// By vfork, whose price does not grow with the memory of who starts.
// Threads: one caller at a time. Borrows: everything, for the length of the call.
#pragma once

#include <sys/types.h>

#include <span>

#include "base/result.h"
#include "node/keeper_protocol.h"

namespace scoria::node {

// What the new process writes of itself into the spool before it becomes its program, in this form, so that no moment is left in which it
// runs and nothing tells of it.
struct BirthRecord {
  std::uint32_t size;  // of what follows
  std::uint8_t kind;   // kBirth
  std::uint64_t attempt;
  std::int32_t pid;
  std::int64_t born_ms;  // CLOCK_BOOTTIME: the process was started at this time or up to two seconds before
} __attribute__((packed));
inline constexpr std::uint8_t kBirth = 2;

struct SpawnSurroundings {
  int spool = -1;                       // opened for appending
  int null_device = -1;                 // becomes standard input
  std::span<const int> cgroup_procs{};  // files that take the process' id
};

// Errors: api_code CommandProgramNotFound or CommandLaunchFailed, saying which file and why.
Result<pid_t> spawn(const StartCommand& command, const SpawnSurroundings& surroundings);

// A program of ours, with our own environment, whose output nobody reads; a process group of its own. Errors: not_found.
Result<pid_t> spawn_quietly(const std::vector<std::string>& arguments);

// The part of it that runs in the new process, up to the program itself; shared with the warm scorer. Returns 0, or errno; `failed_step` is
// what could not be done.
int settle_in(const StartCommand& command, const SpawnSurroundings& surroundings, const char*& failed_step);

std::int64_t boot_now_ms();

}  // namespace scoria::node
