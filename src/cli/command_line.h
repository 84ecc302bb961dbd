// The program's commands and options. Each command is a struct of options and a function in a file of its name.
// Threads: one call per process.
#pragma once

#include "cli/context.h"

namespace scoria::cli {

// Runs the command that argv names; prints errors to standard error.
// Returns 0; 1 when the command failed; 2 when the options make no sense; 130 when it was interrupted.
int run_command_line(int argc, const char* const* argv, Context context);

}  // namespace scoria::cli
