// Runs a program of ours (podman), not of a task, to its end.
// Threads: free functions, each waiting for the program.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::node {

struct ProgramOutcome {
  int exit_code = 0;
  std::string output;  // both streams, at most 64 KiB from the end
};
// With our own environment. Errors: not_found, deadline (or cancelled), unavailable.
Result<ProgramOutcome> run_program(const std::vector<std::string>& arguments, std::chrono::seconds timeout,
                                   const std::atomic<bool>* is_cancelled);

// For a message: what a program said last, at most 500 characters.
std::string last_line(const std::string& output);

}  // namespace scoria::node
