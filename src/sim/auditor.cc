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

// The ids that a task depends on.
std::vector<std::string> parents_of(const Json& task) {
  std::vector<std::string> parents;
  const Json depends = task.value("dependsOn", Json::object());
  for (const Json& id : depends.value("taskIds", Json::array())) parents.push_back(id);
  for (const Json& range : depends.value("taskIdRanges", Json::array())) {
    for (int id = range.at("start"); id <= range.at("end").get<int>(); ++id) parents.push_back(std::to_string(id));
  }
  return parents;
}

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
    check_preparations();
    check_reruns();
    check_leftovers();
    for (std::string& what : audit_schedules(evidence_)) broke(std::move(what));
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
  void check_preparations();
  void check_reruns();
  void check_leftovers();
  void check_retries(const std::string& name, const Json& document, const Runs& runs, const Expected& expected,
                     bool was_left_alone);
  void check_waiting(const std::string& name, const StoredJob& job, const Json& document);
  // Of this life of its job, as ids are used again.
  bool is_of(const Expected& job, const ProcessRun& run) const {
    return job.add != nullptr && job.was_acknowledged && run.started >= job.add->asked;
  }

  const Evidence& evidence_;
  bool are_tasks_ended_ = false;  // with nodes that somebody took away
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
    if (operation.body.is_object() && operation.body.value("ends_tasks", false)) are_tasks_ended_ = true;
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
  if (document.value("state", "") != "completed") return check_waiting(name, job, document);
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
      !expected_.at(job.document.at("id")).was_meddled_with && (failure != "TaskEnded" || !are_tasks_ended_)) {
    broke(name + " failed with '" + failure + "' though nothing of it can fail");
  }
  const bool was_left_alone =
      expected.was_acknowledged && !expected.was_meddled_with && !expected_.at(job.document.at("id")).was_meddled_with;
  check_retries(name, document, runs, expected, was_left_alone);
}

// As often as it may, and no more; and where every try failed, as often as it may.
void Audit::check_retries(const std::string& name, const Json& document, const Runs& runs, const Expected& expected,
                          bool was_left_alone) {
  if (!expected.was_acknowledged || expected.add == nullptr) return;
  const int most = document.value("constraints", Json::object()).value("maxTaskRetryCount", 0);
  for (const ProcessRun* run : runs) {
    if (run->started < expected.add->asked || run->order.retry <= most) continue;
    return broke(name + " was tried again " + std::to_string(run->order.retry) + " times, and may be " +
                 std::to_string(most) + " times");
  }
  const Json info = document.value("executionInfo", Json::object());
  const std::string failure = info.value("failureInfo", Json::object()).value("code", "");
  if (was_left_alone && failure == "FailureExitCode" && info.value("retryCount", 0) != most) {
    broke(name + " failed after " + std::to_string(info.value("retryCount", 0)) + " of " + std::to_string(most) +
          " retries");
  }
}

// Nothing waits for what has succeeded.
void Audit::check_waiting(const std::string& name, const StoredJob& job, const Json& document) {
  if (document.value("state", "") != "active" || job.document.value("state", "") != "active") return;
  for (const std::string& parent : parents_of(document)) {
    const auto found = job.tasks.find(parent);
    if (found == job.tasks.end() || found->second.value("state", "") != "completed") return;
    if (found->second.value("executionInfo", Json::object()).value("result", "") != "success") return;
  }
  broke(name + " waits for ever, and all that it depends on has succeeded");
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
    if (!is_of(job->second, run)) continue;
    for (const std::string& parent : parents_of(task->second.add->body)) {
      const auto runs = runs_.find({run.order.job, parent});
      const bool is_met = runs != runs_.end() && std::ranges::any_of(runs->second, [&](const ProcessRun* other) {
                            return other->exit_code == 0 && other->ended && *other->ended <= run.started;
                          });
      if (!is_met) broke(name + " began before '" + parent + "' had succeeded");
    }
  }
}

// A job's tasks begin on a node once its preparation task has succeeded there, and its release task when they are over.
void Audit::check_preparations() {
  constexpr Duration kMoment = std::chrono::seconds(3);  // until a killed process is gone
  for (const ProcessRun& run : evidence_.runs) {
    const auto job = expected_.find(run.order.job);
    if (job == expected_.end() || !is_of(job->second, run)) continue;
    const std::string name =
        "attempt " + std::to_string(run.attempt) + " of '" + run.order.job + "/" + run.order.task + "'";
    const auto any_before = [&](auto meets) {
      return std::ranges::any_of(evidence_.runs, [&](const ProcessRun& other) {
        return other.order.job == run.order.job && other.pool == run.pool && other.node == run.node &&
               other.started <= run.started && is_of(job->second, other) && meets(other);
      });
    };
    if (run.order.kind == spec::RunKind::task && job->second.add->body.contains("jobPreparationTask")) {
      const bool is_prepared = any_before([&](const ProcessRun& other) {
        return other.order.kind == spec::RunKind::preparation && other.exit_code == 0 && *other.ended <= run.started;
      });
      if (!is_prepared)
        broke(name + " began on node '" + run.node + "' before its job's preparation task had succeeded");
    }
    if (run.order.kind == spec::RunKind::release) {
      const bool is_busy = any_before([&](const ProcessRun& other) {
        return other.order.kind == spec::RunKind::task && (!other.ended || *other.ended > run.started + kMoment);
      });
      if (is_busy) broke(name + " began on node '" + run.node + "' while a task of its job ran there");
    }
  }
}

// Where nothing happens to nodes, nothing runs again that has succeeded: an end that the server has acknowledged is durable.
void Audit::check_reruns() {
  if (!evidence_.are_nodes_sound) return;
  for (const auto& [task, runs] : runs_) {
    const auto job = expected_.find(task.first);
    if (job == expected_.end() || job->second.was_meddled_with || job->second.tasks[task.second].was_meddled_with)
      continue;
    const auto constraints = job->second.tasks[task.second].add;
    if (constraints == nullptr || constraints->body.contains("outputFiles")) continue;
    const ProcessRun* succeeded = nullptr;
    for (const ProcessRun* run : runs) {
      // In the calm the pool is resized.
      if (!is_of(job->second, *run) || run->started > evidence_.calm) continue;
      if (succeeded != nullptr && run->started > *succeeded->ended) {
        broke("task '" + task.first + "/" + task.second + "' ran again as attempt " + std::to_string(run->attempt) +
              " after attempt " + std::to_string(succeeded->attempt) + " had succeeded");
      }
      if (run->exit_code == 0) succeeded = run;
    }
  }
}

// What is deleted leaves nothing in the store.
void Audit::check_leftovers() {
  std::set<std::uint64_t> numbers;
  for (const auto& [id, job] : stored_) numbers.insert(job.number);
  std::set<std::uint64_t> told;
  (void)evidence_.store.each_open_task([&](const store::TaskRow& row) -> Status {
    if (!numbers.contains(row.job) && told.insert(row.job).second) {
      broke("the store holds task '" + row.id + "' of a job that is not there");
    }
    return Ok{};
  });
  constexpr std::uint64_t kLooked = 60;  // the first jobs of a run: numbers come in blocks
  for (std::uint64_t number = 1; number < kLooked; ++number) {
    if (numbers.contains(number) || told.contains(number)) continue;
    const auto rows = evidence_.store.tasks(number, 0, 1, std::nullopt);
    if (rows.ok() && !rows.value().empty()) broke("the store holds tasks of a job that was deleted");
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

}  // namespace scoria::sim
