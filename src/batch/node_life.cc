#include "batch/node_life.h"

#include <algorithm>
#include <array>

#include "base/iso8601.h"
#include "base/log.h"
#include "batch/allocation.h"
#include "batch/attempts.h"
#include "batch/nodes.h"
#include "batch/pool_body.h"
#include "batch/pool_images.h"
#include "batch/preparations.h"
#include "batch/usage.h"

namespace scoria::batch {
namespace {

constexpr std::size_t kErrorsKept = 10;
constexpr std::size_t kRemovalsKept = 1000;

constexpr std::array<std::string_view, 13> kNames{
    "creating",    "starting", "waitingforstarttask", "starttaskfailed", "idle",    "running", "rebooting", "reimaging",
    "leavingpool", "offline",  "preempted",           "unknown",         "unusable"};

bool runs_work(const Node& node) {
  return std::ranges::any_of(node.attempts, [](const auto& entry) { return !is_start(entry.second.kind); });
}

// The drain is over: what it was for.
void after_drain(State& state, Node& node) {
  if (!node.draining) return;
  const bool is_reboot = *node.draining == spec::NodeOrder::reboot;
  node.order = *node.draining;
  node.order_session = node.session;
  node.draining.reset();
  node.waits_for_data = false;
  node.drain_deadline.reset();
  forget_start_task(state, node);
  set_node_state(state, node, is_reboot ? NodeState::rebooting : NodeState::reimaging);
  state.effects.wake.emplace(node.pool->id, node.id);
}

// `all`, or those that are to run again after a reboot.
void undo_preparations(State& state, Node& node, bool all) {
  for (auto& [number, preparation] : node.preparations) {
    const auto job = state.jobs_by_number.find(number);
    if (job == state.jobs_by_number.end()) continue;
    const bool reruns = all || preparation.state == Preparation::State::running ||
                        job->second->body.value("/jobPreparationTask/rerunOnNodeRebootAfterSuccess"_json_pointer, true);
    if (reruns) preparation_undone(state, *job->second, node);
  }
}

}  // namespace

void add_error(State& state, Node& node, std::string_view code, std::string_view message) {
  if (node.errors.size() >= kErrorsKept) node.errors.erase(node.errors.begin());
  node.errors.push_back({{"code", code}, {"message", message}});
  state.dirty_nodes.insert(&node);
}

void booted(State& state, Node& node, bool is_reimaged) {
  node.booted = state.now.wall;
  undo_preparations(state, node, is_reimaged);
  start_node(state, node);
}

void came_back(State& state, Node& node, bool is_other_keeper) {
  log::info("node_back", {{"pool", node.pool->id}, {"node", node.id}});
  const bool has_images = node.images == Node::Images::fetched || !wants_images(*node.pool);
  const bool is_ready = node.start_attempt == 0 && has_images &&
                        (node.start_task_info.is_null() || node.start_task_info.value("result", "") == "success" ||
                         !node.pool->body.value("/startTask/waitForSuccess"_json_pointer, true));
  node.is_lost = false;
  if (is_other_keeper || !is_ready) {
    booted(state, node, false);
    return;
  }
  set_node_state(state, node, node.is_scheduling_enabled ? NodeState::idle : NodeState::offline);
  settle_node(state, node);
}

std::string_view node_state_name(NodeState state) { return kNames[static_cast<std::size_t>(state)]; }

void set_node_state(State& state, Node& node, NodeState to) {
  if (node.state == to) return;
  charge_node(state, node);
  const auto is_work = [](NodeState s) { return s == NodeState::idle || s == NodeState::running; };
  if (!is_work(node.state) || !is_work(to)) {
    log::info("node_state", {{"pool", node.pool->id}, {"node", node.id}, {"state", node_state_name(to)}});
    state.next_usage_write = state.now.wall;
    state.restless_pools.insert(node.pool);
  }
  node.state = to;
  node.stamp.state_changed(state.now.wall);
  state.dirty_nodes.insert(&node);
  if (can_take_work(node)) state.stale_pools.insert(node.pool);
}

bool can_take_work(const Node& node) {
  return (node.state == NodeState::idle || node.state == NodeState::running) && node.is_scheduling_enabled &&
         !node.leaving && !node.draining && !node.is_preempting && node.trouble.empty();
}

bool is_kept_by_data(const Node& node) { return node.waits_for_data && node.retains_data; }

void settle_node(State& state, Node& node) {
  const bool is_busy = runs_work(node);
  if (node.leaving || node.is_preempting) {
    if (node.attempts.empty()) {
      if (node.is_preempting && !node.leaving) take_place(state, node);
      state.restless_pools.insert(node.pool);
    }
    return;
  }
  if (node.draining && !is_busy && !is_kept_by_data(node)) {
    after_drain(state, node);
    return;
  }
  if (node.state != NodeState::idle && node.state != NodeState::running && node.state != NodeState::offline) return;
  const NodeState idle = node.is_scheduling_enabled ? NodeState::idle : NodeState::offline;
  if (!is_busy && !node.draining) node.drain_deadline.reset();
  set_node_state(state, node, is_busy ? NodeState::running : idle);
}

void remove_directory(State& state, Node& node, std::string directory) {
  const bool has_none = node.state == NodeState::creating || node.state == NodeState::preempted;
  if (has_none || node.remove_jobs.size() >= kRemovalsKept) return;
  node.remove_jobs.push_back(std::move(directory));
  node.told_removals = 0;
  state.dirty_nodes.insert(&node);
  state.effects.wake.emplace(node.pool->id, node.id);
}

void forget_start_task(State& state, Node& node) {
  if (node.start_attempt == 0) return;
  state.attempts.erase(node.start_attempt);
  node.attempts.erase(node.start_attempt);
  node.start_attempt = 0;
  state.dirty_nodes.insert(&node);
  state.effects.wake.emplace(node.pool->id, node.id);
}

void stop_all(State& state, Node& node, std::string_view reason, Duration grace, bool requeue) {
  forget_start_task(state, node);
  std::vector<AttemptId> ids;
  for (const auto& [id, attempt] : node.attempts) ids.push_back(id);
  for (const AttemptId id : ids) {
    // Stopping one may end others of its job.
    if (const auto found = node.attempts.find(id); found != node.attempts.end()) {
      stop_attempt(state, node, found->second, reason, grace, requeue);
    }
  }
  state.effects.wake.emplace(node.pool->id, node.id);
}

void drain(State& state, Node& node, Deallocation option, std::string_view reason) {
  node.waits_for_data = option == Deallocation::retaineddata;
  if (option == Deallocation::requeue || option == Deallocation::terminate) {
    node.drain_deadline = state.now.steady + 2 * state.settings.kill_grace + std::chrono::seconds(5);
    stop_all(state, node, reason, state.settings.kill_grace, option == Deallocation::requeue);
    return;
  }
  node.drain_deadline.reset();
  // What was sent ahead has not begun: it need not wait for its turn here.
  std::vector<AttemptId> waiting;
  for (const auto& [id, attempt] : node.attempts) {
    if (attempt.kind == spec::RunKind::task && attempt.phase == spec::Phase::queued && attempt.may_wait) {
      waiting.push_back(id);
    }
  }
  for (const AttemptId id : waiting) {
    if (const auto found = node.attempts.find(id); found != node.attempts.end()) {
      stop_attempt(state, node, found->second, reason, Duration{0}, true);
    }
  }
}

void abandon_all(State& state, Node& node, std::string_view why) {
  forget_start_task(state, node);
  std::vector<AttemptId> ids;
  for (const auto& [id, attempt] : node.attempts) ids.push_back(id);
  for (const AttemptId id : ids) {
    if (node.attempts.contains(id)) abandon(state, node, id, why);
  }
}

void take_place(State& state, Node& node) {
  node.is_preempting = false;
  node.drain_deadline.reset();
  node.silent_since.reset();
  undo_preparations(state, node, true);
  node.order = spec::NodeOrder::leave;  // an agent that asks before it is ended
  set_node_state(state, node, NodeState::preempted);
  std::erase_if(state.effects.request,
                [&](const auto& request) { return request.pool == node.pool->id && request.node == node.id; });
  state.effects.release.emplace_back(node.pool->id, node.id);
  state.effects.wake.emplace(node.pool->id, node.id);
  state.dirty_nodes.insert(&node);
  log::info("node_preempted", {{"pool", node.pool->id}, {"node", node.id}});
}

void start_node(State& state, Node& node) {
  forget_start_task(state, node);
  node.order = spec::NodeOrder::none;
  if (wants_images(*node.pool)) {
    fetch_images(state, node);
  } else {
    run_start_task(state, node);
  }
}

void run_start_task(State& state, Node& node) {
  const auto task = node.pool->body.find("startTask");
  if (task == node.pool->body.end() || !task->is_object()) {
    node.start_task_info = Json();
    set_node_state(state, node, node.is_scheduling_enabled ? NodeState::idle : NodeState::offline);
    settle_node(state, node);
    return;
  }
  node.start_task_retries = 0;
  node.start_attempt = new_attempt(state, node, spec::RunKind::start_task, nullptr).id;
  node.start_task_info = {{"state", "running"}, {"startTime", format_time(state.now.wall)}, {"retryCount", 0}};
  state.dirty_nodes.insert(&node);
  state.effects.wake.emplace(node.pool->id, node.id);
  if (task->value("waitForSuccess", true)) {
    set_node_state(state, node, NodeState::waitingforstarttask);
  } else {
    set_node_state(state, node, node.is_scheduling_enabled ? NodeState::idle : NodeState::offline);
  }
  settle_node(state, node);
}

void start_task_event(State& state, Node& node, AttemptId attempt, const spec::Event& event) {
  if (attempt != node.start_attempt) return;
  const auto found = node.attempts.find(attempt);
  if (found == node.attempts.end()) return;
  state.dirty_nodes.insert(&node);
  const WallTime at = event.at_us > 0 ? WallTime(Duration(event.at_us)) : state.now.wall;
  if (event.kind == spec::Event::Kind::preparing) {
    found->second.phase = spec::Phase::preparing;
    return;
  }
  if (event.kind == spec::Event::Kind::started) {
    found->second.phase = spec::Phase::running;
    found->second.started = at;
    if (node.start_task_retries == 0) node.start_task_info["startTime"] = format_time(at);
    return;
  }
  state.attempts.erase(attempt);
  node.attempts.erase(found);
  node.start_attempt = 0;
  const Json task = node.pool->body.value("startTask", Json::object());
  const bool is_ok = event.exit_code == 0 && !event.failure;
  Json& info = node.start_task_info;
  if (event.exit_code) info["exitCode"] = *event.exit_code;
  if (!event.container.empty()) info["containerInfo"] = {{"containerId", event.container}};
  info.erase("failureInfo");
  if (event.failure) {
    Json details = Json::array();
    for (const auto& [name, value] : event.failure->details) details.push_back({{"name", name}, {"value", value}});
    info["failureInfo"] = {{"category", event.failure->category},
                           {"code", event.failure->code},
                           {"message", event.failure->message},
                           {"details", std::move(details)}};
  } else if (!is_ok) {
    info["failureInfo"] = {
        {"category", "usererror"},
        {"code", "FailureExitCode"},
        {"message", "The task exited with an exit code representing a failure"},
        {"details",
         Json::array({{{"name", "Message"},
                       {"value", "The task exited with code " + std::to_string(event.exit_code.value_or(-1))}}})}};
  }
  const int max_retries = task.value("maxTaskRetryCount", 0);
  if (!is_ok && (max_retries < 0 || node.start_task_retries < max_retries)) {
    ++node.start_task_retries;
    info["retryCount"] = node.start_task_retries;
    info["lastRetryTime"] = format_time(state.now.wall);
    node.start_attempt = new_attempt(state, node, spec::RunKind::start_task, nullptr).id;
    state.effects.wake.emplace(node.pool->id, node.id);
    return;
  }
  info["state"] = "completed";
  info["endTime"] = format_time(at);
  info["result"] = is_ok ? "success" : "failure";
  log::info("start_task_ended", {{"pool", node.pool->id}, {"node", node.id}, {"ok", is_ok}});
  if (node.state == NodeState::waitingforstarttask) {
    if (is_ok) {
      set_node_state(state, node, node.is_scheduling_enabled ? NodeState::idle : NodeState::offline);
    } else {
      add_error(state, node, "StartTaskFailed", "The start task failed, see startTaskInfo and startup/stderr.txt");
      set_node_state(state, node, NodeState::starttaskfailed);
    }
  }
  settle_node(state, node);
}

}  // namespace scoria::batch
