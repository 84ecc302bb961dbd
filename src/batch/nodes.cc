#include "batch/nodes.h"

#include <algorithm>

#include "base/log.h"
#include "batch/allocation.h"
#include "batch/attempts.h"
#include "batch/jobs.h"
#include "batch/node_life.h"
#include "batch/pool_body.h"
#include "batch/pools.h"
#include "spec/errors.h"

namespace scoria::batch {

using spec::batch_error;

namespace {

Result<Node*> node_or_error(State& state, std::string_view pool_id, std::string_view id) {
  SCORIA_TRY(pool, find_pool(state, pool_id));
  const auto found = pool->nodes.find(lower(id));
  if (found == pool->nodes.end()) {
    return batch_error("NodeNotFound",
                       "The specified node does not exist: '" + std::string(id) + "' of pool '" + pool->id + "'.");
  }
  return found->second.get();
}

// A node that has an agent to be told something. Errors: NodeStateUnusable.
Status check_usable(const Node& node) {
  const bool is_usable =
      !node.leaving && !node.is_preempting && !node.draining &&
      (node.state == NodeState::idle || node.state == NodeState::running || node.state == NodeState::offline ||
       node.state == NodeState::waitingforstarttask || node.state == NodeState::starttaskfailed);
  if (is_usable) return Ok{};
  return batch_error("NodeStateUnusable", "node '" + node.id + "' is " + std::string(node_state_name(node.state)) +
                                              ": wait until it is idle or running");
}

Status restart(State& state, std::string_view pool, std::string_view id, std::string_view text, spec::NodeOrder order) {
  SCORIA_TRY(node, node_or_error(state, pool, id));
  SCORIA_TRY(option,
             parse_deallocation(text, order == spec::NodeOrder::reboot ? "nodeRebootOption" : "nodeReimageOption"));
  if (node->pool->provider == kJoined && order == spec::NodeOrder::reimage) {
    return batch_error("OperationInvalidForCurrentState",
                       "node '" + node->id + "' is a machine that joined: it has no image to go back to");
  }
  // One whose images could not be fetched may find them there now.
  const bool lacks_images = node->state == NodeState::unusable && node->images == Node::Images::failed;
  if (!lacks_images || node->leaving || node->draining) SCORIA_TRY_STATUS(check_usable(*node));
  node->draining = order;
  drain(state, *node, option, order == spec::NodeOrder::reboot ? "node_reboots" : "node_reimages");
  settle_node(state, *node);
  state.dirty_nodes.insert(node);
  return Ok{};
}

}  // namespace

Node* find_node(State& state, std::string_view pool, std::string_view node) {
  const auto found = node_or_error(state, pool, node);
  return found.ok() ? found.value() : nullptr;
}

Status reboot_node(State& state, std::string_view pool, std::string_view node, std::string_view option) {
  return restart(state, pool, node, option, spec::NodeOrder::reboot);
}

Status reimage_node(State& state, std::string_view pool, std::string_view node, std::string_view option) {
  return restart(state, pool, node, option, spec::NodeOrder::reimage);
}

Status disable_scheduling(State& state, std::string_view pool, std::string_view id, std::string_view text) {
  SCORIA_TRY(node, node_or_error(state, pool, id));
  SCORIA_TRY(option, parse_deallocation(text, "nodeDisableSchedulingOption"));
  if (!node->is_scheduling_enabled) {
    return batch_error("NodeAlreadyInTargetSchedulingState",
                       "scheduling is disabled on node '" + node->id + "' already");
  }
  if (node->leaving || node->state == NodeState::preempted) {
    return batch_error("NodeStateUnusable", "node '" + node->id + "' is " + std::string(node_state_name(node->state)));
  }
  node->is_scheduling_enabled = false;
  node->stamp.changed(state.now.wall);
  drain(state, *node, option, "scheduling_disabled");
  settle_node(state, *node);
  state.dirty_nodes.insert(node);
  return Ok{};
}

Status enable_scheduling(State& state, std::string_view pool, std::string_view id) {
  SCORIA_TRY(node, node_or_error(state, pool, id));
  if (node->is_scheduling_enabled) {
    return batch_error("NodeAlreadyInTargetSchedulingState",
                       "scheduling is enabled on node '" + node->id + "' already");
  }
  node->is_scheduling_enabled = true;
  node->stamp.changed(state.now.wall);
  settle_node(state, *node);
  state.dirty_nodes.insert(node);
  state.stale_pools.insert(node->pool);
  return Ok{};
}

Status preempt_node(State& state, std::string_view pool, std::string_view id) {
  SCORIA_TRY(node, node_or_error(state, pool, id));
  if (node->is_dedicated) {
    return batch_error("OperationInvalidForCurrentState",
                       "node '" + node->id + "' is dedicated: only low-priority nodes are preempted");
  }
  if (node->is_preempting || node->leaving || node->state == NodeState::preempted) {
    return batch_error("NodeStateUnusable",
                       "node '" + node->id + "' is " + std::string(node_state_name(node->state)) + " or leaves");
  }
  log::info("node_preempting", {{"pool", node->pool->id}, {"node", node->id}});
  node->is_preempting = true;
  node->draining.reset();
  node->drain_deadline = state.now.steady + state.settings.preempt_grace + state.settings.kill_grace;
  stop_all(state, *node, "preempted", state.settings.preempt_grace, true);
  state.dirty_nodes.insert(node);
  state.restless_pools.insert(node->pool);
  settle_node(state, *node);
  return Ok{};
}

Result<Node*> join_node(State& state, std::string_view pool_id, std::string_view name, std::string_view token_hash,
                        int slots) {
  SCORIA_TRY(pool, find_pool(state, pool_id));
  if (pool->is_deleting) return batch_error("PoolBeingDeleted", "pool '" + pool->id + "' is being deleted");
  if (pool->provider != kJoined) {
    return batch_error(
        "InvalidPropertyValue",
        "pool '" + pool->id + "' is of provider '" + pool->provider + "': machines join pools of provider 'joined'",
        {{"PropertyName", "pool"}});
  }
  const bool is_name = !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  }) && name.front() != '.';
  if (!is_name) {
    return batch_error("InvalidPropertyValue",
                       "a node's name has 1 to 64 letters, digits, '-', '_' or '.', and no '.' at its front",
                       {{"PropertyName", "name"}});
  }
  if (slots == 0) slots = pool->slots_per_node;
  if (slots < 1 || slots > 256) {
    return batch_error("InvalidPropertyValue", "slots is " + std::to_string(slots) + ", must be 1 to 256",
                       {{"PropertyName", "slots"}});
  }
  const std::string key = lower(name);
  const auto found = pool->nodes.find(key);
  Node* node = found == pool->nodes.end() ? nullptr : found->second.get();
  if (node == nullptr) {
    if (pool->nodes.size() >= static_cast<std::size_t>(kMaxNodes)) {
      return batch_error("InvalidPropertyValue",
                         "pool '" + pool->id + "' is full: it has " + std::to_string(kMaxNodes) + " nodes",
                         {{"PropertyName", "pool"}});
    }
    auto made = make<Node>(state);
    node = made.get();
    node->id = std::string(name);
    node->pool = pool;
    node->stamp.created = node->stamp.modified = node->stamp.state_since = state.now.wall;
    node->allocated = node->charged_until = state.now.wall;
    pool->nodes.emplace(key, std::move(made));
    log::info("node_joined", {{"pool", pool->id}, {"node", node->id}});
  } else if (node->leaving) {
    return batch_error("NodeStateUnusable", "node '" + node->id + "' leaves the pool: join again once it has left");
  }
  node->token_hash = std::string(token_hash);
  node->slots = slots;
  node->heard = state.now.steady;
  if (node->state == NodeState::creating) set_node_state(state, *node, NodeState::starting);
  state.dirty_nodes.insert(node);
  state.restless_pools.insert(pool);
  allocate(state, *pool);
  return node;
}

}  // namespace scoria::batch
