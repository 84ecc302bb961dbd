#include "batch/allocation.h"

#include <algorithm>
#include <tuple>

#include "base/log.h"
#include "batch/attempts.h"
#include "batch/autoscaling.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/notices.h"
#include "batch/pool_body.h"
#include "batch/pools.h"
#include "batch/usage.h"

namespace scoria::batch {
namespace {

int count(const Pool& pool, bool is_dedicated) {
  return static_cast<int>(std::ranges::count_if(pool.nodes, [&](const auto& entry) {
    return entry.second->is_dedicated == is_dedicated && !entry.second->leaving;
  }));
}

// What the nodes of the local pools hold of this machine. A preempted node holds nothing.
struct Room {
  int cores = 0, devices = 0, low_priority_cores = 0;
};
Room held_room(const State& state) {
  Room held;
  for (const auto& [id, pool] : state.pools) {
    if (pool->provider != kLocal) continue;
    for (const auto& [name, node] : pool->nodes) {
      if (node->state == NodeState::preempted) continue;
      held.cores += pool->size->cores;
      held.devices += pool->size->gpus;
      if (!node->is_dedicated) held.low_priority_cores += pool->size->cores;
    }
  }
  return held;
}

double machine_cores(const State& state) { return state.settings.machine_cores * state.settings.overcommit; }

bool has_room(const State& state, const Pool& pool) {
  if (pool.provider != kLocal) return true;
  const Room held = held_room(state);
  // The small number takes care of factors such as 1.1 that are not exact.
  if (held.cores + pool.size->cores > machine_cores(state) + 1e-9) return false;
  return pool.size->gpus == 0 || held.devices + pool.size->gpus <= state.settings.machine_devices;
}

// Low-priority nodes make room for one dedicated node of `pool`: the newest first. True: some are on their way out.
bool preempt_for(State& state, const Pool& pool) {
  if (pool.provider != kLocal) return false;
  const Room held = held_room(state);
  const double missing = held.cores + pool.size->cores - machine_cores(state);
  if (missing <= 1e-9 || held.low_priority_cores < missing) return false;
  double freed = 0;
  std::vector<std::pair<WallTime, Node*>> candidates;
  for (auto& [id, other] : state.pools) {
    if (other->provider != kLocal) continue;
    for (auto& [name, node] : other->nodes) {
      if (node->is_dedicated || node->state == NodeState::preempted) continue;
      if (node->is_preempting || node->leaving) {
        freed += other->size->cores;  // on its way already
      } else {
        candidates.emplace_back(node->allocated.value_or(node->stamp.created), node.get());
      }
    }
  }
  std::ranges::sort(candidates, std::greater<>{}, [](const auto& entry) { return entry.first; });
  for (const auto& [since, node] : candidates) {
    if (freed >= missing - 1e-9) break;
    freed += node->pool->size->cores;
    (void)preempt_node(state, node->pool->id, node->id);  // a candidate can be preempted
  }
  return true;
}

// The numbers of devices that no local node has.
std::set<int> free_devices(const State& state) {
  std::set<int> all;
  for (int i = 0; i < state.settings.machine_devices; ++i) all.insert(i);
  for (const auto& [id, pool] : state.pools) {
    if (pool->provider != kLocal) continue;
    for (const auto& [name, node] : pool->nodes) {
      if (node->state == NodeState::preempted) continue;
      for (const int device : node->devices) all.erase(device);
    }
  }
  return all;
}

std::string base36(std::uint64_t number) {
  std::string text;
  do {
    text.push_back("0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]);
    number /= 36;
  } while (number > 0);
  std::ranges::reverse(text);
  return text;
}

void add_node(State& state, Pool& pool, bool is_dedicated) {
  auto made = make<Node>(state);
  Node& node = *made;
  // With the time of its pool: another pool of this name must not meet agents of this one.
  node.id = "tvm-" + base36(static_cast<std::uint64_t>(pool.stamp.created.time_since_epoch().count())) + "-" +
            std::to_string(pool.next_node++) + (is_dedicated ? "-d" : "-p");
  node.pool = &pool;
  node.is_dedicated = is_dedicated;
  node.stamp.created = node.stamp.modified = node.stamp.state_since = state.now.wall;
  node.allocated = state.now.wall;
  node.charged_until = state.now.wall;
  state.dirty_pools.insert(&pool);  // next_node
  const std::string key = lower(node.id);
  pool.nodes.emplace(key, std::move(made));
  request_node(state, node);
}

// Who leaves first: what is of no use, then what does least.
auto use_of(const Node& node) {
  const int rank = [&] {
    switch (node.state) {
      case NodeState::preempted: return 0;
      case NodeState::unusable:
      case NodeState::unknown: return 1;
      case NodeState::starttaskfailed: return 2;
      case NodeState::creating: return 3;
      case NodeState::starting:
      case NodeState::rebooting:
      case NodeState::reimaging: return 4;
      case NodeState::waitingforstarttask: return 5;
      case NodeState::offline: return 6;
      case NodeState::idle: return 7;
      case NodeState::running:
      case NodeState::leavingpool: return 8;
    }
    return 8;
  }();
  return std::tuple(rank, node.attempts.size());
}

void shrink(State& state, Pool& pool, bool is_dedicated, int by) {
  std::vector<Node*> nodes;
  for (auto& [name, node] : pool.nodes) {
    if (node->is_dedicated == is_dedicated && !node->leaving) nodes.push_back(node.get());
  }
  // Of equals the newest: the others have the job's files and images already.
  std::ranges::stable_sort(nodes, [](const Node* a, const Node* b) {
    if (use_of(*a) != use_of(*b)) return use_of(*a) < use_of(*b);
    return a->stamp.created > b->stamp.created;
  });
  for (int i = 0; i < by && i < static_cast<int>(nodes.size()); ++i) {
    start_leaving(state, *nodes[static_cast<std::size_t>(i)], pool.deallocation);
  }
}

void lack_of_room(State& state, Pool& pool, bool is_dedicated) {
  pool.wants_room = true;
  const std::string cores = std::to_string(pool.size->cores) + " cores";
  const std::string machine = std::to_string(state.settings.machine_cores) + " cores x " +
                              std::to_string(state.settings.overcommit) + " on this machine";
  if (is_dedicated) {
    add_resize_error(state, pool, "AccountCoreQuotaReached",
                     "The specified account has reached core quota: a node takes " + cores + ", of " + machine);
  } else {
    add_resize_error(
        state, pool, "AccountLowPriorityCoreQuotaReached",
        "The specified account has reached low-priority core quota: a node takes " + cores + ", of " + machine);
  }
}

// Nodes of one kind that are missing; false: it waits for low-priority ones to make room.
bool grow(State& state, Pool& pool, bool is_dedicated, int target) {
  for (int missing = target - count(pool, is_dedicated); missing > 0; --missing) {
    if (has_room(state, pool)) {
      add_node(state, pool, is_dedicated);
      continue;
    }
    if (is_dedicated && preempt_for(state, pool)) return false;
    lack_of_room(state, pool, is_dedicated);
    return true;
  }
  return true;
}

// Preempted nodes come back where there is room.
void revive(State& state, Pool& pool) {
  for (auto& [name, node] : pool.nodes) {
    if (node->state != NodeState::preempted || node->leaving) continue;
    if (!has_room(state, pool)) return;
    set_node_state(state, *node, NodeState::creating);
    request_node(state, *node);
  }
}

void erase_pool(State& state, Pool& pool) {
  log::info("pool_deleted", {{"pool", pool.id}});
  detach_jobs(state, pool);
  state.changes.erase(store::Kind::pool, "", lower(pool.id));
  state.dirty_pools.erase(&pool);
  state.stale_pools.erase(&pool);
  state.restless_pools.erase(&pool);
  state.pools.erase(lower(pool.id));
}

bool is_being_made(const Pool& pool) {
  return std::ranges::any_of(pool.nodes, [](const auto& entry) { return entry.second->state == NodeState::creating; });
}

// A resize whose time is over, or that somebody stopped, ends with what is there.
void give_up(State& state, Pool& pool, std::string_view code, const std::string& why) {
  std::vector<Node*> unborn;
  for (auto& [name, node] : pool.nodes) {
    if (node->state == NodeState::creating && !node->leaving) unborn.push_back(node.get());
  }
  const bool lacks_some = count(pool, true) < pool.target_dedicated || count(pool, false) < pool.target_low_priority;
  if (!unborn.empty() || lacks_some) add_resize_error(state, pool, code, why);
  for (Node* node : unborn) remove_node(state, *node, why);
}

void end_resize(State& state, Pool& pool) {
  pool.resize_deadline.reset();
  set_allocation(state, pool, AllocationState::steady);
}

}  // namespace

void set_allocation(State& state, Pool& pool, AllocationState to) {
  if (pool.allocation == to) return;
  pool.allocation = to;
  pool.allocation_since = state.now.wall;
  state.dirty_pools.insert(&pool);
}

void request_node(State& state, Node& node) {
  const auto [token, hash] = state.settings.make_token();
  node.token_hash = hash;
  node.slots = node.pool->slots_per_node;
  node.silent_since.reset();
  node.heard.reset();
  node.order = spec::NodeOrder::none;
  node.is_lost = false;
  node.session.clear();
  node.sequence = 0;
  node.held.clear();
  if (node.pool->provider == kLocal && node.pool->size->gpus > 0) {
    node.devices.clear();
    for (const int device : free_devices(state)) {
      if (static_cast<int>(node.devices.size()) == node.pool->size->gpus) break;
      node.devices.push_back(device);
    }
  }
  state.effects.request.push_back({.pool = node.pool->id,
                                   .node = node.id,
                                   .token = token,
                                   .size = *node.pool->size,
                                   .slots = node.slots,
                                   .is_dedicated = node.is_dedicated,
                                   .devices = node.devices});
  state.dirty_nodes.insert(&node);
}

void remove_node(State& state, Node& node, std::string_view why) {
  Pool& pool = *node.pool;
  log::info("node_removed", {{"pool", pool.id}, {"node", node.id}, {"why", why}});
  charge_node(state, node);
  abandon_all(state, node, why);
  state.effects.release.emplace_back(pool.id, node.id);
  state.effects.wake.emplace(pool.id, node.id);  // its waiting request must not wait for what is gone
  std::erase_if(state.effects.request,
                [&](const auto& request) { return request.pool == pool.id && request.node == node.id; });
  state.changes.erase(store::Kind::node, lower(pool.id), lower(node.id));
  state.dirty_nodes.erase(&node);
  state.unsettled_nodes.erase(&node);
  state.restless_pools.insert(&pool);
  pool.nodes.erase(lower(node.id));
}

void add_resize_error(State& state, Pool& pool, std::string_view code, std::string message) {
  std::erase_if(pool.resize_errors, [&](const Json& error) { return error.value("code", "") == code; });
  log::info("pool_resize_error", {{"pool", pool.id}, {"code", code}});
  pool.resize_errors.push_back({{"code", code}, {"message", std::move(message)}});
  state.dirty_pools.insert(&pool);
}

void set_targets(State& state, Pool& pool, int dedicated, int low_priority) {
  dedicated = std::clamp(dedicated, 0, kMaxNodes);
  low_priority = std::clamp(low_priority, 0, kMaxNodes);
  if (pool.target_dedicated == dedicated && pool.target_low_priority == low_priority) return;
  log::info("pool_targets", {{"pool", pool.id}, {"dedicated", dedicated}, {"low_priority", low_priority}});
  pool.target_dedicated = dedicated;
  pool.target_low_priority = low_priority;
  pool.resize_errors.clear();
  pool.wants_room = false;
  pool.resize_deadline = state.now.wall + std::chrono::minutes(15);
  pool.stamp.changed(state.now.wall);
  state.dirty_pools.insert(&pool);
  set_allocation(state, pool, AllocationState::resizing);
  state.restless_pools.insert(&pool);
}

void start_leaving(State& state, Node& node, Deallocation option) {
  if (node.leaving) return;
  node.leaving = option;
  node.draining.reset();
  const bool is_alive = node.state == NodeState::idle || node.state == NodeState::running ||
                        node.state == NodeState::offline || node.state == NodeState::waitingforstarttask ||
                        node.state == NodeState::starttaskfailed;
  if (is_alive) {
    drain(state, node, option, "node_leaves");
  } else {
    abandon_all(state, node, "its node left the pool");
  }
  set_node_state(state, node, NodeState::leavingpool);
  state.dirty_nodes.insert(&node);
  state.restless_pools.insert(node.pool);
}

void allocate(State& state, Pool& pool) {
  std::vector<Node*> drained;
  for (auto& [name, node] : pool.nodes) {
    if (node->leaving && node->attempts.empty() && (pool.is_deleting || !is_kept_by_data(*node)))
      drained.push_back(node.get());
  }
  for (Node* node : drained) remove_node(state, *node, "it left the pool");
  if (pool.is_deleting) {
    if (pool.nodes.empty()) erase_pool(state, pool);
    return;
  }
  if (pool.provider == kJoined) {
    pool.target_dedicated = count(pool, true);
    pool.target_low_priority = count(pool, false);
    if (drained.empty() &&
        std::ranges::none_of(pool.nodes, [](const auto& entry) { return entry.second->leaving.has_value(); })) {
      end_resize(state, pool);
    }
    return;
  }
  if (pool.allocation == AllocationState::stopping) {
    give_up(state, pool, "ResizeStopped",
            "Desired number of nodes could not be allocated as the resize operation was stopped");
    pool.target_dedicated = count(pool, true);
    pool.target_low_priority = count(pool, false);
    pool.stamp.changed(state.now.wall);
    end_resize(state, pool);
    return;
  }
  if (pool.allocation == AllocationState::steady) {
    revive(state, pool);
    if (pool.refused_until && state.now.steady < *pool.refused_until) return;
    if (!pool.wants_room || !has_room(state, pool)) return;
    // There is room now: what was refused is tried again.
    pool.refused_until.reset();
    pool.wants_room = false;
    pool.resize_errors.clear();
    pool.resize_deadline = state.now.wall + pool.resize_timeout;
    set_allocation(state, pool, AllocationState::resizing);
  }
  if (const int extra = count(pool, true) - pool.target_dedicated; extra > 0) shrink(state, pool, true, extra);
  if (const int extra = count(pool, false) - pool.target_low_priority; extra > 0) shrink(state, pool, false, extra);
  revive(state, pool);
  const bool is_placed = grow(state, pool, true, pool.target_dedicated);
  // Low-priority nodes take what is left: not what a dedicated one waits for.
  if (is_placed) grow(state, pool, false, pool.target_low_priority);
  const bool is_leaving =
      std::ranges::any_of(pool.nodes, [](const auto& entry) { return entry.second->leaving.has_value(); });
  if (is_placed && !is_leaving && !is_being_made(pool)) {
    end_resize(state, pool);
  } else if (pool.resize_deadline && state.now.wall >= *pool.resize_deadline) {
    give_up(state, pool, "AllocationTimedOut",
            "Desired number of nodes could not be allocated within the resize timeout");
    end_resize(state, pool);
  }
}

void settle_pools(State& state) {
  for (auto& [id, pool] : state.pools) {
    if (pool->evaluates_on_change && !pool->is_deleting) scale_on_change(state, *pool);
  }
  // One pool's change may make another's: preempted nodes, room. Bounded, as every round but the last moves some node on.
  for (int round = 0; round < 8 && !state.restless_pools.empty(); ++round) {
    std::vector<std::string> ids;
    for (const Pool* pool : state.restless_pools) ids.push_back(lower(pool->id));
    std::ranges::sort(ids);
    state.restless_pools.clear();
    bool frees_room = false;
    for (const std::string& id : ids) {
      const auto found = state.pools.find(id);
      if (found == state.pools.end()) continue;
      const std::size_t before = found->second->nodes.size();
      allocate(state, *found->second);
      const auto after = state.pools.find(id);
      frees_room |= after == state.pools.end() || after->second->nodes.size() < before;
    }
    if (!frees_room) continue;
    for (auto& [id, pool] : state.pools) {
      if (pool->wants_room || pool->allocation != AllocationState::steady) state.restless_pools.insert(pool.get());
    }
  }
}

void tick_pools(State& state) {
  watch_nodes(state);
  drop_auto_pools(state);
  std::vector<Pool*> pools;
  for (auto& [id, pool] : state.pools) pools.push_back(pool.get());
  for (Pool* pool : pools) {
    if (!pool->is_deleting) tick_autoscale(state, *pool);
    const bool has_preempted =
        std::ranges::any_of(pool->nodes, [](const auto& entry) { return entry.second->state == NodeState::preempted; });
    if (pool->allocation != AllocationState::steady || pool->wants_room || pool->is_deleting || has_preempted) {
      state.restless_pools.insert(pool);
    }
  }
  settle_pools(state);
  tick_usage(state);
  send_due_notices(state);
}

}  // namespace scoria::batch
