// What clients and the store read of nodes.
#include <algorithm>

#include "base/iso8601.h"
#include "batch/attempts.h"
#include "batch/nodes.h"
#include "batch/pool_body.h"
#include "batch/state_json.h"

namespace scoria::batch {
namespace {

constexpr int kNodeStates = static_cast<int>(NodeState::unusable) + 1;

std::string affinity(const Node& node) { return "TVM:" + node.id; }

Json facts_json(const spec::NodeFacts& facts) {
  return {{"agent", facts.agent_version}, {"ip", facts.ip_address},   {"cores", facts.cores},
          {"memory", facts.memory_bytes}, {"devices", facts.devices}, {"boot", facts.boot_id},
          {"root", facts.root_directory}};
}

spec::NodeFacts facts_of(const Json& stored) {
  return {.agent_version = stored.at("agent"),
          .ip_address = stored.at("ip"),
          .cores = stored.at("cores"),
          .memory_bytes = stored.at("memory"),
          .devices = stored.at("devices").get<std::vector<int>>(),
          .boot_id = stored.at("boot"),
          .root_directory = stored.at("root")};
}

}  // namespace

Json node_document(const Node& node) {
  const Pool& pool = *node.pool;
  int running = 0;
  int slots = 0;
  for (const auto& [id, attempt] : node.attempts) {
    if (attempt.kind != spec::RunKind::task || (attempt.may_wait && attempt.phase == spec::Phase::queued)) continue;
    ++running;
    slots += attempt.slots;
  }
  Json out{{"id", node.id},
           {"url", "/pools/" + pool.id + "/nodes/" + node.id},
           {"state", node_state_name(node.state)},
           {"schedulingState", node.is_scheduling_enabled ? "enabled" : "disabled"},
           {"stateTransitionTime", format_time(node.stamp.state_since)},
           {"allocationTime", format_time(node.allocated.value_or(node.stamp.created))},
           {"affinityId", affinity(node)},
           {"vmSize", pool.body.value("vmSize", pool.size->name)},
           {"isDedicated", node.is_dedicated},
           {"totalTasksRun", node.total_run},
           {"runningTasksCount", running},
           {"runningTaskSlotsCount", slots},
           {"totalTasksSucceeded", node.total_succeeded}};
  if (node.booted) out["lastBootTime"] = format_time(*node.booted);
  if (!node.facts.ip_address.empty()) out["ipAddress"] = node.facts.ip_address;
  if (!node.recent_tasks.empty()) out["recentTasks"] = node.recent_tasks;
  if (const auto task = pool.body.find("startTask"); task != pool.body.end()) {
    out["startTask"] = *task;
    if (Json& shown = out["startTask"]; shown.contains("containerSettings")) {
      shown["containerSettings"].erase("registry");  // holds a password
    }
    if (!node.start_task_info.is_null()) out["startTaskInfo"] = node.start_task_info;
  }
  if (!node.errors.empty()) out["errors"] = node.errors;
  if (!node.facts.agent_version.empty()) {
    out["nodeAgentInfo"] = {{"version", node.facts.agent_version},
                            {"lastUpdateTime", format_time(node.booted.value_or(node.stamp.created))}};
  }
  if (const auto image = pool.body.find("virtualMachineConfiguration");
      image != pool.body.end() && image->contains("imageReference")) {
    out["virtualMachineInfo"] = {{"imageReference", (*image)["imageReference"]}};
  }
  return out;
}

Json stored_node(const Node& node) {
  Json out = node_document(node);
  out.erase("startTask");  // the pool's
  Json& own = out[spec::kPrivate];
  own = {{"stamp", stamp_json(node.stamp)},
         {"state", static_cast<int>(node.state)},
         {"token", node.token_hash},
         {"slots", node.slots},
         {"devices", node.devices},
         {"allocated", optional_micros(node.allocated)},
         {"booted", optional_micros(node.booted)},
         {"facts", facts_json(node.facts)},
         {"trouble", node.trouble},
         {"order", static_cast<int>(node.order)},
         {"orderSession", node.order_session},
         {"session", node.session},
         {"leaving", node.leaving ? Json(deallocation_name(*node.leaving)) : Json()},
         {"draining", node.draining ? Json(static_cast<int>(*node.draining)) : Json()},
         {"waitsForData", node.waits_for_data},
         {"preempting", node.is_preempting},
         {"lost", node.is_lost},
         {"startAttempt", node.start_attempt},
         {"images", static_cast<int>(node.images)},
         {"startRetries", node.start_task_retries},
         {"startTaskInfo", node.start_task_info},
         {"removeJobs", node.remove_jobs}};
  return out;
}

Status load_node(State& state, const store::Document& document) {
  const auto pool = state.pools.find(lower(document.parent));
  if (pool == state.pools.end()) {
    return Error{Code::corrupt,
                 "the stored node '" + document.id + "' is of pool '" + document.parent + "', which is not stored"};
  }
  return guarded_load(document, [&](const Json& stored) -> Status {
    const Json& own = stored.at(spec::kPrivate);
    auto made = make<Node>(state);
    Node& node = *made;
    node.id = stored.at("id");
    node.pool = pool->second.get();
    node.stamp = stamp_of(own.at("stamp"));
    const int kind = own.at("state");
    if (kind < 0 || kind >= kNodeStates)
      return Error{Code::corrupt, "the stored node '" + node.id + "' has no known state"};
    node.state = static_cast<NodeState>(kind);
    node.is_dedicated = stored.at("isDedicated");
    node.is_scheduling_enabled = stored.at("schedulingState") == "enabled";
    node.token_hash = own.at("token");
    node.slots = own.at("slots");
    node.devices = own.at("devices").get<std::vector<int>>();
    node.allocated = optional_wall(own, "allocated");
    node.booted = optional_wall(own, "booted");
    node.facts = facts_of(own.at("facts"));
    find_free_devices(node);
    node.trouble = own.at("trouble");
    node.order = static_cast<spec::NodeOrder>(own.at("order").get<int>());
    node.order_session = own.at("orderSession");
    node.session = own.at("session");
    if (!own.at("leaving").is_null()) {
      SCORIA_TRY(option, parse_deallocation(own["leaving"].get<std::string>(), "leaving"));
      node.leaving = option;
    }
    if (!own.at("draining").is_null()) node.draining = static_cast<spec::NodeOrder>(own["draining"].get<int>());
    node.is_preempting = own.at("preempting");
    node.is_lost = own.at("lost");
    node.start_attempt = own.at("startAttempt");
    if (const int images = own.value("images", 0); images >= 0 && images <= static_cast<int>(Node::Images::failed)) {
      node.images = static_cast<Node::Images>(images);
    }
    node.start_task_retries = own.at("startRetries");
    node.start_task_info = own.at("startTaskInfo");
    node.remove_jobs = own.at("removeJobs").get<std::vector<std::string>>();
    node.total_run = stored.at("totalTasksRun");
    node.total_succeeded = stored.at("totalTasksSucceeded");
    if (stored.contains("errors")) node.errors = stored["errors"].get<std::vector<Json>>();
    if (stored.contains("recentTasks")) node.recent_tasks = stored["recentTasks"].get<std::deque<Json>>();
    // Silence counts from the start. A drain's end, too: how long it had gone on is not known.
    node.heard = state.now.steady;
    if (node.leaving || node.is_preempting || node.draining) {
      node.drain_deadline = state.now.steady + 2 * state.settings.kill_grace + std::chrono::seconds(5);
    }
    node.waits_for_data = node.retains_data =
        own.value("waitsForData", node.leaving == Deallocation::retaineddata);  // until the node says what it has
    if (node.leaving == Deallocation::taskcompletion || node.waits_for_data) {
      node.drain_deadline.reset();
    }
    const std::string key = lower(node.id);
    Node& kept = *(pool->second->nodes[key] = std::move(made));
    if (kept.start_attempt != 0) {
      Attempt& attempt = kept.attempts[kept.start_attempt];
      attempt.id = kept.start_attempt;
      attempt.kind = kept.images == Node::Images::fetching ? spec::RunKind::images : spec::RunKind::start_task;
      attempt.assigned = attempt.started = state.now.wall;
      state.attempts[attempt.id] = &kept;
      state.next_attempt = std::max(state.next_attempt, attempt.id + 1);
    }
    return Ok{};
  });
}

}  // namespace scoria::batch
