// `scoria pool ...`
#include "base/file.h"
#include "cli/client/commands.h"
#include "cli/client/view.h"
#include "sched/autoscale.h"

namespace scoria::cli {
namespace {

const std::vector<Column> kPoolColumns = {{"POOL", "id"},
                                          {"STATE", "state"},
                                          {"ALLOCATION", "allocationState"},
                                          {"SIZE", "vmSize"},
                                          {"SLOTS", "taskSlotsPerNode"},
                                          {"NODES", "currentDedicatedNodes"},
                                          {"TARGET", "targetDedicatedNodes"},
                                          {"LOW-PRIORITY", "currentLowPriorityNodes"},
                                          {"TARGET", "targetLowPriorityNodes"},
                                          {"AUTOSCALE", "enableAutoScale"}};

struct NewPoolOptions : ClientOptions {
  std::string id;
  int nodes = 0;
  int low_priority = 0;
  int slots = 1;
  std::string size = "standard_a1_v2";
  std::string provider;
  std::string formula;
  std::string preset;
  int min = -1;
  int max = -1;
  std::string idle = "PT2M";
  std::string start;
  std::string packages;
  std::string json_file;
  std::vector<std::string> environment;
  bool pack = false;
};

// A formula as written, or "@FILE".
Result<std::string> formula_text(const std::string& text) {
  if (!text.starts_with('@')) return text;
  SCORIA_TRY(bytes, FileBytes::open(text.substr(1)));
  return std::string(bytes.text());
}

Status put_scaling(const NewPoolOptions& options, Json& body) {
  const int ways = static_cast<int>(!options.formula.empty()) + static_cast<int>(!options.preset.empty()) +
                   static_cast<int>(options.max >= 0 && options.preset.empty());
  if (ways > 1) return Error{Code::invalid, "--formula, --preset and --min/--max are three ways to scale: give one"};
  if (!options.formula.empty() || !options.preset.empty()) {
    body["enableAutoScale"] = true;
    if (!options.formula.empty()) {
      SCORIA_TRY(text, formula_text(options.formula));
      body["autoScaleFormula"] = text;
    } else {
      const int max = options.max >= 0 ? options.max : options.nodes;
      SCORIA_TRY(text, sched::preset_formula(options.preset, {.dedicated_min = std::max(options.min, 0),
                                                              .dedicated_max = max,
                                                              .task_slots_per_node = options.slots}));
      body["autoScaleFormula"] = text;
    }
    body["autoScaleEvaluationInterval"] = "PT5M";
  } else if (options.max >= 0) {
    body["scaleBetween"] = {{"min", std::max(options.min, 0)}, {"max", options.max}, {"idle", options.idle}};
  } else if (options.provider != "joined") {
    body["targetDedicatedNodes"] = options.nodes;
    body["targetLowPriorityNodes"] = options.low_priority;
  }
  return Ok{};
}

Result<Json> pool_body(const NewPoolOptions& options) {
  if (!options.json_file.empty()) return read_json_body(options.json_file);
  Json body = {{"id", options.id},
               {"vmSize", options.size},
               {"taskSlotsPerNode", options.slots},
               {"virtualMachineConfiguration",
                {{"imageReference",
                  {{"publisher", "scoria"}, {"offer", "host"}, {"sku", "this-machine"}, {"version", "latest"}}},
                 {"nodeAgentSKUId", "batch.node.debian 12"}}}};
  if (!options.packages.empty()) body["metadata"] = {{{"name", "SCORIA_PACKAGE_SET"}, {"value", options.packages}}};
  if (options.pack) body["taskSchedulingPolicy"] = {{"nodeFillType", "pack"}};
  if (!options.provider.empty()) body["provider"] = options.provider;
  SCORIA_TRY_STATUS(put_scaling(options, body));
  if (!options.start.empty()) {
    body["startTask"] = {{"commandLine", options.start}, {"waitForSuccess", true}, {"maxTaskRetryCount", 0}};
    for (const std::string& setting : options.environment) {
      SCORIA_TRY(pair, name_and_value("--env", setting));
      body["startTask"]["environmentSettings"].push_back({{"name", pair.first}, {"value", pair.second}});
    }
  }
  return body;
}

void add_pool_create(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<NewPoolOptions>();
  CLI::App* command = group.add_subcommand("create", "Make a pool of nodes");
  command->add_option("ID", options->id, "the pool's name");
  command->add_option("--nodes", options->nodes, "dedicated nodes")->check(CLI::NonNegativeNumber);
  command
      ->add_option("--low-priority", options->low_priority, "low-priority nodes: they hold what dedicated ones leave")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--slots", options->slots, "tasks at once on a node")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--size", options->size, "resource class of a node, by Azure's names or the server's own")
      ->capture_default_str();
  command->add_option("--provider", options->provider,
                      "where nodes come from: local (default), or joined: machines that run `scoria node`");
  command->add_option("--formula", options->formula, "autoscale formula, or @FILE");
  command->add_option("--preset", options->preset,
                      "autoscale by a preset: QUEUE, QUEUE_AND_RUNNING, WORKDAY, WEEKEND, MAX_CPU, SCALE_TO_ZERO");
  command->add_option("--min", options->min, "fewest nodes; with --max: as many as the queue needs");
  command->add_option("--max", options->max, "most nodes");
  command->add_option("--idle", options->idle, "how long a node is kept without work")->capture_default_str();
  command->add_option("--start", options->start, "command line that prepares each node (start task)");
  command->add_option("--env", options->environment, "environment of the start task, NAME=VALUE; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--packages", options->packages,
                      "R or Python packages that its tasks find, such as \"r: caret gbm\"");
  command->add_flag("--pack", options->pack, "fill a node before the next gets tasks");
  command->add_option("--json-file", options->json_file, "the whole pool as the API's JSON; - is standard input");
  add_client_options(*command, *options);
  command->footer(
      "Examples: scoria pool create p --nodes 1 --slots 2\n          scoria pool create q --min 0 --max 4 --idle PT2M");
  on_chosen(command, chosen, options, [options](Connection& server) -> Status {
    if (options->id.empty() && options->json_file.empty())
      return Error{Code::invalid, "which pool? Give an ID or --json-file"};
    SCORIA_TRY(body, pool_body(*options));
    SCORIA_TRY_STATUS(server.send("POST", "/pools", body));
    say(*options, "pool " + body.value("id", options->id) + " is made");
    return Ok{};
  });
}

void add_resize(CLI::App& group, Command& chosen) {
  struct Options : ClientOptions {
    std::string id;
    int nodes = -1;
    int low_priority = -1;
    std::string option = "requeue";
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = group.add_subcommand("resize", "Change how many nodes a pool shall have");
  command->add_option("ID", options->id)->required();
  command->add_option("--nodes", options->nodes, "dedicated nodes");
  command->add_option("--low-priority", options->low_priority, "low-priority nodes");
  command
      ->add_option("--deallocation", options->option,
                   "what becomes of tasks on nodes that go: requeue, terminate, taskcompletion")
      ->capture_default_str();
  add_client_options(*command, *options);
  on_chosen(command, chosen, options, [options](Connection& server) -> Status {
    Json body = {{"nodeDeallocationOption", options->option}};
    if (options->nodes >= 0) body["targetDedicatedNodes"] = options->nodes;
    if (options->low_priority >= 0) body["targetLowPriorityNodes"] = options->low_priority;
    SCORIA_TRY_STATUS(server.send("POST", path_of({"pools", options->id, "resize"}), body));
    say(*options, "pool " + options->id + " is resizing");
    return Ok{};
  });
}

void add_autoscale(CLI::App& group, Command& chosen, const Context& context) {
  struct Options : ClientOptions {
    std::string id;
    std::string formula;
    std::string interval;
    bool off = false;
    bool dry_run = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = group.add_subcommand("autoscale", "Set, try or switch off a pool's autoscale formula");
  command->add_option("ID", options->id)->required();
  command->add_option("FORMULA", options->formula, "the formula, or @FILE");
  command->add_option("--interval", options->interval, "time between evaluations, PT5M to P7D");
  command->add_flag("--off", options->off, "switch autoscale off");
  command->add_flag("--dry-run", options->dry_run, "evaluate the formula and change nothing");
  add_client_options(*command, *options);
  on_chosen(command, chosen, options, [options, &context](Connection& server) -> Status {
    if (options->off) {
      SCORIA_TRY_STATUS(server.send("POST", path_of({"pools", options->id, "disableautoscale"})));
      say(*options, "pool " + options->id + " keeps the nodes it has");
      return Ok{};
    }
    if (options->formula.empty()) return Error{Code::invalid, "which formula? Give one, or --off"};
    SCORIA_TRY(text, formula_text(options->formula));
    Json body = {{"autoScaleFormula", text}};
    if (options->dry_run) {
      return show_one(*options, context, [&](Connection& on) -> Result<Json> {
        SCORIA_TRY(answer, on.send("POST", path_of({"pools", options->id, "evaluateautoscale"}), body));
        return Json::parse(answer.body, nullptr, false);
      });
    }
    if (!options->interval.empty()) body["autoScaleEvaluationInterval"] = options->interval;
    SCORIA_TRY_STATUS(server.send("POST", path_of({"pools", options->id, "enableautoscale"}), body));
    say(*options, "pool " + options->id + " scales by its formula");
    return Ok{};
  });
}

}  // namespace

void add_pool_commands(CLI::App& app, Command& chosen, const Context& context) {
  CLI::App* group = add_group(app, "pool", "Pools of nodes: create, list, show, resize, autoscale, delete");
  add_pool_create(*group, chosen);
  {
    auto options = std::make_shared<ClientOptions>();
    CLI::App* command = group->add_subcommand("list", "List the pools");
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_list(*options, context, kPoolColumns, [](Connection& server) { return server.list("/pools"); });
    });
  }
  struct One : ClientOptions {
    std::string id;
  };
  {
    auto options = std::make_shared<One>();
    CLI::App* command = group->add_subcommand("show", "Show one pool");
    command->add_option("ID", options->id)->required();
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_one(*options, context, [options](Connection& server) {
        return server.get(path_of({"pools", options->id}));
      });
    });
  }
  add_resize(*group, chosen);
  add_autoscale(*group, chosen, context);
  {
    auto options = std::make_shared<One>();
    CLI::App* command = group->add_subcommand("delete", "Delete a pool; its nodes are released");
    command->add_option("ID", options->id)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY_STATUS(server.send("DELETE", path_of({"pools", options->id})));
      say(*options, "pool " + options->id + " is being deleted");
      return Ok{};
    });
  }
}

}  // namespace scoria::cli
