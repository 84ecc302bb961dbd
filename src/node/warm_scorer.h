// The warm scorer: a process with the program loaded that becomes a task by forking, where starting the program anew would cost many times
// as much. Each child is a child of the keeper that asked (clone with CLONE_PARENT), in its own session with its own files, environment and
// limits, and calls what a process of the command line would call.
// Threads: run_warm_scorer() must be called before a thread exists in the process. Borrows: the descriptor, until it returns.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::node {

struct ScorerConfig {
  int descriptor = 3;  // the keeper's socket
  // The command line's entry point, called in the child; its result is the exit code. May start threads.
  std::function<int(int argc, char** argv)> entry;
  // Called once before the first task: what is worth having in memory. May be empty. Must start no thread.
  std::function<void()> warm_up;
};

// Until the keeper closes the socket.
Status run_warm_scorer(const ScorerConfig& config);

// `scoria warm-scorer --fd N`: what main() calls with all of its own arguments, before it starts a thread. Returns the exit code.
int warm_scorer_main(int argc, char** argv, std::function<int(int argc, char** argv)> entry);

}  // namespace scoria::node
