// The commands of a server's client, each group in a file of its name: pool, node, job, task, schedule, blob, file, usage, secret, principal,
// service, submit.
// Threads: one call per process.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/context.h"

namespace scoria::cli {

void add_pool_commands(CLI::App& app, Command& chosen, const Context& context);
// Adds to the command "node", which by itself joins this machine to a pool.
void add_node_commands(CLI::App& node, Command& chosen, const Context& context);
void add_job_commands(CLI::App& app, Command& chosen, const Context& context);
void add_task_commands(CLI::App& app, Command& chosen, const Context& context);
void add_schedule_commands(CLI::App& app, Command& chosen, const Context& context);
void add_blob_commands(CLI::App& app, Command& chosen, const Context& context);
void add_file_commands(CLI::App& app, Command& chosen, const Context& context);
void add_usage_commands(CLI::App& app, Command& chosen, const Context& context);
void add_secret_commands(CLI::App& app, Command& chosen, const Context& context);
void add_principal_commands(CLI::App& app, Command& chosen, const Context& context);
void add_service_commands(CLI::App& app, Command& chosen, const Context& context);
void add_submit_command(CLI::App& app, Command& chosen, const Context& context);

}  // namespace scoria::cli
