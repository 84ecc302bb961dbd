// Nodes: what is heard of them, by themselves, by their provider, and by their silence.
#include <algorithm>

#include "base/log.h"
#include "base/seeded_bug.h"
#include "batch/allocation.h"
#include "batch/attempts.h"
#include "batch/node_life.h"
#include "batch/nodes.h"
#include "batch/pool_body.h"

namespace scoria::batch {
namespace {

constexpr std::size_t kSamplesKept = 240;    // two hours; autoscale keeps the pool's own history
constexpr std::chrono::seconds kUnasked{5};  // a provider that does not know of a node was not asked for it (any more)
constexpr std::chrono::minutes kUnusableAfter{10};
constexpr std::chrono::seconds kStall{1};  // of a commit, from when on it counts
constexpr std::chrono::seconds kAskedAgainAfter{30};

}  // namespace

Status heard_from(State& state, Node& node, const spec::SyncRequest& request) {
  const bool is_new_session = request.session != node.session;
  if (!is_new_session && request.sequence < node.sequence && !has_bug(SeededBug::late_exchange_believed))
    return Ok{};  // a late one: a later said more
  const std::string boot_before = node.facts.boot_id;
  const bool is_order_done = node.order != spec::NodeOrder::none && node.order != spec::NodeOrder::leave &&
                             request.session != node.order_session;
  node.session = request.session;
  node.sequence = request.sequence;
  node.heard = state.now.steady;
  node.waits = std::chrono::milliseconds(std::clamp<std::int64_t>(request.wait_ms, 0, 20'000));
  node.held.clear();
  for (const spec::Held& held : request.held) node.held[held.attempt] = held.phase;
  if (request.facts) {
    node.facts = *request.facts;
    // Of this machine's devices a node has those that it was given, whatever it sees.
    if (node.pool->provider == kLocal && node.pool->size->gpus > 0) node.facts.devices = node.devices;
    find_free_devices(node);
    state.dirty_nodes.insert(&node);
  }
  if (request.sample) {
    node.samples.push_back(*request.sample);
    while (node.samples.size() > kSamplesKept) node.samples.pop_front();
  }
  if (node.trouble != request.trouble) {
    node.trouble = request.trouble;
    log::warn("node_trouble", {{"pool", node.pool->id}, {"node", node.id}, {"trouble", node.trouble}});
    if (!node.trouble.empty()) add_error(state, node, "NodeTrouble", node.trouble);
    state.dirty_nodes.insert(&node);
    if (can_take_work(node)) state.stale_pools.insert(node.pool);
  }
  for (const std::string& directory : request.removed) {
    if (std::erase(node.remove_jobs, directory) > 0) state.dirty_nodes.insert(&node);
  }
  node.retains_data = request.retains_data;
  if (node.waits_for_data && !node.retains_data) state.unsettled_nodes.insert(&node);
  // Also where the node leaves: what it ran must not begin once more under the number of an attempt that has been.
  const bool is_other_keeper = request.facts && !boot_before.empty() && node.facts.boot_id != boot_before;
  if (is_other_keeper) abandon_all(state, node, "the node started anew, and what it ran is gone");
  if (node.leaving || node.state == NodeState::preempted) return Ok{};
  node.silent_since.reset();
  switch (node.state) {
    case NodeState::creating:
    case NodeState::starting:
      if (node.is_preempting || (node.images == Node::Images::fetching && node.start_attempt != 0)) break;
      booted(state, node, false);
      break;
    case NodeState::rebooting:
    case NodeState::reimaging:
      if (is_order_done) {
        abandon_all(state, node, "the node was started anew");
        booted(state, node, node.state == NodeState::reimaging);
      }
      break;
    case NodeState::unusable:
      // That the same agent is still there makes its images no better.
      if (node.images == Node::Images::failed && !is_other_keeper) break;
      came_back(state, node, is_other_keeper);
      break;
    case NodeState::unknown: came_back(state, node, is_other_keeper); break;
    default:
      if (is_other_keeper && !node.draining && !node.is_preempting) booted(state, node, false);
      break;
  }
  return Ok{};
}

void lose_node(State& state, Node& node, std::string_view why) {
  log::warn("node_lost", {{"pool", node.pool->id}, {"node", node.id}, {"why", why}});
  if (!has_bug(SeededBug::lost_node_keeps_work)) abandon_all(state, node, why);
  node.held.clear();
  node.order = spec::NodeOrder::none;
  node.draining.reset();
  node.retains_data = false;  // nobody gets at it any more
  if (node.leaving) {
    state.restless_pools.insert(node.pool);
    return;
  }
  if (node.is_preempting) {
    take_place(state, node);
    return;
  }
  add_error(state, node, "NodeLost", why);
  node.silent_since = state.now.steady;
  node.is_lost = true;
  set_node_state(state, node, NodeState::unknown);
}

void take_provider_status(State& state, std::string_view provider, const std::vector<scoria::pool::NodeStatus>& nodes) {
  using Said = scoria::pool::NodeStatus::State;
  // Machines that join come by themselves: nobody knows of them but they, and silence alone says that one is gone.
  if (provider == kJoined) return;
  std::map<std::pair<std::string, std::string>, const scoria::pool::NodeStatus*> said;
  for (const auto& status : nodes) {
    said[{lower(status.pool), lower(status.node)}] = &status;
    // One whose release was lost between the store and the provider.
    const Node* node = find_node(state, status.pool, status.node);
    if (status.state != Said::gone && (node == nullptr || node->state == NodeState::preempted)) {
      state.effects.release.emplace_back(status.pool, status.node);
    }
  }
  for (auto& [pool_key, pool] : state.pools) {
    if (pool->provider != provider) continue;
    for (auto& [key, node] : pool->nodes) {
      if (node->state == NodeState::preempted) continue;
      const auto found = said.find({pool_key, key});
      if (found == said.end()) {
        // Asked for, but that was lost between the store and the provider, or the provider forgot it.
        if (!node->silent_since) node->silent_since = state.now.steady;
        const bool is_leaving = node->leaving.has_value();
        if (is_leaving && state.now.steady - *node->silent_since >= kUnasked) {
          abandon_all(state, *node, "its node is gone");
          state.restless_pools.insert(pool.get());
        } else if (!is_leaving && state.now.steady - *node->silent_since >= kUnasked) {
          if (node->state != NodeState::creating) lose_node(state, *node, "the provider does not know it");
          set_node_state(state, *node, NodeState::creating);
          request_node(state, *node);
        }
        continue;
      }
      switch (found->second->state) {
        case Said::gone:
          if (node->state != NodeState::unusable) {
            lose_node(state, *node, "its agent is gone: " + found->second->error);
            if (!node->leaving && node->state == NodeState::unknown) {
              add_error(state, *node, "NodeGone", found->second->error);
              set_node_state(state, *node, NodeState::unusable);
            }
          }
          break;
        case Said::starting:
        case Said::running:
          if (node->state == NodeState::creating) set_node_state(state, *node, NodeState::starting);
          if (found->second->state == Said::running) {
            if (node->state != NodeState::unknown) node->silent_since.reset();
          } else if (!node->silent_since && node->heard) {
            node->silent_since = state.now.steady;  // its agent ended and is started again
          }
          break;
      }
    }
  }
}

void request_failed(State& state, std::string_view pool_id, std::string_view id, const Error& error) {
  Node* node = find_node(state, pool_id, id);
  if (node == nullptr || node->state != NodeState::creating) return;
  Pool& pool = *node->pool;
  if (error.code == Code::exhausted) {
    add_resize_error(state, pool, node->is_dedicated ? "AccountCoreQuotaReached" : "AccountLowPriorityCoreQuotaReached",
                     error.message);
  } else {
    add_resize_error(state, pool, "AllocationFailed", error.message);
  }
  log::warn("node_refused", {{"pool", pool.id}, {"node", node->id}, {"why", error.message}});
  remove_node(state, *node, error.message);
  // Else the next round would ask again at once, and again.
  pool.wants_room = true;
  pool.refused_until = state.now.steady + kAskedAgainAfter;
  pool.resize_deadline.reset();
  set_allocation(state, pool, AllocationState::steady);
}

bool is_stalled(const State& state) {
  return state.in_flight != nullptr && state.now.steady - state.in_flight_since > kStall;
}

void end_stall(State& state) {
  if (!is_stalled(state)) return;
  for (auto& [pool_key, pool] : state.pools) {
    for (auto& [key, node] : pool->nodes) {
      if (node->heard) node->heard = std::max(*node->heard, state.now.steady);
    }
  }
}

void watch_nodes(State& state) {
  const SteadyTime now = state.now.steady;
  for (auto& [pool_key, pool] : state.pools) {
    for (auto& [key, owned] : pool->nodes) {
      Node& node = *owned;
      if (node.drain_deadline && now >= *node.drain_deadline) {
        node.drain_deadline.reset();
        abandon_all(state, node, "it did not stop in time");
        settle_node(state, node);
        if (node.leaving) state.restless_pools.insert(pool.get());
      }
      if (node.state == NodeState::preempted || node.state == NodeState::unusable) continue;
      if (node.state == NodeState::unknown) {
        if (!node.silent_since) node.silent_since = now;
        if (!node.is_lost && now - *node.silent_since >= state.settings.remote_node_lost) {
          lose_node(state, node, "its agent did not come back");
        }
        if (pool->provider != kLocal && now - *node.silent_since >= kUnusableAfter) {
          set_node_state(state, node, NodeState::unusable);
        }
        continue;
      }
      if (!node.heard || node.state == NodeState::creating) continue;
      // A request that we still hold is no silence: it counts from when that must have been answered.
      const Duration grace = std::max(state.settings.remote_node_lost, node.waits + std::chrono::seconds(5));
      if (now - *node.heard >= grace && !is_stalled(state) && !has_bug(SeededBug::silence_unnoticed))
        lose_node(state, node, "nothing was heard of it");
      // An agent that is not back in time gets no work. Its tasks live on in the keeper, so they are not given away yet.
      if (pool->provider == kLocal && node.silent_since && now - *node.silent_since >= state.settings.local_node_lost &&
          (node.state == NodeState::idle || node.state == NodeState::running)) {
        set_node_state(state, node, NodeState::unknown);
      }
    }
  }
}

}  // namespace scoria::batch
