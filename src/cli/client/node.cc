// `scoria node list ...`
#include "cli/client/commands.h"
#include "cli/client/view.h"

namespace scoria::cli {
namespace {

const std::vector<Column> kNodeColumns = {{"NODE", "id"},
                                          {"STATE", "state"},
                                          {"SCHEDULING", "schedulingState"},
                                          {"DEDICATED", "isDedicated"},
                                          {"SIZE", "vmSize"},
                                          {"TASKS", "runningTasksCount"},
                                          {"SLOTS", "runningTaskSlotsCount"},
                                          {"RUN", "totalTasksRun"},
                                          {"SINCE", "stateTransitionTime"}};

struct NodeOptions : ClientOptions {
  std::string pool;
  std::string node;
  std::string option;
};

// A command that asks something of one node: POST /pools/P/nodes/N/VERB.
void add_node_action(CLI::App& group, Command& chosen, const std::string& name, const std::string& about,
                     const std::string& verb, const std::string& field, const std::string& said) {
  auto options = std::make_shared<NodeOptions>();
  options->option = "requeue";
  CLI::App* command = group.add_subcommand(name, about);
  command->add_option("POOL", options->pool)->required();
  command->add_option("NODE", options->node)->required();
  if (!field.empty()) {
    command->add_option("--tasks", options->option, "what becomes of its tasks: requeue, terminate, taskcompletion")
        ->capture_default_str();
  }
  add_client_options(*command, *options);
  on_chosen(command, chosen, options, [options, verb, field, said](Connection& server) -> Status {
    const bool is_ours = verb.starts_with("scoria:");
    const std::string path =
        is_ours ? "/scoria/v1" + path_of({"pools", options->pool, "nodes", options->node, verb.substr(7)})
                : path_of({"pools", options->pool, "nodes", options->node, verb});
    SCORIA_TRY_STATUS(server.send("POST", path, field.empty() ? Json() : Json{{field, options->option}}));
    say(*options, "node " + options->node + " " + said);
    return Ok{};
  });
}

}  // namespace

void add_node_commands(CLI::App& group, Command& chosen, const Context& context) {
  {
    auto options = std::make_shared<NodeOptions>();
    CLI::App* command = group.add_subcommand("list", "List a pool's nodes");
    command->add_option("POOL", options->pool)->required();
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_list(*options, context, kNodeColumns, [options](Connection& server) {
        return server.list(path_of({"pools", options->pool, "nodes"}));
      });
    });
  }
  {
    auto options = std::make_shared<NodeOptions>();
    CLI::App* command = group.add_subcommand("show", "Show one node");
    command->add_option("POOL", options->pool)->required();
    command->add_option("NODE", options->node)->required();
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_one(*options, context, [options](Connection& server) {
        return server.get(path_of({"pools", options->pool, "nodes", options->node}));
      });
    });
  }
  add_node_action(group, chosen, "reboot", "Restart a node", "reboot", "nodeRebootOption", "restarts");
  add_node_action(group, chosen, "reimage", "Restart a node with an empty folder", "reimage", "nodeReimageOption",
                  "starts anew");
  add_node_action(group, chosen, "disable", "Give a node no more tasks", "disablescheduling",
                  "nodeDisableSchedulingOption", "gets no more tasks");
  add_node_action(group, chosen, "enable", "Give a node tasks again", "enablescheduling", "", "gets tasks again");
  add_node_action(group, chosen, "preempt", "Take a low-priority node away, as a cloud would", "scoria:preempt", "",
                  "is preempted");
  {
    auto options = std::make_shared<NodeOptions>();
    options->option = "requeue";
    CLI::App* command = group.add_subcommand("remove", "Take a node out of its pool");
    command->add_option("POOL", options->pool)->required();
    command->add_option("NODE", options->node)->required();
    command->add_option("--tasks", options->option, "what becomes of its tasks: requeue, terminate, taskcompletion")
        ->capture_default_str();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY_STATUS(server.send("POST", path_of({"pools", options->pool, "removenodes"}),
                                    {{"nodeList", {options->node}}, {"nodeDeallocationOption", options->option}}));
      say(*options, "node " + options->node + " leaves pool " + options->pool);
      return Ok{};
    });
  }
  {
    auto options = std::make_shared<NodeOptions>();
    CLI::App* command =
        group.add_subcommand("token", "Make a token by which machines join a pool (scoria node --token-file)");
    command->add_option("POOL", options->pool)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY(answer, server.send("POST", "/scoria/v1" + path_of({"pools", options->pool, "token"})));
      const Json json = Json::parse(answer.body, nullptr, false);
      std::printf("%s\n", options->json ? json.dump(2).c_str() : json.value("token", "").c_str());
      return Ok{};
    });
  }
}

}  // namespace scoria::cli
