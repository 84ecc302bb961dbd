// `scoria usage` and `scoria secret ...`
#include <cstdio>
#include <iostream>
#include <iterator>

#include "cli/client/commands.h"
#include "cli/client/view.h"

namespace scoria::cli {
namespace {

const std::vector<Column> kPoolUsageColumns = {
    {"POOL", "poolId"}, {"KIND", "kind"}, {"STATE", "state"}, {"NODE-SECONDS", "nodeSeconds"}, {"COST", "cost"}};
const std::vector<Column> kJobUsageColumns = {{"JOB", "jobId"}, {"SLOT-SECONDS", "slotSeconds"}};

}  // namespace

void add_usage_commands(CLI::App& app, Command& chosen, const Context& context) {
  struct Options : ClientOptions {
    std::string from, to;
    bool jobs = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("usage", "What was used: node-seconds of pools, slot-seconds of jobs, and their price");
  command->add_option("--from", options->from, "from this time on (default: always)");
  command->add_option("--to", options->to, "up to this time (default: now)");
  command->add_flag("--jobs", options->jobs, "by job instead of by pool");
  add_client_options(*command, *options);
  command->callback([options, &chosen, &context] {
    chosen = {"usage", [options, &context]() -> Status {
                Query query;
                if (!options->from.empty()) query.emplace_back("from", options->from);
                if (!options->to.empty()) query.emplace_back("to", options->to);
                return show_list(
                    *options, context, options->jobs ? kJobUsageColumns : kPoolUsageColumns,
                    [&](Connection& server) -> Result<std::vector<Json>> {
                      SCORIA_TRY(report, server.get("/scoria/v1/usage", query));
                      return report.value(options->jobs ? "jobs" : "pools", Json::array()).get<std::vector<Json>>();
                    });
              }};
  });
}

void add_secret_commands(CLI::App& app, Command& chosen, const Context& context) {
  struct Options : ClientOptions {
    std::string name;
  };
  CLI::App* group = add_group(app, "secret", "Secrets that tasks get as secret:NAME: set, list, delete");
  {
    auto options = std::make_shared<Options>();
    CLI::App* command = group->add_subcommand("set", "Store a secret, read from standard input");
    command->add_option("NAME", options->name)->required();
    add_client_options(*command, *options);
    command->footer("Example: scoria secret set DB_PASSWORD < password.txt");
    on_chosen(command, chosen, options, [options, &context](Connection& server) -> Status {
      if (context.is_terminal) std::fprintf(stderr, "value, then Ctrl-D: ");
      std::string value(std::istreambuf_iterator<char>(std::cin), {});
      if (value.ends_with('\n')) value.pop_back();  // what an editor or echo puts at the end
      if (value.empty()) return Error{Code::invalid, "the value is empty; it is read from standard input"};
      SCORIA_TRY_STATUS(server.send("PUT", "/scoria/v1" + path_of({"secrets", options->name}), {{"value", value}}));
      say(*options, "secret " + options->name + " is stored");
      return Ok{};
    });
  }
  {
    auto options = std::make_shared<Options>();
    CLI::App* command = group->add_subcommand("list", "Names of the secrets; their values are never shown");
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_list(*options, context, {{"SECRET", "name"}, {"MODIFIED", "lastModified"}},
                       [](Connection& server) { return server.list("/scoria/v1/secrets"); });
    });
  }
  {
    auto options = std::make_shared<Options>();
    CLI::App* command = group->add_subcommand("delete", "Delete a secret");
    command->add_option("NAME", options->name)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY_STATUS(server.send("DELETE", "/scoria/v1" + path_of({"secrets", options->name})));
      say(*options, "secret " + options->name + " is deleted");
      return Ok{};
    });
  }
}

}  // namespace scoria::cli
