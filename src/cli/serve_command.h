// `scoria serve MODEL...`: models behind a URL of this machine. Threads: free function.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/context.h"

namespace scoria::cli {

void add_serve_command(CLI::App& app, Command& chosen, const Context& context);

}  // namespace scoria::cli
