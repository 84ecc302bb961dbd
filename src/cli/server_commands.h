// The commands of a server's machine: `scoria server`, `scoria account show`, and `scoria node`, which joins a machine to a pool (the
// commands about a server's nodes stand below it). Threads: one call per process.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/context.h"

namespace scoria::cli {

void add_server_commands(CLI::App& app, Command& chosen, const Context& context);
void add_node_command(CLI::App& app, Command& chosen, const Context& context);

}  // namespace scoria::cli
