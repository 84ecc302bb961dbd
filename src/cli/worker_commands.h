// `scoria workers ...` and what `scoria --help` says of call-r and call-py, which are processes of their own (worker/processes.h). Threads: free functions.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/context.h"

namespace scoria::cli {

void add_worker_commands(CLI::App& app, Command& chosen, const Context& context);

}  // namespace scoria::cli
