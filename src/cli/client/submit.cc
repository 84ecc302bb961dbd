#include "cli/client/submit.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "auth/tokens.h"
#include "base/file.h"
#include "base/iso8601.h"
#include "cli/client/commands.h"
#include "cli/client/submission.h"
#include "cli/client/waiting.h"
#include "cli/numbers.h"
#include "cli/progress.h"
#include "net/http_connection.h"
#include "plan/run.h"

namespace scoria::cli {
namespace {

constexpr std::size_t kTasksPerRequest = 100;  // the API's limit

// Letters, digits and single dashes, as containers and jobs may be called.
std::string plain_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const char small = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const bool fits = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9');
    if (fits) {
      name += small;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name = name.substr(0, 40);
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "plan" : name;
}

std::string new_name(const plan::Plan& plan) {
  std::string time = format_time(SystemClock().now().wall).substr(0, 19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == 'T'; });
  return plain_name(plan.name) + "-" + time + "-" + plain_name(auth::random_token()).substr(0, 4);
}

Result<std::size_t> chunk_of(const SubmitOptions& options, Connection& server, std::size_t items) {
  if (static_cast<int>(options.one_per_node) + static_cast<int>(options.one_per_item) +
          static_cast<int>(options.chunk > 0) >
      1) {
    return Error{Code::invalid, "--one-per-node, --one-per-item and --chunk exclude each other"};
  }
  if (options.one_per_item) return std::size_t{1};
  if (options.chunk > 0) return options.chunk;
  SCORIA_TRY(pool, server.get(path_of({"pools", options.pool})));
  const auto number = [&pool](const char* name) {
    return std::max<std::int64_t>(pool.value(name, std::int64_t{0}), 0);
  };
  std::int64_t nodes = number("targetDedicatedNodes") + number("targetLowPriorityNodes");
  if (pool.contains("scaleBetween")) nodes = std::max(nodes, pool["scaleBetween"].value("max", std::int64_t{1}));
  nodes = std::max<std::int64_t>(nodes, 1);
  // Four tasks a slot even out what takes longer; one a node where it was asked for.
  const std::int64_t tasks =
      options.one_per_node ? nodes : nodes * std::max<std::int64_t>(number("taskSlotsPerNode"), 1) * 4;
  return std::max<std::size_t>(1, (items + static_cast<std::size_t>(tasks) - 1) / static_cast<std::size_t>(tasks));
}

Status upload(Connection& server, const std::string& container, const SubmittedFiles& files, const Context& context) {
  auto made = server.blob("PUT", path_of({container}) + "?restype=container");
  if (!made.ok() && made.error().api_code != "ContainerAlreadyExists") return std::move(made).error();
  std::vector<SubmittedFile> all = files.shared;
  for (const auto& some : files.of_partition) all.insert(all.end(), some.begin(), some.end());
  Progress progress("files", context.is_terminal);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (context.stop.stop_requested()) return Error{Code::unavailable, "stopped while uploading; nothing runs yet"};
    SCORIA_TRY_STATUS(server.put_blob_file(container, all[i].name, all[i].path));
    progress.update(i + 1, all.size());
  }
  return Ok{};
}

// Adds tasks by the hundred. Errors: of the first that was refused.
template <typename Send>
Status add_in_hundreds(const std::vector<Json>& tasks, const Send& send) {
  for (std::size_t begin = 0; begin < tasks.size(); begin += kTasksPerRequest) {
    Json body = {{"value", Json::array()}};
    for (std::size_t i = begin; i < std::min(begin + kTasksPerRequest, tasks.size()); ++i)
      body["value"].push_back(tasks[i]);
    Result<Json> answered = send(body);
    if (!answered.ok()) return std::move(answered).error();
    for (const Json& one : answered.value().value("value", Json::array())) {
      if (one.value("status", "") == "success") continue;
      const std::string code = one.contains("error") ? one["error"].value("code", "") : "";
      if (code == "TaskExists") continue;  // of a first try whose answer was lost
      return Error{Code::invalid, "task '" + one.value("taskId", "") + "' was refused: " + code + " " +
                                      text_at(one, "error/message/value")};
    }
  }
  return Ok{};
}

Result<Json> parse_answer(const std::string& body) {
  Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Error{Code::corrupt, "the server's answer is no JSON"};
  return json;
}

// What failed tasks had to say, the first few of them.
void print_failures(Connection& server, const std::string& job) {
  auto failed = server.list(path_of({"jobs", job, "tasks"}), {{"$filter", "executionInfo/result eq 'failure'"}}, 3);
  if (!failed.ok()) return;
  for (const Json& task : failed.value()) {
    const std::string id = task.value("id", "");
    std::fprintf(stderr, "task %s (%s): exit code %s %s\n", id.c_str(), task.value("displayName", "").c_str(),
                 text_at(task, "executionInfo/exitCode").c_str(),
                 text_at(task, "executionInfo/failureInfo/message").c_str());
    auto words = server.read_file(path_of({"jobs", job, "tasks", id, "files", "stderr.txt"}), 0);
    if (words.ok()) std::fwrite(words.value().data(), 1, std::min<std::size_t>(words.value().size(), 4000), stderr);
  }
}

Result<std::size_t> fetch_results(Connection& server, const std::string& container, const std::string& prefix,
                                  const std::filesystem::path& folder) {
  SCORIA_TRY(items, server.list_blobs(container, prefix));
  std::size_t count = 0;
  for (const auto& [name, size] : items) {
    const std::filesystem::path relative = std::filesystem::path(name.substr(prefix.size())).lexically_normal();
    if (relative.empty() || relative.is_absolute() || relative.string().starts_with("..")) continue;
    SCORIA_TRY_STATUS(server.get_blob_file(container, name, folder / relative));
    ++count;
  }
  return count;
}

Status make_schedule(Connection& server, const SubmitOptions& options, const std::string& name,
                     const std::string& container, const std::vector<Json>& tasks) {
  const std::filesystem::path local = std::filesystem::temp_directory_path() / ("scoria-" + name + ".json");
  SCORIA_TRY_STATUS(write_file(local, Json(tasks).dump()));
  const Status put = server.put_blob_file(container, "tasks.json", local);
  std::error_code ignored;
  std::filesystem::remove(local, ignored);
  SCORIA_TRY_STATUS(put);
  const Json body = {
      {"id", name},
      {"schedule", {{"recurrenceInterval", options.schedule}}},
      {"jobSpecification",
       {{"poolInfo", {{"poolId", options.pool}}},
        {"onAllTasksComplete", "terminatejob"},
        {"usesTaskDependencies", false},
        {"jobManagerTask",
         {{"id", "manager"},
          {"commandLine", "scoria add-tasks tasks.json"},
          {"killJobOnCompletion", false},
          {"runExclusive", false},
          {"authenticationTokenSettings", {{"access", {"job"}}}},
          {"resourceFiles", {{{"autoStorageContainerName", container}, {"blobPrefix", "tasks.json"}}}}}}}}};
  SCORIA_TRY_STATUS(server.send("POST", "/jobschedules", body));
  say(options, "schedule " + name + " runs the plan every " + options.schedule + "; results: container " + container +
                   ", results/JOB/");
  return Ok{};
}

Status run_job(Connection& server, const SubmitOptions& options, const Context& context, const plan::Plan& plan,
               const std::string& name, const std::string& container, std::vector<Json> tasks) {
  SCORIA_TRY_STATUS(server.send("POST", "/jobs", {{"id", name}, {"poolInfo", {{"poolId", options.pool}}}}));
  const std::string prefix = "results/" + name + "/";
  for (Json& task : tasks) {
    for (Json& output : task["outputFiles"]) {
      std::string& path = output["destination"]["container"]["path"].get_ref<std::string&>();
      path.replace(path.find("{job}"), 5, name);
    }
  }
  SCORIA_TRY_STATUS(add_in_hundreds(tasks, [&](const Json& body) -> Result<Json> {
    SCORIA_TRY(answer, server.send("POST", path_of({"jobs", name, "addtaskcollection"}), body));
    return parse_answer(answer.body);
  }));
  SCORIA_TRY_STATUS(server.send("PATCH", path_of({"jobs", name}), {{"onAllTasksComplete", "terminatejob"}}));
  say(options, "job " + name + ": " + with_commas(tasks.size()) + " tasks");
  if (options.no_wait) return Ok{};
  SCORIA_TRY(counts, wait_for_tasks(server, name, context));
  if (options.json) std::printf("%s\n", counts.dump(2).c_str());
  if (counts.value("failed", 0) > 0) {
    print_failures(server, name);
    return Error{Code::conflict, std::to_string(counts.value("failed", 0)) + " of " + std::to_string(tasks.size()) +
                                     " tasks failed; job '" + name + "' and container '" + container + "' are kept"};
  }
  SCORIA_TRY(count, fetch_results(server, container, prefix, plan.file.parent_path()));
  say(options, with_commas(count) + " files are back, like " + (plan.file.parent_path() / plan.output.text()).string());
  if (options.keep) return Ok{};
  SCORIA_TRY_STATUS(server.send("DELETE", path_of({"jobs", name})));
  SCORIA_TRY_STATUS(server.blob("DELETE", path_of({container}) + "?restype=container"));
  return Ok{};
}

}  // namespace

Status submit(const SubmitOptions& options, const Context& context) {
  std::vector<plan::Setting> settings;
  for (const std::string& text : options.settings) {
    SCORIA_TRY(pair, name_and_value("--set", text));
    settings.push_back({pair.first, pair.second});
  }
  SCORIA_TRY(plan, plan::read_plan(options.plan, settings));
  SCORIA_TRY(partitions, plan::chosen_partitions(plan, options.only));
  SCORIA_TRY(files, files_of(plan, partitions));
  SCORIA_TRY(server, Connection::open(options.where));
  SCORIA_TRY(chunk, chunk_of(options, server, partitions.size()));
  const std::string name = options.job.empty() ? new_name(plan) : options.job;
  const std::string container = options.container.empty() ? plain_name(name) : options.container;
  SCORIA_TRY_STATUS(upload(server, container, files, context));
  const std::vector<Json> tasks =
      task_bodies(plan, partitions, files, share_out(partitions.size(), chunk),
                  {.settings = options.settings,
                   .container_url = server.container_url(container, "rwl", options.schedule.empty()),
                   .results = "results/{job}",
                   .retries = options.retries});
  if (!options.schedule.empty()) return make_schedule(server, options, name, container, tasks);
  return run_job(server, options, context, plan, name, container, tasks);
}

Status add_tasks_of_manifest(const AddTasksOptions& options) {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  const std::string url = variable("AZ_BATCH_ACCOUNT_URL");
  const std::string job = variable("AZ_BATCH_JOB_ID");
  const std::string token = variable("AZ_BATCH_AUTHENTICATION_TOKEN");
  if (url.empty() || job.empty() || token.empty()) {
    return Error{Code::invalid,
                 "add-tasks runs as a job manager task with authenticationTokenSettings: AZ_BATCH_ACCOUNT_URL, "
                 "AZ_BATCH_JOB_ID and AZ_BATCH_AUTHENTICATION_TOKEN must be set"};
  }
  SCORIA_TRY(bytes, FileBytes::open(options.manifest));
  std::string text(bytes.text());
  for (std::size_t at = text.find("{job}"); at != std::string::npos; at = text.find("{job}", at))
    text.replace(at, 5, job);
  const Json tasks = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!tasks.is_array()) return Error{Code::corrupt, "'" + options.manifest + "' is no list of tasks"};
  net::HttpConnection http(
      {.url = url, .ca_file = url.starts_with("https:") ? variable("SCORIA_CA_FILE") : std::string()});
  return add_in_hundreds(tasks.get<std::vector<Json>>(), [&](const Json& body) -> Result<Json> {
    std::string target = path_of({"jobs", job, "addtaskcollection"}) + "?api-version=2022-10-01.16.0";
    SCORIA_TRY(reply, http.request({.method = "POST",
                                    .target = target,
                                    .headers = {{"Authorization", "Bearer " + token},
                                                {"Content-Type", "application/json; odata=minimalmetadata"}},
                                    .body = body.dump()}));
    if (reply.status != 200)
      return Error{Code::unavailable,
                   "the server answered " + std::to_string(reply.status) + ": " + reply.body.substr(0, 500)};
    return parse_answer(reply.body);
  });
}

void add_submit_command(CLI::App& app, Command& chosen, const Context& context) {
  auto options = std::make_shared<SubmitOptions>();
  CLI::App* command =
      app.add_subcommand("submit", "Run a plan as a job of a server's pool, and bring back what comes out");
  command->add_option("PLAN", options->plan, "the plan's .yaml file, with its inputs and models below its folder")
      ->required();
  command->add_option("--pool", options->pool, "the pool that runs it")->required();
  command->add_flag("--one-per-node", options->one_per_node, "one task for each node of the pool");
  command->add_flag("--one-per-item", options->one_per_item, "one task for each partition");
  command->add_option("--chunk", options->chunk, "partitions in one task (default: four tasks for each slot)")
      ->default_str("");
  command->add_option("--set", options->settings, "replace a value of the plan, KEY=VALUE; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--only", options->only, "run these partitions only, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--job", options->job,
                      "name of the job, or schedule (default: made from the plan's name and the time)");
  command->add_option("--container", options->container,
                      "blob container for files and results (default: the job's name)");
  command->add_option("--retries", options->retries, "of a task that fails")->capture_default_str();
  command->add_option("--schedule", options->schedule, "run it again and again, such as P7D");
  command->add_flag("--no-wait", options->no_wait, "come back when the job is submitted");
  command->add_flag("--keep", options->keep, "keep the job and its container when the results are here");
  add_client_options(*command, *options);
  command->footer("Example: scoria submit examples/retail-forecast/plan.yaml --pool p");
  command->callback([options, &chosen, &context] {
    chosen = {"submit", [options, &context] { return submit(*options, context); }};
  });

  auto manifest = std::make_shared<AddTasksOptions>();
  CLI::App* adds = app.add_subcommand("add-tasks", "Add the tasks of a file to the job whose manager task runs this");
  adds->group("");  // for schedules that `submit` makes, not for people
  adds->add_option("FILE", manifest->manifest)->required();
  adds->callback([manifest, &chosen] {
    chosen = {"add-tasks", [manifest] { return add_tasks_of_manifest(*manifest); }};
  });
}

}  // namespace scoria::cli
