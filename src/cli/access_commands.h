// `scoria user`, `scoria key` and `scoria access`: who may use services and the server, in an access folder (--access) or of a running server.
// Threads: one call per process.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/context.h"

namespace scoria::cli {

void add_access_commands(CLI::App& app, Command& chosen, const Context& context);

}  // namespace scoria::cli
