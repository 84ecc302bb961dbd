#include "sim/client.h"

#include <algorithm>
#include <utility>

#include "base/iso8601.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/pools.h"
#include "batch/schedules.h"
#include "batch/tasks.h"

namespace scoria::sim {
namespace {

using batch::Json;
using batch::State;
using Kind = Operation::Kind;

constexpr Duration kTimeout = std::chrono::seconds(10);
constexpr Duration kAgain = std::chrono::milliseconds(400);

Result<Json> as_json(const Status& status) {
  if (!status.ok()) return status.error();
  return Json();
}

template <typename T>
Result<Json> as_json(const Result<T>& result) {
  if (!result.ok()) return result.error();
  return Json();
}

// A request that was asked again and finds its own work is acknowledged by that.
bool is_own_work(const Operation& operation) {
  if (!operation.was_asked_again) return false;
  const std::string& code = operation.code;
  switch (operation.kind) {
    case Kind::add_job: return code == "JobExists";
    case Kind::add_task: return code == "TaskExists";
    case Kind::add_schedule: return code == "JobScheduleExists";
    case Kind::delete_job: return code == "JobNotFound" || code == "JobBeingDeleted";
    case Kind::delete_task: return code == "TaskNotFound";
    case Kind::delete_schedule: return code == "JobScheduleNotFound";
    default: return false;
  }
}

}  // namespace

Client::Client(Parts parts, std::string name, Random random, Load load)
    : parts_(std::move(parts)), name_(std::move(name)), random_(random), load_(load) {}

void Client::start() {
  parts_.timeline.after(Duration(random_.between(0, load_.between.count())), [this] { next(); });
}

std::string Client::task_id(const Job& job, std::int64_t number) {
  return (job.has_numbers ? "" : "t") + std::to_string(number);
}

void Client::end_endless() {
  if (endless_.empty()) return;
  const auto [job, task] = endless_.back();
  endless_.pop_back();
  ask({.kind = Kind::terminate_task, .job = job, .task = task}, batch::Work::less,
      [job = job, task = task](State& s) { return as_json(batch::terminate_task(s, job, task, {})); });
}

void Client::next() {
  if (is_stopping_) return end_endless();
  const auto choice = random_.below(100);
  if (jobs_.empty() || (choice < 8 && jobs_made_ < load_.jobs)) {
    add_job();
  } else if (choice < 50) {
    add_tasks(random_.pick(jobs_));
  } else if (choice < 62) {
    change_task(random_.pick(jobs_));
  } else if (choice < 76) {
    change_job(random_.pick(jobs_));
  } else if (choice < 84) {
    schedules_.empty() || (schedules_made_ < 2 && random_.chance(0.3)) ? add_schedule() : change_schedule();
  } else if (load_.manages_pools) {
    random_.chance(0.5) ? change_pool() : change_node(random_.pick(parts_.pools));
  } else {
    add_tasks(random_.pick(jobs_));
  }
}

void Client::ask(Operation operation, batch::Work work, Server::Change change, Then then) {
  is_waiting_ = true;
  operation.asked = parts_.timeline.now();
  parts_.history.push_back(std::move(operation));
  send(parts_.history.size() - 1, work, std::move(change), std::move(then));
}

void Client::send(std::size_t place, batch::Work work, Server::Change change, Then then) {
  // A connection gives each request to the server once.
  const auto serve = [server = &parts_.server, change, work,
                      was_served = std::make_shared<bool>()](std::function<void(Result<Json>)> reply) {
    if (std::exchange(*was_served, true)) return;
    if (!server->is_up()) return reply(Error{Code::unavailable, "connection refused"});
    server->change(change, work, std::move(reply));
  };
  parts_.network.call<Result<Json>>(
      name_, parts_.server_machine, kTimeout, serve,
      [this, place, work, change, then = std::move(then)](std::optional<Result<Json>> answer) {
        heard(place, std::move(answer), work, change, then);
      });
}

void Client::heard(std::size_t place, std::optional<Result<Json>> answer, batch::Work work, Server::Change change,
                   Then then) {
  const auto code = answer && !answer->ok() ? answer->error().code : Code::invalid;
  if (!answer || code == Code::unavailable || code == Code::exhausted) {
    // Nobody knows whether it was done: once more.
    parts_.history[place].was_asked_again = true;
    parts_.timeline.after(
        kAgain + Duration(random_.between(0, 2'000'000)),
        [this, place, work, change = std::move(change), then = std::move(then)] { send(place, work, change, then); });
    return;
  }
  Operation& operation = parts_.history[place];
  operation.heard = parts_.timeline.now();
  if (!answer->ok()) operation.code = answer->error().api_code;
  operation.outcome =
      answer->ok() || is_own_work(operation) ? Operation::Outcome::acknowledged : Operation::Outcome::refused;
  // The job that exists may be the earlier one, on its way out.
  if (!answer->ok() && operation.is_id_reused && operation.was_asked_again && operation.code == "JobExists") {
    operation.outcome = Operation::Outcome::unknown;
  }
  is_waiting_ = false;
  if (then) then(Operation(operation), answer->ok() ? answer->value() : Json());
  next_later();
}

void Client::add_job() {
  Job job{.id = name_ + "-j" + std::to_string(++jobs_made_)};
  const bool is_id_reused = !deleted_.empty() && random_.chance(0.5);
  if (is_id_reused) job.id = random_.pick(deleted_);
  job.uses_dependencies = random_.chance(0.4);
  job.has_numbers = job.uses_dependencies && random_.chance(0.5);
  Json body{{"id", job.id}, {"poolInfo", {{"poolId", random_.pick(parts_.pools)}}}};
  body["priority"] = random_.between(-10, 10);
  if (job.uses_dependencies) body["usesTaskDependencies"] = true;
  if (random_.chance(0.2)) body["maxParallelTasks"] = random_.between(1, 3);
  if (random_.chance(0.25)) {
    body["jobPreparationTask"] = {{"id", "prepare"}, {"commandLine", "sim 300 0"}, {"waitForSuccess", true}};
    if (random_.chance(0.5)) body["jobReleaseTask"] = {{"id", "release"}, {"commandLine", "sim 100 0"}};
  }
  ask(
      {.kind = Kind::add_job, .job = job.id, .body = body, .is_id_reused = is_id_reused}, batch::Work::more,
      [body](State& state) { return as_json(batch::add_job(state, body)); },
      [this, job](const Operation& operation, const Json&) {
        if (operation.outcome == Operation::Outcome::acknowledged) jobs_.push_back(job);
      });
}

Json Client::task_body(Job& job, const std::string& id) {
  const bool is_endless = endless_.size() < 2 && random_.chance(0.04);
  if (is_endless) endless_.emplace_back(job.id, id);
  const bool is_single = random_.chance(0.15);
  // Many single writers outlive the time between the loss of a node and the end of its leases.
  const bool is_long = random_.chance(is_single ? 0.5 : 0.2);
  const auto takes = is_endless ? std::int64_t{7'200'000}
                     : is_long  ? random_.between(is_single ? 10'000 : 3'000, 25'000)
                                : random_.between(5, 3'000);
  const int exit_code = random_.chance(0.85) ? 0 : static_cast<int>(random_.between(1, 3));
  Json body{{"id", id},
            {"commandLine", "sim " + std::to_string(takes) + " " + std::to_string(exit_code) +
                                (random_.chance(0.1) ? " stubborn" : "")}};
  if (random_.chance(0.4)) {
    body["outputFiles"] = {
        {{"filePattern", "../std*.txt"},
         {"destination", {{"container", {{"containerUrl", "https://x/y"}}}}},
         {"uploadOptions", {{"uploadCondition", random_.chance(0.7) ? "tasksuccess" : "taskcompletion"}}}}};
  }
  if (random_.chance(0.3)) body["requiredSlots"] = 2;
  Json constraints = Json::object();
  if (random_.chance(0.3)) constraints["maxTaskRetryCount"] = random_.between(0, 3);
  if (random_.chance(0.1)) constraints["maxWallClockTime"] = "PT2S";
  if (is_single) constraints["singleWriter"] = true;
  if (!constraints.empty()) body["constraints"] = constraints;
  if (job.uses_dependencies && job.tasks > 0 && random_.chance(0.6)) {
    if (job.has_numbers && random_.chance(0.6)) {
      const auto first = random_.between(1, job.tasks);
      const auto last = random_.between(first, std::min<std::int64_t>(first + 4, job.tasks));
      body["dependsOn"] = {{"taskIdRanges", {{{"start", first}, {"end", last}}}}};
      return body;
    }
    Json ids = Json::array();
    for (auto left = random_.between(1, 2); left > 0; --left) {
      ids.push_back(task_id(job, random_.between(1, job.tasks)));
    }
    body["dependsOn"] = {{"taskIds", ids}};
  }
  return body;
}

void Client::add_tasks(Job& job) {
  const auto count = random_.between(1, load_.tasks_at_once);
  std::vector<Json> bodies;
  const std::size_t first = parts_.history.size();
  for (int i = 0; i < count; ++i) {
    Json body = task_body(job, task_id(job, job.tasks + 1));
    ++job.tasks;
    parts_.history.push_back(
        {.kind = Kind::add_task, .job = job.id, .task = body["id"], .body = body, .asked = parts_.timeline.now()});
    bodies.push_back(std::move(body));
  }
  // One request for all; the answer names each that was refused.
  const std::size_t number = bodies.size();
  ask(
      {.kind = Kind::other, .job = job.id}, batch::Work::more,
      [bodies = std::move(bodies), id = job.id](State& state) -> Result<Json> {
        std::vector<batch::NewTask> tasks;
        for (const Json& body : bodies) tasks.push_back(batch::new_task(body));
        SCORIA_TRY(added, batch::add_tasks(state, id, std::move(tasks)));
        Json codes = Json::array();
        for (const auto& one : added) codes.push_back(one.ok() ? "" : one.error().api_code);
        return codes;
      },
      [this, first, number](const Operation& request, const Json& codes) {
        heard_of_tasks(first, number, request, codes);
      });
}

void Client::heard_of_tasks(std::size_t first, std::size_t count, const Operation& request, const Json& codes) {
  for (std::size_t i = 0; i < count; ++i) {
    Operation& task = parts_.history[first + i];
    task.heard = request.heard;
    task.was_asked_again = request.was_asked_again;
    task.code = codes.is_array() ? codes.at(i).get<std::string>() : request.code;
    task.outcome =
        task.code.empty() || is_own_work(task) ? Operation::Outcome::acknowledged : Operation::Outcome::refused;
  }
}

void Client::change_task(const Job& job) {
  const std::string task = task_id(job, random_.between(1, std::max(job.tasks, 1)));
  switch (random_.below(3)) {
    case 0:
      return ask({.kind = Kind::terminate_task, .job = job.id, .task = task}, batch::Work::less,
                 [job = job.id, task](State& s) { return as_json(batch::terminate_task(s, job, task, {})); });
    case 1:
      return ask({.kind = Kind::delete_task, .job = job.id, .task = task}, batch::Work::less,
                 [job = job.id, task](State& s) { return as_json(batch::delete_task(s, job, task, {})); });
    default:
      return ask({.kind = Kind::reactivate_task, .job = job.id, .task = task}, batch::Work::more,
                 [job = job.id, task](State& s) { return as_json(batch::reactivate_task(s, job, task, {})); });
  }
}

void Client::change_job(Job& job) {
  const std::string id = job.id;
  const auto choice = random_.below(10);
  if (job.is_disabled || choice < 2) {
    job.is_disabled = false;
    return ask({.kind = Kind::enable_job, .job = id}, batch::Work::more,
               [id](State& s) { return as_json(batch::enable_job(s, id, {})); });
  }
  if (choice < 5) {
    job.is_disabled = true;
    static constexpr const char* kOptions[] = {"requeue", "terminate", "wait"};
    const std::string option = kOptions[random_.below(3)];
    return ask({.kind = Kind::disable_job, .job = id, .body = {{"disableTasks", option}}}, batch::Work::less,
               [id, option](State& s) { return as_json(batch::disable_job(s, id, option, {})); });
  }
  if (choice < 7) {
    return ask({.kind = Kind::other, .job = id}, batch::Work::more,
               [id, priority = random_.between(-100, 100)](State& s) {
                 return as_json(batch::patch_job(s, id, {{"priority", priority}}, {}));
               });
  }
  const auto drop = [this, id](const Operation& operation, const Json&) {
    std::erase_if(jobs_, [&](const Job& one) { return one.id == id; });
    if (operation.kind == Kind::delete_job) deleted_.push_back(id);
  };
  if (choice < 9) {
    return ask(
        {.kind = Kind::terminate_job, .job = id}, batch::Work::less,
        [id](State& s) { return as_json(batch::terminate_job(s, id, "UserTerminate", {})); }, drop);
  }
  ask(
      {.kind = Kind::delete_job, .job = id}, batch::Work::less,
      [id](State& s) { return as_json(batch::delete_job(s, id, {})); }, drop);
}

void Client::change_pool() {
  // The second pool's machines come and go by themselves.
  const std::string pool = parts_.pools.front();
  switch (random_.below(5)) {
    case 0:
      return ask({.job = pool}, batch::Work::more, [pool](State& s) {
        const Json body{{"autoScaleFormula", "$TargetDedicatedNodes=min(4,max(1,$ActiveTasks.GetSample(1)));"},
                        {"autoScaleEvaluationInterval", "PT5M"}};
        return as_json(batch::enable_autoscale(s, pool, body, {}));
      });
    case 1:
      return ask({.job = pool}, batch::Work::more,
                 [pool](State& s) { return as_json(batch::disable_autoscale(s, pool)); });
    default:
      static constexpr const char* kOptions[] = {"requeue", "taskcompletion", "terminate"};
      const Json body{{"targetDedicatedNodes", random_.between(0, 4)},
                      {"targetLowPriorityNodes", random_.between(0, 2)},
                      {"nodeDeallocationOption", kOptions[random_.below(load_.ends_tasks ? 3 : 2)]}};
      return ask({.job = pool, .body = {{"ends_tasks", load_.ends_tasks}}}, batch::Work::more,
                 [pool, body](State& s) { return as_json(batch::resize_pool(s, pool, body, {})); });
  }
}

void Client::change_node(const std::string& pool) {
  const auto choice = random_.below(6);
  const auto which = random_.next();
  const char* const option = load_.ends_tasks ? "terminate" : "requeue";
  ask({.job = pool, .body = {{"ends_tasks", load_.ends_tasks}}}, batch::Work::more,
      [pool, choice, which, option](State& s) -> Result<Json> {
        SCORIA_TRY(found, batch::find_pool(s, pool));
        if (found->nodes.empty()) return batch::Json();
        const std::string node =
            std::next(found->nodes.begin(), static_cast<std::ptrdiff_t>(which % found->nodes.size()))->second->id;
        switch (choice) {
          case 0: return as_json(batch::reboot_node(s, pool, node, "requeue"));
          case 1: return as_json(batch::reimage_node(s, pool, node, option));
          case 2: return as_json(batch::disable_scheduling(s, pool, node, "requeue"));
          case 3: return as_json(batch::enable_scheduling(s, pool, node));
          case 4: return as_json(batch::preempt_node(s, pool, node));
          default:
            return as_json(
                batch::remove_nodes(s, pool, {{"nodeList", {node}}, {"nodeDeallocationOption", "requeue"}}, {}));
        }
      });
}

void Client::add_schedule() {
  const std::string id = name_ + "-s" + std::to_string(++schedules_made_);
  static constexpr const char* kOverlaps[] = {"allow", "skip", "queueOne"};
  static constexpr const char* kCatchUps[] = {"none", "last", "all"};
  const Json body{
      {"id", id},
      {"schedule",
       {{"cron", "* * * * *"}, {"overlap", kOverlaps[random_.below(3)]}, {"catchUp", kCatchUps[random_.below(3)]}}},
      {"jobSpecification",
       {{"poolInfo", {{"poolId", random_.pick(parts_.pools)}}},
        {"onAllTasksComplete", "terminatejob"},
        {"jobManagerTask",
         {{"id", "manager"}, {"commandLine", "sim " + std::to_string(random_.between(100, 90'000)) + " 0"}}}}}};
  ask(
      {.kind = Kind::add_schedule, .job = id, .body = body}, batch::Work::more,
      [body](State& s) { return as_json(batch::add_schedule(s, body)); },
      [this, id](const Operation& operation, const Json&) {
        if (operation.outcome == Operation::Outcome::acknowledged) schedules_.push_back(id);
      });
}

void Client::change_schedule() {
  const std::string id = random_.pick(schedules_);
  const auto choice = random_.below(8);
  if (choice > 1) return next_later();
  const auto drop = [this, id](const Operation&, const Json&) { std::erase(schedules_, id); };
  if (choice == 0) {
    return ask(
        {.kind = Kind::end_schedule, .job = id}, batch::Work::less,
        [id](State& s) { return as_json(batch::terminate_schedule(s, id, {})); }, drop);
  }
  ask(
      {.kind = Kind::delete_schedule, .job = id}, batch::Work::less,
      [id](State& s) { return as_json(batch::delete_schedule(s, id, {})); }, drop);
}

void Client::next_later() {
  parts_.timeline.after(Duration(random_.between(1'000, 2 * load_.between.count())), [this] { next(); });
}

}  // namespace scoria::sim
