#include "batch/preparations.h"

#include <algorithm>

#include "base/iso8601.h"
#include "base/log.h"
#include "batch/attempts.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/state_json.h"
#include "batch/task_progress.h"
#include "spec/json_text.h"

namespace scoria::batch {
namespace {

using Ran = Preparation::State;
using spec::Event;
using spec::RunKind;

std::string document_id(const Node& node) { return node.pool->id + "/" + node.id; }

// How the store and the status list know a preparation and its release.
void write(State& state, Job& job, const Node& node, const Preparation& preparation) {
  Json out{
      {"poolId", node.pool->id}, {"nodeId", node.id}, {"nodeUrl", "/pools/" + node.pool->id + "/nodes/" + node.id}};
  if (!preparation.info.is_null()) out["jobPreparationTaskExecutionInfo"] = preparation.info;
  if (!preparation.release_info.is_null()) out["jobReleaseTaskExecutionInfo"] = preparation.release_info;
  out[spec::kPrivate] = {{"job", job.number},
                         {"state", static_cast<int>(preparation.state)},
                         {"release", static_cast<int>(preparation.release)},
                         {"retries", preparation.retries},
                         {"releaseRetries", preparation.release_retries},
                         {"attempt", preparation.attempt}};
  state.changes.put({store::Kind::preparation, std::to_string(job.number), document_id(node), spec::json_text(out)});
  job.prepared_on.insert(document_id(node));
}

Json fresh_info(const State& state, const Job& job, const Node& node, const std::string& task) {
  const std::string directory = task_directory(job.id, task);
  return {{"startTime", format_time(state.now.wall)},
          {"state", "running"},
          {"taskRootDirectory", directory},
          {"taskRootDirectoryUrl", "/pools/" + node.pool->id + "/nodes/" + node.id + "/files/" + directory},
          {"retryCount", 0}};
}

void take_end(const State& state, Json& info, const Event& event) {
  const bool is_ok = event.exit_code == 0 && !event.failure && event.reason.empty();
  info["endTime"] = format_time(state.now.wall);
  info["state"] = "completed";
  info["result"] = is_ok ? "success" : "failure";
  if (event.exit_code) info["exitCode"] = *event.exit_code;
  if (!event.container.empty()) info["containerInfo"] = {{"containerId", event.container}};
  info.erase("failureInfo");
  if (is_ok) return;
  if (!event.failure) {
    info["failureInfo"] =
        event.reason.empty()
            ? failure_info("usererror", "FailureExitCode", "The task exited with an exit code representing a failure")
            : ended_failure("Task was ended by a user request");
    return;
  }
  Json details = Json::array();
  for (const auto& [name, value] : event.failure->details) details.push_back({{"name", name}, {"value", value}});
  info["failureInfo"] =
      failure_info(event.failure->category, event.failure->code, event.failure->message, std::move(details));
}

int max_retries(const Job& job, RunKind kind) {
  const Json& task = job.body.at(kind == RunKind::preparation ? "jobPreparationTask" : "jobReleaseTask");
  const auto constraints = task.find("constraints");
  return constraints == task.end() || !constraints->is_object() ? 0 : constraints->value("maxTaskRetryCount", 0);
}

// The job's tasks that were waiting on this node for its preparation.
std::vector<AttemptId> waiting_on(const Job& job, const Node& node) {
  std::vector<AttemptId> ids;
  for (const auto& [id, attempt] : node.attempts) {
    if (attempt.job == &job && attempt.kind == RunKind::task && !attempt.was_told) ids.push_back(id);
  }
  return ids;
}

void start(State& state, Job& job, Node& node, RunKind kind) {
  Preparation& preparation = node.preparations[job.number];
  preparation.attempt = new_attempt(state, node, kind, &job).id;
  (kind == RunKind::preparation ? preparation.state : preparation.release) = Ran::running;
  write(state, job, node, preparation);
}

void preparation_ended(State& state, Job& job, Node& node, Preparation& preparation, bool is_ok) {
  preparation.state = is_ok ? Ran::completed : Ran::failed;
  log::info("job_preparation_ended", {{"job", job.id}, {"node", node.id}, {"ok", is_ok}});
  if (gate_of(job, node) == Gate::barred) {
    for (const AttemptId id : waiting_on(job, node)) {
      const auto found = node.attempts.find(id);
      if (found != node.attempts.end() && found->second.stop_reason.empty()) {
        stop_attempt(state, node, found->second, "terminated", Duration(0), true);
      }
    }
  }
  state.effects.wake.emplace(node.pool->id, node.id);
  state.stale_pools.insert(node.pool);
}

}  // namespace

Gate gate_of(const Job& job, const Node& node) {
  if (!job.has_preparation) return Gate::open;
  const auto found = node.preparations.find(job.number);
  const Ran ran = found == node.preparations.end() ? Ran::none : found->second.state;
  if (ran == Ran::completed) return Gate::open;
  if (!job.waits_for_preparation) return ran == Ran::none ? Gate::closed : Gate::open;
  return ran == Ran::failed ? Gate::barred : Gate::closed;
}

void prepare(State& state, Job& job, Node& node) {
  Preparation& preparation = node.preparations[job.number];
  if (preparation.state != Ran::none) return;
  preparation.retries = 0;
  preparation.info = fresh_info(state, job, node, preparation_id(job));
  start(state, job, node, RunKind::preparation);
}

void preparation_event(State& state, Node& node, const Attempt& attempt, const Event& event) {
  Job& job = *attempt.job;
  const auto found = node.preparations.find(job.number);
  if (found == node.preparations.end() || found->second.attempt != attempt.id) return;
  Preparation& preparation = found->second;
  const bool is_release = attempt.kind == RunKind::release;
  Json& info = is_release ? preparation.release_info : preparation.info;
  if (event.kind != Event::Kind::ended) {
    info["startTime"] = format_time(state.now.wall);
    write(state, job, node, preparation);
    state.effects.wake.emplace(node.pool->id, node.id);  // tasks that do not wait for its success
    return;
  }
  preparation.attempt = 0;
  take_end(state, info, event);
  const bool is_ok = info["result"] == "success";
  int& retries = is_release ? preparation.release_retries : preparation.retries;
  const int limit = max_retries(job, attempt.kind);
  const bool goes_on = is_release || (job.state != JobState::terminating && job.state != JobState::deleting);
  if (!is_ok && event.reason.empty() && goes_on && (limit < 0 || retries < limit)) {
    info["retryCount"] = ++retries;
    info["lastRetryTime"] = format_time(state.now.wall);
    info["state"] = "running";
    for (const char* key : {"endTime", "result", "exitCode", "failureInfo"}) info.erase(key);
    start(state, job, node, attempt.kind);
    return;
  }
  if (is_release) {
    preparation.release = is_ok ? Ran::completed : Ran::failed;
  } else if (!event.reason.empty() && goes_on) {
    preparation.state = Ran::none;  // the node stopped it: another time
  } else {
    preparation_ended(state, job, node, preparation, is_ok);
  }
  write(state, job, node, preparation);
  advance_job(state, job);
}

void preparation_undone(State& state, Job& job, Node& node) {
  const auto found = node.preparations.find(job.number);
  if (found == node.preparations.end()) return;
  found->second.state = Ran::none;
  write(state, job, node, found->second);
}

void preparation_lost(State& state, Node& node, const Attempt& attempt) {
  Job& job = *attempt.job;
  const auto found = node.preparations.find(job.number);
  if (found != node.preparations.end() && found->second.attempt == attempt.id) {
    Preparation& preparation = found->second;
    preparation.attempt = 0;
    if (attempt.kind == RunKind::release) {
      preparation.release = Ran::failed;
      preparation.release_info["state"] = "completed";
      preparation.release_info["result"] = "failure";
      preparation.release_info["endTime"] = format_time(state.now.wall);
      preparation.release_info["failureInfo"] = failure_info("servererror", "Unknown", "The task's node was lost");
    } else {
      preparation.state = Ran::none;
    }
    write(state, job, node, preparation);
    // Where its node lives on, tasks wait there.
    const bool is_needed = attempt.kind == RunKind::preparation && job.state == JobState::active && can_take_work(node);
    if (is_needed && !waiting_on(job, node).empty()) prepare(state, job, node);
  }
  advance_job(state, job);
}

bool release_everywhere(State& state, Job& job) {
  if (!job.has_release || job.pool == nullptr) return true;
  bool is_over = true;
  for (auto& [key, node] : job.pool->nodes) {
    const auto found = node->preparations.find(job.number);
    if (found == node->preparations.end()) continue;
    Preparation& preparation = found->second;
    const bool has_run = preparation.state == Ran::completed || preparation.state == Ran::failed;
    const bool is_up =
        node->state == NodeState::idle || node->state == NodeState::running || node->state == NodeState::offline;
    if (preparation.release == Ran::none && has_run && is_up && !node->leaving) {
      preparation.release_retries = 0;
      preparation.release_info = fresh_info(state, job, *node, release_id(job));
      start(state, job, *node, RunKind::release);
    }
    is_over = is_over && preparation.release != Ran::running;
  }
  return is_over;
}

void forget_preparations(State& state, Job& job) {
  for (auto& [id, pool] : state.pools) {
    for (auto& [key, node] : pool->nodes) node->preparations.erase(job.number);
  }
}

void erase_preparations(State& state, Job& job) {
  // Those of an earlier life of this server, too.
  std::string after;
  for (;;) {
    const auto stored = state.store.list(store::Kind::preparation, std::to_string(job.number), after, 1000);
    if (!stored.ok() || stored.value().empty()) break;
    for (const store::Document& document : stored.value()) job.prepared_on.insert(document.id);
    after = stored.value().back().id;
  }
  for (const std::string& id : job.prepared_on)
    state.changes.erase(store::Kind::preparation, std::to_string(job.number), id);
}

Status load_preparation(State& state, const store::Document& document) {
  return guarded_load(document, [&](const Json& stored) -> Status {
    const Json& own = stored.at(spec::kPrivate);
    const auto found = state.jobs_by_number.find(own.at("job").get<std::uint64_t>());
    if (found == state.jobs_by_number.end()) return Ok{};  // of a job that is completed
    Job& job = *found->second;
    job.prepared_on.insert(document.id);
    Node* node = find_node(state, stored.at("poolId").get<std::string>(), stored.at("nodeId").get<std::string>());
    if (node == nullptr) return Ok{};
    Preparation& preparation = node->preparations[job.number];
    preparation.state = static_cast<Ran>(std::clamp(own.at("state").get<int>(), 0, 3));
    preparation.release = static_cast<Ran>(std::clamp(own.at("release").get<int>(), 0, 3));
    preparation.retries = own.at("retries");
    preparation.release_retries = own.at("releaseRetries");
    preparation.attempt = own.at("attempt");
    preparation.info = stored.value("jobPreparationTaskExecutionInfo", Json());
    preparation.release_info = stored.value("jobReleaseTaskExecutionInfo", Json());
    if (preparation.attempt == 0) return Ok{};
    state.next_attempt = std::max(state.next_attempt, preparation.attempt + 1);
    Attempt& attempt = node->attempts[preparation.attempt];
    attempt.id = preparation.attempt;
    attempt.kind = preparation.release == Ran::running ? RunKind::release : RunKind::preparation;
    attempt.job = &job;
    attempt.assigned = attempt.started = state.now.wall;
    attempt.was_told = true;
    state.attempts.emplace(attempt.id, node);
    job.attempts.insert(attempt.id);
    return Ok{};
  });
}

}  // namespace scoria::batch
