// The commands that look after a server's data folder: `scoria backup`, `restore` and `doctor`. Threads: one call per process.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/context.h"

namespace scoria::cli {

void add_upkeep_commands(CLI::App& app, Command& chosen, const Context& context);

}  // namespace scoria::cli
