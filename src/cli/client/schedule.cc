// `scoria schedule ...`
#include "cli/client/commands.h"
#include "cli/client/view.h"

namespace scoria::cli {
namespace {

const std::vector<Column> kScheduleColumns = {{"SCHEDULE", "id"},
                                              {"STATE", "state"},
                                              {"EVERY", "schedule/recurrenceInterval"},
                                              {"CRON", "schedule/cron"},
                                              {"NEXT", "executionInfo/nextRunTime"},
                                              {"LAST JOB", "executionInfo/recentJob/id"}};

struct ScheduleOptions : ClientOptions {
  std::string id;
};

struct NewScheduleOptions : ScheduleOptions {
  std::string pool;
  std::string every;
  std::string cron;
  std::string zone;
  std::string overlap;
  std::string catch_up;
  std::string window;
  std::string from;
  std::string until;
  std::vector<std::string> command;
  std::string json_file;
};

Result<Json> schedule_body(const NewScheduleOptions& options) {
  if (!options.json_file.empty()) return read_json_body(options.json_file);
  if (options.pool.empty()) return Error{Code::invalid, "on which pool? Give --pool"};
  if (options.command.empty()) return Error{Code::invalid, "what shall it run? Give -- COMMAND ARGUMENTS"};
  if (options.every.empty() == options.cron.empty()) {
    return Error{Code::invalid, "when shall it run? Give --every, such as P7D, or --cron, such as '0 6 * * mon'"};
  }
  Json when = Json::object();
  const auto put = [&when](const char* name, const std::string& value) {
    if (!value.empty()) when[name] = value;
  };
  put("recurrenceInterval", options.every);
  put("cron", options.cron);
  put("timeZone", options.zone);
  put("overlap", options.overlap);
  put("catchUp", options.catch_up);
  put("startWindow", options.window);
  put("doNotRunUntil", options.from);
  put("doNotRunAfter", options.until);
  return Json{
      {"id", options.id},
      {"schedule", when},
      {"jobSpecification",
       {{"poolInfo", {{"poolId", options.pool}}},
        {"onAllTasksComplete", "terminatejob"},
        {"jobManagerTask",
         {{"id", "main"},
          {"commandLine", options.command.size() == 1 ? options.command.front() : join_command_line(options.command)},
          {"killJobOnCompletion", true},
          {"runExclusive", false},
          {"authenticationTokenSettings", {{"access", {"job"}}}}}}}}};
}

void add_schedule_create(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<NewScheduleOptions>();
  CLI::App* command = group.add_subcommand("create", "Run a command again and again, each time as a job of its own");
  command->add_option("ID", options->id, "the schedule's name");
  command->add_option("--pool", options->pool, "the pool that runs its jobs");
  command->add_option("--every", options->every, "time between jobs, PT1M or longer, such as P7D");
  command->add_option("--cron", options->cron, "minute hour day month weekday, such as '0 6 * * mon'");
  command->add_option("--time-zone", options->zone, "of --cron, such as Europe/Zurich (default UTC)");
  command->add_option("--overlap", options->overlap,
                      "of --cron, when a job is due while the last one runs: queueOne (default), skip, allow");
  command->add_option("--catch-up", options->catch_up,
                      "of --cron, what was missed while the server was down: last (default), none, all");
  command->add_option("--window", options->window, "a job that is not started within it is left out, such as PT1H");
  command->add_option("--from", options->from, "not before this time");
  command->add_option("--until", options->until, "not after this time");
  command->add_option("COMMAND", options->command, "the job's command, after --: it may add tasks to its own job");
  command->add_option("--json-file", options->json_file, "the whole schedule as the API's JSON; - is standard input");
  add_client_options(*command, *options);
  command->footer(
      "Example: scoria schedule create weekly --pool p --cron '0 6 * * mon' --time-zone Europe/Zurich -- scoria run "
      "plan.yaml");
  on_chosen(command, chosen, options, [options](Connection& server) -> Status {
    if (options->id.empty() && options->json_file.empty())
      return Error{Code::invalid, "which schedule? Give an ID or --json-file"};
    SCORIA_TRY(body, schedule_body(*options));
    SCORIA_TRY_STATUS(server.send("POST", "/jobschedules", body));
    say(*options, "schedule " + body.value("id", options->id) + " is made");
    return Ok{};
  });
}

void add_schedule_action(CLI::App& group, Command& chosen, const std::string& name, const std::string& about,
                         const std::string& method, const std::string& said) {
  auto options = std::make_shared<ScheduleOptions>();
  CLI::App* command = group.add_subcommand(name, about);
  command->add_option("ID", options->id)->required();
  add_client_options(*command, *options);
  on_chosen(command, chosen, options, [options, name, method, said](Connection& server) -> Status {
    std::string path = path_of({"jobschedules", options->id});
    if (method == "POST") path += "/" + name;
    SCORIA_TRY_STATUS(server.send(method, path));
    say(*options, "schedule " + options->id + " " + said);
    return Ok{};
  });
}

}  // namespace

void add_schedule_commands(CLI::App& app, Command& chosen, const Context& context) {
  CLI::App* group =
      add_group(app, "schedule", "Schedules of jobs: create, list, show, next, run-now, disable, enable, delete");
  add_schedule_create(*group, chosen);
  {
    auto options = std::make_shared<ScheduleOptions>();
    CLI::App* command = group->add_subcommand("list", "List the schedules");
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_list(*options, context, kScheduleColumns,
                       [](Connection& server) { return server.list("/jobschedules"); });
    });
  }
  {
    auto options = std::make_shared<ScheduleOptions>();
    CLI::App* command = group->add_subcommand("show", "Show one schedule");
    command->add_option("ID", options->id)->required();
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_one(*options, context, [options](Connection& server) {
        return server.get(path_of({"jobschedules", options->id}));
      });
    });
  }
  {
    struct Options : ScheduleOptions {
      int count = 5;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = group->add_subcommand("next", "The next times at which a schedule runs");
    command->add_option("ID", options->id)->required();
    command->add_option("--count", options->count, "how many")->check(CLI::Range(1, 1000))->capture_default_str();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY(answer, server.get("/scoria/v1" + path_of({"schedules", options->id, "next"}),
                                    {{"count", std::to_string(options->count)}}));
      if (options->json) {
        std::printf("%s\n", answer.dump(2).c_str());
      } else {
        for (const Json& time : answer["value"]) std::printf("%s\n", time.get<std::string>().c_str());
      }
      return Ok{};
    });
  }
  {
    auto options = std::make_shared<ScheduleOptions>();
    CLI::App* command = group->add_subcommand("run-now", "Make a schedule's next job at once, beside its timetable");
    command->add_option("ID", options->id)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY(answer, server.send("POST", "/scoria/v1" + path_of({"schedules", options->id, "run"})));
      const Json json = Json::parse(answer.body, nullptr, false);
      if (options->json) std::printf("%s\n", json.dump(2).c_str());
      say(*options, "job " + json.value("id", "") + " is made");
      return Ok{};
    });
  }
  add_schedule_action(*group, chosen, "disable", "Make no more jobs", "POST", "makes no more jobs");
  add_schedule_action(*group, chosen, "enable", "Make jobs again", "POST", "makes jobs again");
  add_schedule_action(*group, chosen, "terminate", "End a schedule and its running job", "POST", "ends");
  add_schedule_action(*group, chosen, "delete", "Delete a schedule and its jobs", "DELETE", "is being deleted");
}

}  // namespace scoria::cli
