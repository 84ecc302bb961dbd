// `scoria task ...`
#include <cstdio>

#include "cli/client/commands.h"
#include "cli/client/view.h"
#include "cli/client/waiting.h"

namespace scoria::cli {
namespace {

const std::vector<Column> kTaskColumns = {{"TASK", "id"},
                                          {"STATE", "state"},
                                          {"RESULT", "executionInfo/result"},
                                          {"EXIT", "executionInfo/exitCode"},
                                          {"RETRIES", "executionInfo/retryCount"},
                                          {"NODE", "nodeInfo/nodeId"},
                                          {"STARTED", "executionInfo/startTime"},
                                          {"ENDED", "executionInfo/endTime"},
                                          {"FAILURE", "executionInfo/failureInfo/code"}};

struct TaskOptions : ClientOptions {
  std::string job;
  std::string task;
};

struct NewTaskOptions : TaskOptions {
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::vector<std::string> after;
  std::vector<std::string> files;
  int slots = 1;
  int retries = -2;
  std::string wall_clock;
  bool is_single_writer = false;
  std::string container;
  std::string json_file;
};

Result<Json> task_body(const NewTaskOptions& options) {
  if (!options.json_file.empty()) return read_json_body(options.json_file);
  if (options.command.empty()) return Error{Code::invalid, "what shall it run? Give -- COMMAND ARGUMENTS"};
  // One argument is a command line as it is; several are quoted so that they stay several.
  Json body = {
      {"id", options.task},
      {"commandLine", options.command.size() == 1 ? options.command.front() : join_command_line(options.command)},
      {"requiredSlots", options.slots}};
  for (const std::string& setting : options.environment) {
    SCORIA_TRY(pair, name_and_value("--env", setting));
    body["environmentSettings"].push_back({{"name", pair.first}, {"value", pair.second}});
  }
  for (const std::string& file : options.files) {
    SCORIA_TRY(pair, name_and_value("--resource", file));
    body["resourceFiles"].push_back({{"filePath", pair.first}, {"httpUrl", pair.second}});
  }
  if (!options.after.empty()) body["dependsOn"] = {{"taskIds", options.after}};
  if (options.retries >= -1) body["constraints"]["maxTaskRetryCount"] = options.retries;
  if (!options.wall_clock.empty()) body["constraints"]["maxWallClockTime"] = options.wall_clock;
  if (options.is_single_writer) body["constraints"]["singleWriter"] = true;
  if (!options.container.empty()) body["containerSettings"] = {{"imageName", options.container}};
  return body;
}

void add_task_create(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<NewTaskOptions>();
  CLI::App* command = group.add_subcommand("create", "Add a task, one command line, to a job");
  command->add_option("JOB", options->job)->required();
  command->add_option("--id", options->task, "the task's name");
  command->add_option("COMMAND", options->command, "the program and its arguments, after --; no shell is between");
  command->add_option("--env", options->environment, "NAME=VALUE; may be repeated")->allow_extra_args(false);
  command->add_option("--after", options->after, "tasks that must succeed first, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--resource", options->files, "a file to fetch first, PATH=URL; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--slots", options->slots, "slots of the node that it takes")->capture_default_str();
  command->add_option("--retries", options->retries, "how often it is run again when it fails (default: the job's)")
      ->default_str("");
  command->add_option("--wall-clock", options->wall_clock, "longest time that it may take, such as PT10M");
  command->add_flag(
      "--single-writer", options->is_single_writer,
      "never run it twice at the same time, not even when a node is lost: it is ended where the server is silent");
  command->add_option("--container", options->container, "image to run it in");
  command->add_option("--json-file", options->json_file, "the whole task as the API's JSON; - is standard input");
  add_client_options(*command, *options);
  command->footer("Example: scoria task create j --id t1 --env YEAR=2026 -- Rscript forecast.R 1 50");
  on_chosen(command, chosen, options, [options](Connection& server) -> Status {
    if (options->task.empty() && options->json_file.empty())
      return Error{Code::invalid, "which task? Give --id or --json-file"};
    SCORIA_TRY(body, task_body(*options));
    SCORIA_TRY_STATUS(server.send("POST", path_of({"jobs", options->job, "tasks"}), body));
    say(*options, "task " + body.value("id", options->task) + " is added to job " + options->job);
    return Ok{};
  });
}

void add_list(CLI::App& group, Command& chosen, const Context& context) {
  struct Options : TaskOptions {
    std::string state;
    bool failed = false;
    std::size_t limit = 0;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = group.add_subcommand("list", "List a job's tasks");
  command->add_option("JOB", options->job)->required();
  command->add_option("--state", options->state, "active, preparing, running, completed");
  command->add_flag("--failed", options->failed, "only those that failed");
  command->add_option("--limit", options->limit, "at most so many (default: all)")->default_str("");
  add_client_options(*command, *options, /*watches=*/true);
  on_chosen(command, chosen, options, [options, &context](Connection&) {
    return show_list(*options, context, kTaskColumns, [options](Connection& server) {
      std::string filter;
      if (!options->state.empty()) filter = "state eq '" + options->state + "'";
      if (options->failed) filter += (filter.empty() ? "" : " and ") + std::string("executionInfo/result eq 'failure'");
      Query query;
      if (!filter.empty()) query.emplace_back("$filter", filter);
      return server.list(path_of({"jobs", options->job, "tasks"}), query, options->limit);
    });
  });
}

void add_task_action(CLI::App& group, Command& chosen, const std::string& name, const std::string& about,
                     const std::string& method, const std::string& verb, const std::string& said) {
  auto options = std::make_shared<TaskOptions>();
  CLI::App* command = group.add_subcommand(name, about);
  command->add_option("JOB", options->job)->required();
  command->add_option("TASK", options->task)->required();
  add_client_options(*command, *options);
  on_chosen(command, chosen, options, [options, method, verb, said](Connection& server) -> Status {
    std::string path = path_of({"jobs", options->job, "tasks", options->task});
    if (!verb.empty()) path += "/" + verb;
    SCORIA_TRY_STATUS(server.send(method, path));
    say(*options, "task " + options->task + " of job " + options->job + " " + said);
    return Ok{};
  });
}

// Prints a task's output; with `follow` until the task is completed and all of it is printed.
Status print_log(Connection& server, const TaskOptions& options, const Context& context, const std::string& file,
                 bool follow) {
  const std::string task = path_of({"jobs", options.job, "tasks", options.task});
  std::uint64_t offset = 0;
  for (;;) {
    bool is_over = true;
    if (follow) {
      SCORIA_TRY(document, server.get(task, {{"$select", "state"}}));
      is_over = document.value("state", "") == "completed";
    }
    for (;;) {
      auto bytes = server.read_file(task + "/files/" + file, offset);
      if (!bytes.ok()) {
        const std::string& code = bytes.error().api_code;
        // A task that has not started has no files yet.
        const bool is_early =
            code == "OperationInvalidForCurrentState" || code == "FileNotFound" || code == "TaskFilesUnavailable";
        if (!follow || !is_early || is_over) return std::move(bytes).error();
        break;
      }
      if (bytes.value().empty()) break;
      std::fwrite(bytes.value().data(), 1, bytes.value().size(), stdout);
      std::fflush(stdout);
      offset += bytes.value().size();
    }
    if (is_over) return Ok{};
    if (!sleep_unless_stopped(context, 200)) return Ok{};
  }
}

void add_logs(CLI::App& group, Command& chosen, const Context& context) {
  struct Options : TaskOptions {
    bool follow = false;
    bool errors = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = group.add_subcommand("logs", "Print what a task wrote");
  command->add_option("JOB", options->job)->required();
  command->add_option("TASK", options->task)->required();
  command->add_flag("-f,--follow", options->follow, "go on until the task has ended");
  command->add_flag("--stderr", options->errors, "its standard error instead of its standard output");
  add_client_options(*command, *options);
  on_chosen(command, chosen, options, [options, &context](Connection& server) {
    return print_log(server, *options, context, options->errors ? "stderr.txt" : "stdout.txt", options->follow);
  });
}

}  // namespace

void add_task_commands(CLI::App& app, Command& chosen, const Context& context) {
  CLI::App* group = add_group(app, "task", "Tasks: create, list, show, logs, terminate, reactivate, delete");
  add_task_create(*group, chosen);
  add_list(*group, chosen, context);
  {
    auto options = std::make_shared<TaskOptions>();
    CLI::App* command = group->add_subcommand("show", "Show one task");
    command->add_option("JOB", options->job)->required();
    command->add_option("TASK", options->task)->required();
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_one(*options, context, [options](Connection& server) {
        return server.get(path_of({"jobs", options->job, "tasks", options->task}));
      });
    });
  }
  add_logs(*group, chosen, context);
  add_task_action(*group, chosen, "terminate", "End a task", "POST", "terminate", "ends");
  add_task_action(*group, chosen, "reactivate", "Run a failed task again", "POST", "reactivate", "runs again");
  add_task_action(*group, chosen, "delete", "Delete a task and its files", "DELETE", "", "is deleted");
}

}  // namespace scoria::cli
