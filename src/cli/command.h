// One subcommand of the program: chosen by argv, run once its options are read. Threads: plain values.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace scoria::cli {

struct Command {
  std::string name;  // for messages: "pool create"
  std::function<Status()> run;
  int exit_code = 1;  // of a failure; `run` may set another
};

}  // namespace scoria::cli
