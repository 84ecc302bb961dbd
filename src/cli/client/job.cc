// `scoria job ...`
#include <thread>

#include "cli/client/commands.h"
#include "cli/client/view.h"
#include "cli/client/waiting.h"

namespace scoria::cli {
namespace {

const std::vector<Column> kJobColumns = {{"JOB", "id"},
                                         {"STATE", "state"},
                                         {"POOL", "poolInfo/poolId"},
                                         {"PRIORITY", "priority"},
                                         {"CREATED", "creationTime"},
                                         {"ENDED", "executionInfo/endTime"},
                                         {"WHY", "executionInfo/terminateReason"}};

struct JobOptions : ClientOptions {
  std::string job;
  std::string option;
};

struct NewJobOptions : ClientOptions {
  std::string id;
  std::string pool;
  int priority = 0;
  int retries = 0;
  std::string wall_clock;
  bool dependencies = true;
  bool end_when_complete = false;
  std::vector<std::string> environment;
  std::string packages;
  std::string prepare;
  std::string release;
  std::vector<std::string> notify;
  std::string json_file;
};

Result<Json> job_body(const NewJobOptions& options) {
  if (!options.json_file.empty()) return read_json_body(options.json_file);
  if (options.pool.empty()) return Error{Code::invalid, "on which pool? Give --pool"};
  Json body = {{"id", options.id},
               {"poolInfo", {{"poolId", options.pool}}},
               {"priority", options.priority},
               {"usesTaskDependencies", options.dependencies},
               {"constraints", {{"maxTaskRetryCount", options.retries}}}};
  if (!options.wall_clock.empty()) body["constraints"]["maxWallClockTime"] = options.wall_clock;
  if (options.end_when_complete) body["onAllTasksComplete"] = "terminatejob";
  for (const std::string& setting : options.environment) {
    SCORIA_TRY(pair, name_and_value("--env", setting));
    body["commonEnvironmentSettings"].push_back({{"name", pair.first}, {"value", pair.second}});
  }
  if (!options.packages.empty()) {
    body["commonEnvironmentSettings"].push_back({{"name", "SCORIA_PACKAGE_SET"}, {"value", options.packages}});
  }
  if (!options.prepare.empty())
    body["jobPreparationTask"] = {{"commandLine", options.prepare}, {"waitForSuccess", true}};
  if (!options.release.empty()) body["jobReleaseTask"] = {{"commandLine", options.release}};
  for (const std::string& url : options.notify) body["notifications"].push_back({{"url", url}});
  return body;
}

void add_job_create(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<NewJobOptions>();
  CLI::App* command = group.add_subcommand("create", "Make a job, which tasks are then added to");
  command->add_option("ID", options->id, "the job's name");
  command->add_option("--pool", options->pool, "the pool that runs it");
  command->add_option("--priority", options->priority, "-1000 to 1000: higher ones go first")
      ->check(CLI::Range(-1000, 1000));
  command->add_option("--retries", options->retries, "how often a failed task is run again; -1: until it succeeds")
      ->capture_default_str();
  command->add_option("--wall-clock", options->wall_clock, "longest time that the job may take, such as PT2H");
  command->add_flag("--end-when-complete", options->end_when_complete, "the job ends when all its tasks have");
  command->add_option("--env", options->environment, "environment of its tasks, NAME=VALUE; may be repeated")
      ->allow_extra_args(false);
  command->add_option(
      "--packages", options->packages,
      "R or Python packages that its tasks find: \"r: caret gbm\", \"python: pandas==2.2.3\", or the name of an "
      "renv.lock or requirements.txt among its tasks' files");
  command->add_option("--prepare", options->prepare, "command line to run on a node before the job's first task there");
  command->add_option("--release", options->release, "command line to run on those nodes when the job has ended");
  command->add_option("--notify", options->notify, "URL that hears of its end (signed webhook); may be repeated")
      ->allow_extra_args(false);
  command->add_option("--json-file", options->json_file, "the whole job as the API's JSON; - is standard input");
  add_client_options(*command, *options);
  command->footer("Example: scoria job create j --pool p && scoria task create j --id t1 -- echo hello");
  on_chosen(command, chosen, options, [options](Connection& server) -> Status {
    if (options->id.empty() && options->json_file.empty())
      return Error{Code::invalid, "which job? Give an ID or --json-file"};
    SCORIA_TRY(body, job_body(*options));
    SCORIA_TRY_STATUS(server.send("POST", "/jobs", body));
    say(*options, "job " + body.value("id", options->id) + " is made");
    return Ok{};
  });
}

// POST /jobs/J/VERB with an optional field.
void add_job_action(CLI::App& group, Command& chosen, const std::string& name, const std::string& about,
                    const std::string& field, const std::string& option, const std::string& help,
                    const std::string& said) {
  auto options = std::make_shared<JobOptions>();
  CLI::App* command = group.add_subcommand(name, about);
  command->add_option("JOB", options->job)->required();
  if (!option.empty()) command->add_option(option, options->option, help);
  add_client_options(*command, *options);
  if (name == "disable") options->option = "requeue";
  on_chosen(command, chosen, options, [options, name, field, said](Connection& server) -> Status {
    Json body;
    if (!field.empty() && !options->option.empty()) body[field] = options->option;
    SCORIA_TRY_STATUS(server.send("POST", path_of({"jobs", options->job, name}), body));
    say(*options, "job " + options->job + " " + said);
    return Ok{};
  });
}

}  // namespace

void add_job_commands(CLI::App& app, Command& chosen, const Context& context) {
  CLI::App* group = add_group(app, "job", "Jobs: create, list, show, wait, disable, enable, terminate, delete");
  add_job_create(*group, chosen);
  {
    auto options = std::make_shared<JobOptions>();
    CLI::App* command = group->add_subcommand("list", "List the jobs");
    command->add_option("--state", options->option, "active, disabled, completed, ...");
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_list(*options, context, kJobColumns, [options](Connection& server) {
        Query query;
        if (!options->option.empty()) query.emplace_back("$filter", "state eq '" + options->option + "'");
        return server.list("/jobs", query);
      });
    });
  }
  {
    auto options = std::make_shared<JobOptions>();
    CLI::App* command = group->add_subcommand("show", "Show one job and how its tasks stand");
    command->add_option("JOB", options->job)->required();
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_one(*options, context, [options](Connection& server) -> Result<Json> {
        SCORIA_TRY(job, server.get(path_of({"jobs", options->job})));
        SCORIA_TRY(counts, server.get(path_of({"jobs", options->job, "taskcounts"})));
        job["taskCounts"] = counts["taskCounts"];
        return std::move(job);
      });
    });
  }
  {
    auto options = std::make_shared<JobOptions>();
    CLI::App* command =
        group->add_subcommand("wait", "Wait until a job's tasks are all completed; fails when one failed");
    command->add_option("JOB", options->job)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options, &context](Connection& server) -> Status {
      SCORIA_TRY(counts, wait_for_tasks(server, options->job, context));
      if (options->json) std::printf("%s\n", counts.dump(2).c_str());
      say(*options, "job " + options->job + ": " + std::to_string(counts.value("succeeded", 0)) + " tasks succeeded, " +
                        std::to_string(counts.value("failed", 0)) + " failed");
      if (counts.value("failed", 0) == 0) return Ok{};
      return Error{Code::conflict, std::to_string(counts.value("failed", 0)) + " of job '" + options->job +
                                       "' failed: see `scoria task list " + options->job + " --failed`"};
    });
  }
  add_job_action(*group, chosen, "terminate", "End a job and its running tasks", "terminateReason", "--reason",
                 "what its document will say", "ends");
  add_job_action(*group, chosen, "disable", "Run no more of a job's tasks", "disableTasks", "--tasks",
                 "what becomes of running ones: requeue, terminate, wait", "is being disabled");
  add_job_action(*group, chosen, "enable", "Run a disabled job's tasks again", "", "", "", "goes on");
  {
    auto options = std::make_shared<JobOptions>();
    CLI::App* command = group->add_subcommand("delete", "Delete a job with its tasks and their files");
    command->add_option("JOB", options->job)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY_STATUS(server.send("DELETE", path_of({"jobs", options->job})));
      say(*options, "job " + options->job + " is being deleted");
      return Ok{};
    });
  }
}

}  // namespace scoria::cli
