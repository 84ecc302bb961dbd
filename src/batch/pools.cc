#include "batch/pools.h"

#include <algorithm>
#include <array>

#include "base/iso8601.h"
#include "base/log.h"
#include "batch/allocation.h"
#include "batch/autoscaling.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/pool_body.h"
#include "spec/errors.h"

namespace scoria::batch {

using spec::batch_error;

namespace {

// A pool that clients may still change. Errors: PoolNotFound, PoolBeingDeleted.
Result<Pool*> find_live_pool(State& state, std::string_view id) {
  SCORIA_TRY(pool, find_pool(state, id));
  if (pool->is_deleting) return batch_error("PoolBeingDeleted", "pool '" + pool->id + "' is being deleted");
  return pool;
}

void touch(State& state, Pool& pool) {
  pool.stamp.changed(state.now.wall);
  state.dirty_pools.insert(&pool);
}

Status check_not_joined(const Pool& pool, std::string_view what) {
  if (pool.provider != kJoined) return Ok{};
  return batch_error("OperationInvalidForCurrentState",
                     "pool '" + pool.id + "' consists of the machines that join it: " + std::string(what) +
                         " is for pools of other providers");
}

Status check_steady(const Pool& pool) {
  if (pool.allocation == AllocationState::steady) return Ok{};
  return batch_error("PoolBeingResized",
                     "pool '" + pool.id + "' is being resized: wait until it is steady, or stop it");
}

void start_resize(State& state, Pool& pool) {
  pool.resize_errors.clear();
  pool.wants_room = false;
  pool.resize_deadline = state.now.wall + pool.resize_timeout;
  set_allocation(state, pool, AllocationState::resizing);
  state.restless_pools.insert(&pool);
}

// One property of a pool's body as a patch has it; null, and a start task without members, take it away.
void patch_property(Json& body, const char* key, Json& patch) {
  if (!patch.contains(key)) return;
  if (patch[key].is_null() || (std::string_view(key) == "startTask" && patch[key].empty())) {
    body.erase(key);
  } else {
    body[key] = std::move(patch[key]);
  }
}

}  // namespace

Result<Pool*> find_pool(State& state, std::string_view id) {
  const auto found = state.pools.find(lower(id));
  if (found == state.pools.end()) {
    return batch_error("PoolNotFound", "The specified pool does not exist: '" + std::string(id) + "'.");
  }
  return found->second.get();
}

Result<Stamp> add_pool(State& state, Json body) {
  const std::string id = body.value("id", "");
  if (id.empty()) return batch_error("MissingRequiredProperty", "a pool needs an id", {{"PropertyName", "id"}});
  if (const auto found = state.pools.find(lower(id)); found != state.pools.end()) {
    if (found->second->is_deleting) return batch_error("PoolBeingDeleted", "pool '" + id + "' is being deleted");
    return batch_error("PoolExists", "The specified pool already exists: '" + id + "'.");
  }
  auto made = make<Pool>(state);
  Pool& pool = *made;
  pool.id = id;
  pool.stamp.created = pool.stamp.modified = pool.stamp.state_since = pool.allocation_since = state.now.wall;
  pool.next_sample = state.now.wall;
  SCORIA_TRY_STATUS(read_pool_body(state, pool, std::move(body)));
  // Added before it is evaluated: its jobs may wait for it already, and what they ask for counts.
  state.pools.emplace(lower(id), std::move(made));
  attach_jobs(state, pool);
  if (auto started = start_autoscale(state, pool); !started.ok()) {
    detach_jobs(state, pool);
    state.stale_pools.erase(&pool);
    state.restless_pools.erase(&pool);
    state.dirty_pools.erase(&pool);
    state.pools.erase(lower(id));
    return started.error();
  }
  state.dirty_pools.insert(&pool);
  start_resize(state, pool);
  log::info("pool_added", {{"pool", pool.id},
                           {"provider", pool.provider},
                           {"dedicated", pool.target_dedicated},
                           {"low_priority", pool.target_low_priority}});
  allocate(state, pool);
  return pool.stamp;
}

Status delete_pool(State& state, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(pool, find_pool(state, id));
  SCORIA_TRY_STATUS(condition.check(pool->stamp));
  if (pool->is_deleting) return batch_error("PoolBeingDeleted", "pool '" + pool->id + "' is being deleted");
  pool->is_deleting = true;
  stop_autoscale(*pool);
  pool->target_dedicated = pool->target_low_priority = 0;
  pool->deallocation = Deallocation::requeue;
  pool->stamp.state_changed(state.now.wall);
  set_allocation(state, *pool, AllocationState::resizing);
  state.dirty_pools.insert(pool);
  log::info("pool_deleting", {{"pool", pool->id}});
  for (auto& [name, node] : pool->nodes) start_leaving(state, *node, Deallocation::requeue);
  state.restless_pools.insert(pool);  // erased by settle_pools(): callers may still look at it
  return Ok{};
}

Result<Stamp> patch_pool(State& state, std::string_view id, Json body, const Precondition& condition) {
  SCORIA_TRY(pool, find_live_pool(state, id));
  SCORIA_TRY_STATUS(condition.check(pool->stamp));
  // What a patch may name, and no more: targets have operations of their own. The second half is told to nodes when they are made.
  constexpr std::array kPatched{
      "displayName",  "startTask", "certificateReferences",       "applicationPackageReferences",
      "resourceTags", "metadata",  "targetNodeCommunicationMode", "upgradePolicy"};
  constexpr std::array kPatchedWhileEmpty{"vmSize",
                                          "virtualMachineConfiguration",
                                          "taskSlotsPerNode",
                                          "userAccounts",
                                          "enableInterNodeCommunication",
                                          "networkConfiguration",
                                          "mountConfiguration",
                                          "taskSchedulingPolicy"};
  Json changed = pool->body;
  for (const char* key : kPatched) patch_property(changed, key, body);
  bool is_reshaped = false;
  for (const char* key : kPatchedWhileEmpty) {
    if (!body.contains(key)) continue;
    is_reshaped = true;
    if (!pool->nodes.empty()) {
      return batch_error("OperationInvalidForCurrentState",
                         std::string(key) + " of pool '" + pool->id + "' can change only while the pool has no nodes",
                         {{"PropertyName", key}});
    }
    patch_property(changed, key, body);
  }
  if (is_reshaped) SCORIA_TRY_STATUS(read_node_shape(state, *pool, changed));
  pool->body = std::move(changed);
  touch(state, *pool);
  return pool->stamp;
}

Result<Stamp> update_pool(State& state, std::string_view id, Json body) {
  SCORIA_TRY(pool, find_live_pool(state, id));
  for (const char* key : {"startTask", "certificateReferences", "applicationPackageReferences", "metadata",
                          "targetNodeCommunicationMode"}) {
    pool->body.erase(key);
    if (body.contains(key) && !body[key].is_null()) pool->body[key] = std::move(body[key]);
  }
  touch(state, *pool);
  return pool->stamp;
}

Result<Stamp> enable_autoscale(State& state, std::string_view id, Json body, const Precondition& condition) {
  SCORIA_TRY(pool, find_live_pool(state, id));
  SCORIA_TRY_STATUS(condition.check(pool->stamp));
  SCORIA_TRY_STATUS(check_not_joined(*pool, "autoscale"));
  if (!pool->formula) SCORIA_TRY_STATUS(check_steady(*pool));  // a resize that somebody asked for goes on
  const Json before = pool->body;
  for (const char* key : {"autoScaleFormula", "autoScaleEvaluationInterval"}) {
    if (body.contains(key)) pool->body[key] = body[key];
  }
  pool->body["enableAutoScale"] = true;
  pool->body.erase("scaleBetween");
  pool->body.erase("targetDedicatedNodes");
  pool->body.erase("targetLowPriorityNodes");
  if (auto started = start_autoscale(state, *pool); !started.ok()) {
    pool->body = before;
    return started.error();
  }
  touch(state, *pool);
  allocate(state, *pool);
  return pool->stamp;
}

Result<Stamp> disable_autoscale(State& state, std::string_view id) {
  SCORIA_TRY(pool, find_live_pool(state, id));
  stop_autoscale(*pool);
  touch(state, *pool);
  return pool->stamp;
}

Result<Json> evaluate_autoscale(State& state, std::string_view id, std::string_view formula) {
  SCORIA_TRY(pool, find_live_pool(state, id));
  return try_formula(state, *pool, formula);
}

Result<Stamp> resize_pool(State& state, std::string_view id, Json body, const Precondition& condition) {
  SCORIA_TRY(pool, find_live_pool(state, id));
  SCORIA_TRY_STATUS(condition.check(pool->stamp));
  SCORIA_TRY_STATUS(check_not_joined(*pool, "a resize"));
  if (pool->formula || pool->body.contains("scaleBetween")) {
    return batch_error("OperationInvalidForCurrentState",
                       "pool '" + pool->id + "' scales itself: disable its autoscale before a resize");
  }
  SCORIA_TRY_STATUS(check_steady(*pool));
  if (!body.contains("targetDedicatedNodes") && !body.contains("targetLowPriorityNodes")) {
    return batch_error("MissingRequiredProperty", "a resize needs targetDedicatedNodes or targetLowPriorityNodes",
                       {{"PropertyName", "targetDedicatedNodes"}});
  }
  Targets targets{pool->target_dedicated, pool->target_low_priority};
  SCORIA_TRY_STATUS(read_targets(body, targets));
  SCORIA_TRY(timeout, read_resize_timeout(body));
  SCORIA_TRY(option, read_deallocation(body, "nodeDeallocationOption"));
  pool->target_dedicated = targets.dedicated;
  pool->target_low_priority = targets.low_priority;
  pool->resize_timeout = timeout;
  pool->deallocation = option;
  touch(state, *pool);
  start_resize(state, *pool);
  return pool->stamp;
}

Result<Stamp> stop_resize(State& state, std::string_view id, const Precondition& condition) {
  SCORIA_TRY(pool, find_live_pool(state, id));
  SCORIA_TRY_STATUS(condition.check(pool->stamp));
  if (pool->formula || pool->body.contains("scaleBetween")) {
    return batch_error("OperationInvalidForCurrentState",
                       "pool '" + pool->id + "' scales itself: disable its autoscale to stop that");
  }
  if (pool->allocation == AllocationState::resizing) {
    set_allocation(state, *pool, AllocationState::stopping);
    touch(state, *pool);
    state.restless_pools.insert(pool);
  }
  return pool->stamp;
}

Result<Stamp> remove_nodes(State& state, std::string_view id, Json body, const Precondition& condition) {
  SCORIA_TRY(pool, find_live_pool(state, id));
  SCORIA_TRY_STATUS(condition.check(pool->stamp));
  if (pool->formula || pool->body.contains("scaleBetween")) {
    return batch_error("OperationInvalidForCurrentState",
                       "pool '" + pool->id + "' scales itself: disable its autoscale before nodes are removed");
  }
  SCORIA_TRY_STATUS(check_steady(*pool));
  const Json list = body.value("nodeList", Json::array());
  if (!list.is_array() || list.empty() || list.size() > 100) {
    return batch_error("InvalidPropertyValue", "nodeList must name 1 to 100 nodes", {{"PropertyName", "nodeList"}});
  }
  std::vector<Node*> nodes;
  for (const Json& name : list) {
    const auto found = name.is_string() ? pool->nodes.find(lower(name.get<std::string>())) : pool->nodes.end();
    if (found == pool->nodes.end()) {
      return batch_error("NodeNotFound", "pool '" + pool->id + "' has no node " + name.dump());
    }
    nodes.push_back(found->second.get());
  }
  SCORIA_TRY(timeout, read_resize_timeout(body));
  SCORIA_TRY(option, read_deallocation(body, "nodeDeallocationOption"));
  pool->resize_timeout = timeout;
  touch(state, *pool);
  start_resize(state, *pool);
  for (Node* node : nodes) {
    if (node->leaving) continue;
    int& target = node->is_dedicated ? pool->target_dedicated : pool->target_low_priority;
    target = std::max(0, target - 1);
    start_leaving(state, *node, option);
  }
  return pool->stamp;
}

}  // namespace scoria::batch
