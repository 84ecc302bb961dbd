// What a command gets from the program around it: where to compute, when to stop, and whether a person is watching.
// Threads: shared by one command's threads. Borrows: everything.
#pragma once

#include <stop_token>
#include <string>

#include "base/executor.h"

namespace scoria::cli {

struct Context {
  Executor& executor;
  std::stop_token stop;      // Ctrl-C or SIGTERM: finish cleanly and leave nothing half-written
  bool is_terminal = false;  // standard error is one: progress may rewrite its line
  std::string command_line;  // for provenance
};

}  // namespace scoria::cli
