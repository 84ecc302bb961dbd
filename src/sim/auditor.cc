#include "sim/auditor.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "batch/jobs.h"
#include "batch/tasks.h"
#include "spec/shape.h"

namespace scoria::sim {
namespace {

using batch::Json;
using Kind = Operation::Kind;
using Outcome = Operation::Outcome;

// What clients may expect of a thing.
enum class Must { exist, not_exist, either };

class Audit {
 public:
  explicit Audit(const Evidence& evidence) : evidence_(evidence) {}

  std::vector<std::string> run() {
    read_store();
    read_history();
    check_jobs();
    check_tasks();
    check_runs();
    check_single_writers();
    check_outputs();
    check_slots();
    return std::move(broken_);
  }

 private:
  struct StoredJob {
    std::uint64_t number = 0;
    Json document;
    std::map<std::string, Json> tasks;
  };
  struct Expected {
    Must must = Must::not_exist;
    bool was_acknowledged = false;  // its last add
    const Operation* add = nullptr;
    bool was_meddled_with = false;  // ended, or run again, by a client
    std::map<std::string, Expected> tasks;
  };
  // The runs of a task, over all lives of its job's id.
  using Runs = std::vector<const ProcessRun*>;

  void broke(std::string what) {
    if (broken_.size() < 20) broken_.push_back(std::move(what));
  }
  void read_store();
  void read_history();
  static void added(Expected& thing, const Operation& operation);
  static void deleted(Expected& thing, const Operation& operation);
  void check_jobs();
  void check_tasks();
  void check_task(const std::string& name, const StoredJob& job, const std::string& id, const Expected& expected);
  void check_runs();
  void check_single_writers();
  void check_outputs();
  void check_slots();

  const Evidence& evidence_;
  std::map<std::string, StoredJob> stored_;
  std::map<std::string, Expected> expected_;
  std::map<std::pair<std::string, std::string>, Runs> runs_;  // by job, task
  std::vector<std::string> broken_;
};

void Audit::read_store() {
  const auto jobs = evidence_.store.list(store::Kind::job, std::nullopt, "", 100'000);
  if (!jobs.ok()) return broke("the jobs of the store cannot be read: " + jobs.error().message);
  for (const store::Document& document : jobs.value()) {
    StoredJob job{.document = Json::parse(document.text)};
    job.number = job.document.at(spec::kPrivate).at("number");
    const auto rows = evidence_.store.tasks(job.number, 0, 100'000, std::nullopt);
    if (!rows.ok()) return broke("the tasks of the store cannot be read: " + rows.error().message);
    for (const store::TaskRow& row : rows.value()) {
      const auto task = batch::task_document(row);
      if (!task.ok()) return broke("a stored task cannot be read: " + task.error().message);
      job.tasks.emplace(row.id, task.value());
    }
    stored_.emplace(document.id, std::move(job));
  }
}

void Audit::added(Expected& thing, const Operation& operation) {
  if (operation.outcome == Outcome::acknowledged) {
    thing = Expected{.must = Must::exist, .was_acknowledged = true, .add = &operation};
  } else if (operation.outcome == Outcome::unknown && thing.must == Must::not_exist) {
    thing = Expected{.must = Must::either, .add = &operation};
  }
}

void Audit::deleted(Expected& thing, const Operation& operation) {
  if (operation.outcome == Outcome::acknowledged) {
    thing.must = Must::not_exist;
  } else if (operation.outcome == Outcome::unknown && thing.must == Must::exist) {
    thing.must = Must::either;
  }
}

// Each client asks for one thing after another, and keeps to jobs of its own: the order of asking is the order of doing.
void Audit::read_history() {
  for (const Operation& operation : evidence_.history) {
    Expected& job = expected_[operation.job];
    switch (operation.kind) {
      case Kind::add_job: added(job, operation); break;
      case Kind::delete_job: deleted(job, operation); break;
      case Kind::add_task: added(job.tasks[operation.task], operation); break;
      case Kind::delete_task: deleted(job.tasks[operation.task], operation); break;
      case Kind::terminate_task:
      case Kind::reactivate_task: job.tasks[operation.task].was_meddled_with = true; break;
      case Kind::terminate_job:
      case Kind::disable_job: job.was_meddled_with = true; break;
      default: break;
    }
  }
}

void Audit::check_jobs() {
  for (const auto& [id, expected] : expected_) {
    const bool is_there = stored_.contains(batch::lower(id));
    if (expected.must == Must::exist && !is_there) broke("job '" + id + "' was acknowledged and is not there");
    if (expected.must == Must::not_exist && expected.add != nullptr && is_there) {
      broke("job '" + id + "' was deleted and is there");
    }
  }
}

void Audit::check_tasks() {
  for (const auto& [id, expected] : expected_) {
    const auto job = stored_.find(batch::lower(id));
    if (expected.must != Must::exist || job == stored_.end()) continue;
    for (const auto& [task, thing] : expected.tasks) {
      const bool is_there = job->second.tasks.contains(task);
      const std::string name = "task '" + id + "/" + task + "'";
      if (thing.must == Must::exist && !is_there) broke(name + " was acknowledged and is not there");
      if (thing.must == Must::not_exist && thing.add != nullptr && is_there) broke(name + " was deleted and is there");
    }
  }
  for (const ProcessRun& run : evidence_.runs) {
    if (run.order.kind == spec::RunKind::task) runs_[{run.order.job, run.order.task}].push_back(&run);
  }
  for (const auto& [id, job] : stored_) {
    const auto expected = expected_.find(id);
    for (const auto& [task, document] : job.tasks) {
      static const Expected kNothing;
      const Expected* thing = &kNothing;
      if (expected != expected_.end()) {
        if (const auto found = expected->second.tasks.find(task); found != expected->second.tasks.end()) {
          thing = &found->second;
        }
      }
      check_task("task '" + id + "/" + task + "'", job, task, *thing);
    }
  }
}

// A result is what one run of it came to.
void Audit::check_task(const std::string& name, const StoredJob& job, const std::string& id, const Expected& expected) {
  const Json& document = job.tasks.at(id);
  if (document.value("state", "") != "completed") return;
  const Json info = document.value("executionInfo", Json::object());
  const Runs& runs = runs_[{job.document.at("id"), id}];
  const auto came_to = [&](int exit_code) {
    return std::ranges::any_of(runs, [&](const ProcessRun* run) { return run->exit_code == exit_code; });
  };
  const bool has_succeeded = info.value("result", "") == "success";
  if (has_succeeded && !came_to(0)) broke(name + " succeeded, and no run of it ended with 0");
  if (info.contains("exitCode") && info["exitCode"].is_number() && !came_to(info["exitCode"].get<int>())) {
    broke(name + " ended with " + info["exitCode"].dump() + ", as no run of it did");
  }
  // What can only succeed, and was left alone, does.
  const std::string line = document.value("commandLine", "");
  const bool can_fail = line.find(" 0") == std::string::npos ||
                        document.value("constraints", Json::object()).contains("maxWallClockTime");
  const std::string failure = info.value("failureInfo", Json::object()).value("code", "");
  const bool is_files = failure == "FileUploadMiscError" || failure == "BlobDownloadTimedOut";
  const bool is_lost = failure == "NodeLost" || info.value("requeueCount", 0) >= 5;
  if (expected.was_acknowledged && !expected.was_meddled_with && !can_fail && !has_succeeded && !is_files && !is_lost &&
      !expected_.at(job.document.at("id")).was_meddled_with && failure != "TaskEnded") {
    broke(name + " failed with '" + failure + "' though nothing of it can fail");
  }
}

// No two attempts of a single-writer task run at the same time, whatever was given up meanwhile.
void Audit::check_single_writers() {
  for (const auto& [task, runs] : runs_) {
    const ProcessRun* last = nullptr;
    for (const ProcessRun* run : runs) {  // in the order of their start
      const auto constraints = run->order.spec.find("constraints");
      if (constraints == run->order.spec.end() || !constraints->value("singleWriter", false)) continue;
      const auto job = expected_.find(task.first);
      if (job == expected_.end() || job->second.add == nullptr || run->started < job->second.add->asked) continue;
      if (last != nullptr && (!last->ended || *last->ended > run->started)) {
        broke("attempts " + std::to_string(last->attempt) + " and " + std::to_string(run->attempt) +
              " of the single-writer task '" + task.first + "/" + task.second + "' ran at the same time");
      }
      last = run;
    }
  }
}

void Audit::check_runs() {
  std::set<spec::AttemptId> seen;
  for (const ProcessRun& run : evidence_.runs) {
    const std::string name =
        "attempt " + std::to_string(run.attempt) + " of '" + run.order.job + "/" + run.order.task + "'";
    if (!seen.insert(run.attempt).second) broke(name + " was started twice");
    // What it depends on has succeeded before it starts.
    if (run.order.kind != spec::RunKind::task) continue;
    const auto job = expected_.find(run.order.job);
    if (job == expected_.end()) continue;
    const auto task = job->second.tasks.find(run.order.task);
    if (task == job->second.tasks.end() || task->second.add == nullptr || !task->second.was_acknowledged) continue;
    if (!task->second.add->body.contains("dependsOn") || job->second.add == nullptr ||
        run.started < job->second.add->asked) {
      continue;
    }
    for (const Json& parent : task->second.add->body["dependsOn"]["taskIds"]) {
      const auto runs = runs_.find({run.order.job, parent});
      const bool is_met = runs != runs_.end() && std::ranges::any_of(runs->second, [&](const ProcessRun* other) {
                            return other->exit_code == 0 && other->ended && *other->ended <= run.started;
                          });
      if (!is_met) broke(name + " began before '" + parent.get<std::string>() + "' had succeeded");
    }
  }
}

// Each result's outputs are seen once, and only those of runs that ended.
void Audit::check_outputs() {
  std::map<spec::AttemptId, const ProcessRun*> by_attempt;
  for (const ProcessRun& run : evidence_.runs) by_attempt.emplace(run.attempt, &run);
  std::set<spec::AttemptId> seen;
  std::map<std::pair<std::string, std::string>, int> successes;
  for (const spec::AttemptId attempt : evidence_.outputs.published()) {
    const std::string name = "outputs of attempt " + std::to_string(attempt);
    if (!seen.insert(attempt).second) broke(name + " were published twice");
    const auto run = by_attempt.find(attempt);
    if (run == by_attempt.end()) {
      broke(name + " were published, and it never ran");
      continue;
    }
    const auto& order = run->second->order;
    if (!run->second->exit_code) broke(name + " were published, and its end was never seen");
    const auto job = expected_.find(order.job);
    const bool was_meddled_with = job == expected_.end() || job->second.tasks[order.task].was_meddled_with ||
                                  job->second.add == nullptr || run->second->started < job->second.add->asked;
    if (run->second->exit_code == 0 && !was_meddled_with && ++successes[{order.job, order.task}] == 2) {
      broke("task '" + order.job + "/" + order.task + "' has the outputs of two successful attempts");
    }
  }
}

// What really ran on a node at the same time fits it.
void Audit::check_slots() {
  struct Change {
    Duration at;
    int slots;
    const ProcessRun* run;
  };
  std::map<std::string, std::vector<Change>> by_node;
  std::map<int, std::vector<Change>> by_device;
  for (const ProcessRun& run : evidence_.runs) {
    auto& changes = by_node[run.pool + "/" + run.node];
    changes.push_back({run.started, run.order.slots, &run});
    if (run.ended) changes.push_back({*run.ended, -run.order.slots, &run});
    for (const int device : run.order.devices) {
      by_device[device].push_back({run.started, 1, &run});
      if (run.ended) by_device[device].push_back({*run.ended, -1, &run});
    }
  }
  const auto check = [this](std::vector<Change>& changes, int most, const std::string& name) {
    // Of what happens at one moment the ends come first.
    std::ranges::stable_sort(
        changes, [](const Change& a, const Change& b) { return a.at != b.at ? a.at < b.at : a.slots < b.slots; });
    int used = 0;
    for (const Change& change : changes) {
      used += change.slots;
      if (used <= most) continue;
      return broke(name + " is oversold: " + std::to_string(used) + " of " + std::to_string(most) + " with attempt " +
                   std::to_string(change.run->attempt));
    }
  };
  for (auto& [node, changes] : by_node) check(changes, node.starts_with("local/") ? 2 : 3, "node '" + node + "'");
  for (auto& [device, changes] : by_device) check(changes, 1, "device " + std::to_string(device));
}

}  // namespace

std::vector<std::string> audit(const Evidence& evidence) { return Audit(evidence).run(); }

std::vector<std::string> check_state(const batch::State& state) {
  std::vector<std::string> broken;
  std::map<int, std::string> devices;
  for (const auto& [id, pool] : state.pools) {
    for (const auto& [key, node] : pool->nodes) {
      int used = 0;
      for (const auto& [number, attempt] : node->attempts) {
        // What has not begun there waits for slots; only the node knows when there are some.
        if (attempt.phase == spec::Phase::preparing || attempt.phase == spec::Phase::running) used += attempt.slots;
      }
      if (used > node->slots)
        broken.push_back("the server gave node '" + node->id + "' " + std::to_string(used) + " slots of work");
      for (const int device : node->devices) {
        const auto [owner, is_new] = devices.emplace(device, node->id);
        if (!is_new)
          broken.push_back("device " + std::to_string(device) + " is of '" + owner->second + "' and of '" + node->id +
                           "'");
      }
    }
  }
  for (const auto& [id, job] : state.jobs) {
    if (job->max_parallel >= 0 && job->running > job->max_parallel) {
      broken.push_back("job '" + job->id + "' runs " + std::to_string(job->running) + " tasks of " +
                       std::to_string(job->max_parallel));
    }
  }
  return broken;
}

std::vector<std::string> unfinished(const batch::State& state) {
  std::vector<std::string> left;
  for (const auto& [id, job] : state.jobs) {
    if (job->state != batch::JobState::active && job->state != batch::JobState::completed) {
      left.push_back("job '" + job->id + "' is " + std::string(batch::job_state_name(job->state)));
    }
    for (const auto& [number, task] : job->unready) {
      if (task->unmet == 0) left.push_back("task '" + job->id + "/" + task->id + "' is held back");
    }
    for (const auto& [number, task] : job->ready) left.push_back("task '" + job->id + "/" + task->id + "' waits");
    if (job->running > 0)
      left.push_back("job '" + job->id + "' has " + std::to_string(job->running) + " running tasks");
    if (job->publishing > 0) left.push_back("job '" + job->id + "' publishes");
  }
  for (const auto& [attempt, node] : state.attempts) {
    left.push_back("attempt " + std::to_string(attempt) + " is on node '" + node->id + "'");
  }
  for (const auto& [id, schedule] : state.schedules) {
    if (schedule->state == batch::Schedule::State::deleting || schedule->state == batch::Schedule::State::terminating) {
      left.push_back("schedule '" + schedule->id + "' has not ended");
    }
  }
  return left;
}

}  // namespace scoria::sim
