#include "batch/dispatch.h"

#include <algorithm>
#include <tuple>

#include "base/seeded_bug.h"
#include "batch/attempts.h"
#include "batch/nodes.h"
#include "batch/preparations.h"
#include "batch/task_progress.h"

namespace scoria::batch {
namespace {

using spec::Phase;
using spec::RunKind;

// Tasks that end sooner than this on average are sent ahead of free slots, so that a node never waits for a commit between two of them;
// as many as are over in about kAheadTime, so that no other job's turn is put off by more.
constexpr Duration kShortRun = std::chrono::milliseconds(200);
constexpr Duration kAheadTime = std::chrono::milliseconds(100);
constexpr std::int64_t kMostAheadPerSlot = 16;

// The nodes of one dispatch() that have room, by how much. Nodes are named by their place in the pool's order, so that a run repeats.
class NodeRoom {
 public:
  explicit NodeRoom(Pool& pool) {
    for (auto& [key, node] : pool.nodes) {
      if (!can_take_work(*node)) continue;
      nodes_.push_back(node.get());
      if (node->slots > node->slots_used) free_.emplace(node->slots - node->slots_used, nodes_.size() - 1);
    }
  }
  bool is_empty() const { return free_.empty(); }
  const std::vector<Node*>& usable() const { return nodes_; }

  // The node with most room that `admits` it, or least where the pool packs; and whether one was only too full.
  template <typename Admits>
  std::pair<Node*, bool> find(int slots, bool packs, const Admits& admits) const {
    bool is_too_full = false;
    const auto look = [&](auto begin, auto end) -> Node* {
      for (auto at = begin; at != end; ++at) {
        Node& node = *nodes_[at->second];
        if (!admits(node)) continue;
        if (at->first >= slots) return &node;
        is_too_full = true;
      }
      return nullptr;
    };
    Node* found = packs ? look(free_.begin(), free_.end()) : look(free_.rbegin(), free_.rend());
    return {found, is_too_full};
  }
  // After the node's slots_used changed from `before`.
  void moved(const Node& node, int before) {
    const std::size_t at = index(node);
    free_.erase({node.slots - before, at});
    if (node.slots > node.slots_used) free_.emplace(node.slots - node.slots_used, at);
  }
  // Nothing else comes here in this dispatch: a task that needs more room waits for it.
  void hold(const Node& node) { free_.erase({node.slots - node.slots_used, index(node)}); }

 private:
  std::size_t index(const Node& node) const {
    return static_cast<std::size_t>(std::ranges::find(nodes_, &node) - nodes_.begin());
  }
  std::vector<Node*> nodes_;
  std::set<std::pair<int, std::size_t>> free_;
};

bool takes_more(const Job& job) {
  const bool is_on =
      job.state == JobState::active || (has_bug(SeededBug::disabled_job_dispatches) && job.state == JobState::disabled);
  return is_on && !job.ready.empty() &&
         (job.max_parallel < 0 || job.running < job.max_parallel + (has_bug(SeededBug::max_parallel_ignored) ? 1 : 0));
}

std::vector<Job*> by_priority(const Pool& pool) {
  std::vector<Job*> jobs;
  for (Job* job : pool.jobs) {
    if (takes_more(*job)) jobs.push_back(job);
  }
  std::ranges::sort(jobs, [](const Job* a, const Job* b) {
    return std::tuple(-a->priority, a->number) < std::tuple(-b->priority, b->number);
  });
  return jobs;
}

bool has_exclusive(const Node& node) {
  return std::ranges::any_of(
      node.attempts, [](const auto& entry) { return entry.second.task != nullptr && entry.second.task->is_exclusive; });
}

// How many of a node's devices a task of so many slots has alone: its share of them, and where there are fewer than slots, one.
std::size_t devices_for(const Node& node, int slots) {
  const std::size_t all = node.facts.devices.size();
  if (all == 0) return 0;
  return std::max<std::size_t>(1, all * static_cast<std::size_t>(slots) / static_cast<std::size_t>(node.slots));
}

int slots_for(const Task& task, const Node& node) { return task.is_exclusive ? node.slots : task.required_slots; }

bool admits(const Node& node, const Job& job, const Task& task) {
  if (!task.takes_low_priority && !node.is_dedicated) return false;
  if (gate_of(job, node) == Gate::barred) return false;
  return devices_for(node, slots_for(task, node)) <= node.free_devices.size();
}

void assign(State& state, Node& node, Task& task, bool may_wait) {
  Job& job = *task.job;
  job.ready.erase(task.number);
  ++job.running;
  Attempt& attempt = new_attempt(state, node, RunKind::task, &job);
  attempt.task = &task;
  attempt.slots = slots_for(task, node);
  attempt.may_wait = may_wait;
  if (!may_wait) node.slots_used += attempt.slots;
  for (std::size_t left = devices_for(node, attempt.slots); left > 0; --left) {
    attempt.devices.push_back(*node.free_devices.begin());
    if (!has_bug(SeededBug::device_given_twice)) node.free_devices.erase(node.free_devices.begin());
  }
  task.node = &node;
  task.attempt = attempt.id;
  touch_task(state, task);
  if (gate_of(job, node) == Gate::open) return;
  set_task_state(state, task, TaskState::preparing);
  prepare(state, job, node);
}

Node* preferred(const Pool& pool, const Job& job, const Task& task) {
  if (task.affinity.empty()) return nullptr;
  const auto found = pool.nodes.find(task.affinity);
  if (found == pool.nodes.end()) return nullptr;
  Node& node = *found->second;
  const bool has_room = node.slots - node.slots_used >= slots_for(task, node);
  return has_room && can_take_work(node) && admits(node, job, task) ? &node : nullptr;
}

// Gives a job's tasks to nodes with room.
void fill(State& state, Pool& pool, Job& job, NodeRoom& room) {
  for (auto next = job.ready.begin(); next != job.ready.end() && takes_more(job) && !room.is_empty();) {
    Task& task = *(next++)->second;
    const int slots = task.is_exclusive ? pool.slots_per_node : task.required_slots;
    Node* node = preferred(pool, job, task);
    if (node == nullptr) {
      const auto [found, is_too_full] = room.find(slots, pool.packs, [&](const Node& candidate) {
        return admits(candidate, job, task) && !has_exclusive(candidate);
      });
      node = found;
      if (node == nullptr && !is_too_full) return;  // no node admits the job: its next task fares no better
    }
    if (node == nullptr) {
      if (slots > pool.slots_per_node) continue;  // fits nowhere
      const auto [fullest, ignored] =
          room.find(1, false, [&](const Node& candidate) { return admits(candidate, job, task); });
      if (fullest == nullptr) return;
      room.hold(*fullest);
      continue;
    }
    const int before = node->slots_used;
    assign(state, *node, task, false);
    room.moved(*node, before);
  }
}

std::size_t waiting_on(const Node& node) {
  return static_cast<std::size_t>(
      std::ranges::count_if(node.attempts, [](const auto& entry) { return entry.second.may_wait; }));
}

// Sends short tasks ahead to nodes whose slots are all taken.
void send_ahead(State& state, Job& job, const std::vector<Node*>& nodes) {
  if (job.mean_run == Duration(0) || job.mean_run >= kShortRun) return;
  const std::int64_t per_slot = std::clamp<std::int64_t>(kAheadTime / job.mean_run, 1, kMostAheadPerSlot);
  for (Node* node : nodes) {
    if (gate_of(job, *node) != Gate::open || !node->facts.devices.empty() || has_exclusive(*node)) continue;
    auto room = per_slot * node->slots - static_cast<std::int64_t>(waiting_on(*node));
    while (room > 0 && takes_more(job)) {
      Task& task = *job.ready.begin()->second;
      if (task.is_exclusive || task.required_slots > node->slots || !task.affinity.empty()) return;
      if (!task.takes_low_priority && !node->is_dedicated) return;
      assign(state, *node, task, true);
      room -= task.required_slots;
    }
  }
}

// A node has room and there is nothing new for it: what waits elsewhere comes back.
void take_back(State& state, const NodeRoom& room) {
  std::int64_t slots = 0;
  for (const Node* node : room.usable()) slots += std::max(0, node->slots - node->slots_used);
  for (Node* node : room.usable()) {
    for (auto at = node->attempts.rbegin(); at != node->attempts.rend() && slots > 0; ++at) {
      Attempt& attempt = at->second;
      if (!attempt.may_wait || attempt.phase != Phase::queued || !attempt.stop_reason.empty()) continue;
      // What is over in a moment comes no sooner by another node.
      if (state.now.wall - attempt.assigned < kAheadTime) continue;
      slots -= attempt.slots;
      stop_attempt(state, *node, attempt, kTakeBack, Duration(0), true);
    }
  }
}

}  // namespace

bool has_sent_ahead(const Pool& pool) {
  return std::ranges::any_of(pool.nodes, [](const auto& entry) { return waiting_on(*entry.second) > 0; });
}

void dispatch(State& state, Pool& pool) {
  NodeRoom room(pool);
  const std::vector<Job*> jobs = by_priority(pool);
  for (Job* job : jobs) {
    if (room.is_empty()) break;
    fill(state, pool, *job, room);
  }
  if (!room.is_empty()) {
    take_back(state, room);
    return;
  }
  for (Job* job : jobs) {
    if (!takes_more(*job)) continue;
    send_ahead(state, *job, room.usable());
    if (takes_more(*job)) return;  // jobs behind it wait for it
  }
}

}  // namespace scoria::batch
