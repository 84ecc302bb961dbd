// The commands that score and inspect without a server: score, inspect, pack, run, evaluate. Threads: one call per process.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/context.h"

namespace scoria::cli {

void add_scoring_commands(CLI::App& app, Command& chosen, Context& context);

}  // namespace scoria::cli
