#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/access_commands.h"
#include "cli/client/commands.h"
#include "cli/command.h"
#include "cli/scoring_commands.h"
#include "cli/serve_command.h"
#include "cli/server_commands.h"
#include "cli/upkeep_commands.h"
#include "cli/worker_commands.h"

namespace scoria::cli {
namespace {

constexpr int kBadUsage = 2;
constexpr int kInterrupted = 130;

}  // namespace

int run_command_line(int argc, const char* const* argv, Context context) {
  CLI::App app(
      "Scoria scores the models that R and Python save, without them, with the same numbers; and runs batch jobs on "
      "your "
      "own machines.",
      "scoria");
  app.set_version_flag("--version", std::string("scoria ") + SCORIA_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Command chosen;
  add_scoring_commands(app, chosen, context);
  add_server_commands(app, chosen, context);
  add_upkeep_commands(app, chosen, context);
  add_pool_commands(app, chosen, context);
  add_node_command(app, chosen, context);
  add_job_commands(app, chosen, context);
  add_task_commands(app, chosen, context);
  add_schedule_commands(app, chosen, context);
  add_blob_commands(app, chosen, context);
  add_file_commands(app, chosen, context);
  add_submit_command(app, chosen, context);
  add_usage_commands(app, chosen, context);
  add_secret_commands(app, chosen, context);
  add_principal_commands(app, chosen, context);
  add_service_commands(app, chosen, context);
  add_access_commands(app, chosen, context);
  add_worker_commands(app, chosen, context);
  add_serve_command(app, chosen, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  const Status status = chosen.run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "scoria %s: %s\n", chosen.name.c_str(), status.error().message.c_str());
  return context.stop.stop_requested() ? kInterrupted : chosen.exit_code;
}

}  // namespace scoria::cli
