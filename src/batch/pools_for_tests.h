// Pools with nodes in memory: a State, a Store, and agents that do as they are told, on a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "batch/attempts.h"
#include "batch/dispatch.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/notices.h"
#include "batch/pools.h"
#include "batch/schedules.h"
#include "batch/state.h"
#include "batch/tasks.h"
#include "batch/usage.h"
#include "store/memory_store_for_tests.h"

namespace scoria::batch {

class PoolsTest : public ::testing::Test {
 protected:
  PoolsTest() {
    settings.machine_cores = 8;
    settings.make_token = [this] {
      ++tokens_;
      return std::pair("token" + std::to_string(tokens_), "hash" + std::to_string(tokens_));
    };
    settings.job_token = [](const Job&) { return std::string("job token"); };
    now.wall = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 29) + std::chrono::hours(12));
    now.steady = SteadyTime(std::chrono::hours(1));
    start();
  }

  // A server that starts on what is stored; agents live on.
  void start() {
    state = std::make_unique<State>(store, settings);
    state->now = now;
    const auto loaded = load(*state);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    commit();
  }

  // What Service does behind every group of changes.
  void commit() {
    settle(*state);
    flush(*state);
    if (!state->changes.empty()) {
      ASSERT_TRUE(store.commit(state->changes).ok());
    }
    state->changes.clear();
    Effects effects = std::exchange(state->effects, {});
    for (const auto& [pool, node] : effects.release) {
      asked.erase({pool, node});
      agents_.erase({pool, node});
      released.emplace_back(pool, node);
    }
    for (auto& request : effects.request) asked[{request.pool, request.node}] = request;
    for (Json& notice : effects.notices) notices.push_back(std::move(notice));
  }

  void advance(Duration by) {
    now.wall += by;
    now.steady += by;
    state->now = now;
    tick(*state);
    commit();
  }
  void jump_wall(Duration by) {
    now.wall += by;
    state->now = now;
    tick(*state);
    commit();
  }

  // All agents that the provider has are up and have been heard of, until nothing moves any more.
  void come_up(std::string_view except = {}) {
    for (int round = 0; round < 4; ++round) {
      report_status();
      std::vector<std::pair<std::string, std::string>> ids;
      for (const auto& [key, request] : asked) ids.push_back(key);
      for (const auto& [pool, node] : ids) {
        if (node != except) sync(pool, node);
      }
    }
  }
  void report_status(scoria::pool::NodeStatus::State what = scoria::pool::NodeStatus::State::running,
                     const std::string& error = {}) {
    std::vector<scoria::pool::NodeStatus> all;
    for (const auto& [key, request] : asked) {
      all.push_back({.pool = key.first, .node = key.second, .state = what, .error = error});
    }
    take_provider_status(*state, "local", all);
    commit();
  }

  // One exchange of a node's agent, which does what it is told: starts are held from then on, stops end at once.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): the node whose id that is may go meanwhile
  spec::SyncReply sync(std::string pool, std::string id, std::vector<spec::Event> events = {}) {
    Node* node = find_node(*state, pool, id);
    if (node == nullptr) return {.is_known = false};
    Agent& agent = agents_[{pool, id}];
    if (agent.session.empty()) agent.session = "session" + std::to_string(++sessions_);
    if (agent.boot.empty()) agent.boot = "boot" + std::to_string(++sessions_);
    spec::SyncRequest request{.session = agent.session, .sequence = ++agent.sequence, .trouble = agent.trouble};
    for (auto& event : agent.events) events.push_back(std::move(event));
    agent.events.clear();
    for (const auto& event : events) {
      if (event.kind == spec::Event::Kind::ended) agent.held.erase(event.attempt);
    }
    for (const auto& [attempt, phase] : agent.held) request.held.push_back({attempt, phase});
    request.events = events;
    request.facts = spec::NodeFacts{.agent_version = "1", .ip_address = "10.0.0.4", .cores = 2, .boot_id = agent.boot};
    if (agent.sample) request.sample = agent.sample;
    request.retains_data = agent.retains_data;
    request.removed = std::exchange(agent.removed, {});
    EXPECT_TRUE(heard_from(*state, *node, request).ok());
    take_events(*state, *node, request.events);
    compare_held(*state, *node);
    commit();
    node = find_node(*state, pool, id);
    if (node == nullptr) return {.is_known = false};
    spec::SyncReply reply = orders_for(*state, *node);
    commit();
    for (const auto& start : reply.start) {
      agent.held[start.attempt] = spec::Phase::running;
      agent.started.push_back(start);
      agent.events.push_back({.kind = spec::Event::Kind::started, .attempt = start.attempt});
    }
    for (const auto& stop : reply.stop) {
      if (!agent.obeys) continue;
      agent.held.erase(stop.attempt);
      agent.events.push_back(
          {.kind = spec::Event::Kind::ended, .attempt = stop.attempt, .exit_code = 143, .reason = stop.reason});
    }
    if (reply.order == spec::NodeOrder::reboot || reply.order == spec::NodeOrder::reimage) {
      agent.held.clear();
      agent.events.clear();
      agent.session.clear();
      agent.boot.clear();
    }
    return reply;
  }
  // The newest thing that the node started ends.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): as sync()
  void end(std::string pool, std::string node, int exit_code) {
    Agent& agent = agents_[{pool, node}];
    ASSERT_FALSE(agent.held.empty());
    sync(pool, node,
         {{.kind = spec::Event::Kind::ended, .attempt = agent.held.rbegin()->first, .exit_code = exit_code}});
    sync(pool, node);
  }

  Status add(Json body) {
    if (!body.contains("vmSize")) body["vmSize"] = "standard_a1";
    const auto added = add_pool(*state, std::move(body));
    commit();
    return added.ok() ? Status(Ok{}) : Status(added.error());
  }
  Pool& pool(std::string_view id) { return *state->pools.at(lower(id)); }
  bool has_pool(std::string_view id) { return state->pools.contains(lower(id)); }
  // Of the pool's only node, or its nth.
  Node& node(std::string_view id, std::size_t at = 0) {
    return *std::next(pool(id).nodes.begin(), static_cast<std::ptrdiff_t>(at))->second;
  }
  std::size_t count(std::string_view id, NodeState what) {
    std::size_t found = 0;
    for (const auto& [name, one] : pool(id).nodes) found += one->state == what;
    return found;
  }
  void add_job_with(const std::string& job, const std::string& pool_id, int tasks, Json more = Json::object()) {
    more["id"] = job;
    more["poolInfo"] = {{"poolId", pool_id}};
    const auto added = add_job(*state, more);
    ASSERT_TRUE(added.ok()) << added.error().message;
    add_tasks_to(job, tasks);
  }
  void add_tasks_to(const std::string& job, int tasks) {
    std::vector<NewTask> all;
    for (int i = 0; i < tasks; ++i) {
      all.push_back(new_task({{"id", "t" + std::to_string(++tasks_)}, {"commandLine", "true"}}));
    }
    if (tasks > 0) {
      ASSERT_TRUE(add_tasks(*state, job, std::move(all)).ok());
    }
    commit();
  }

  struct Agent {
    bool retains_data = false;
    std::vector<std::string> removed;
    std::string session, boot, trouble;
    std::uint64_t sequence = 0;
    bool obeys = true;  // stops what it shall stop
    std::map<AttemptId, spec::Phase> held;
    std::vector<spec::StartOrder> started;
    std::vector<spec::Event> events;
    std::optional<spec::NodeSample> sample;
  };
  Agent& agent(const Node& of) { return agents_[{of.pool->id, of.id}]; }

  store::MemoryStore store;
  Settings settings;
  Now now;
  std::unique_ptr<State> state;
  std::map<std::pair<std::string, std::string>, scoria::pool::NodeRequest> asked;
  std::vector<std::pair<std::string, std::string>> released;
  std::vector<Json> notices;

 private:
  std::map<std::pair<std::string, std::string>, Agent> agents_;
  int tokens_ = 0, sessions_ = 0, tasks_ = 0;
};

inline std::string code_of(const Status& status) { return status.ok() ? "ok" : status.error().api_code; }
template <typename T>
std::string code_of(const Result<T>& result) {
  return result.ok() ? "ok" : result.error().api_code;
}

// A pool of one node.
class NodesTest : public PoolsTest {
 protected:
  using State_ = NodeState;
  // Up and idle (or waits for its start task).
  void one_node(Json more = Json::object()) {
    more["id"] = "p";
    if (!more.contains("targetLowPriorityNodes")) more["targetDedicatedNodes"] = 1;
    ASSERT_TRUE(add(more).ok());
    report_status();
    sync("p", node("p").id);
  }
  void run_a_task() {
    add_job_with("j", "p", 1);
    sync("p", node("p").id);
    sync("p", node("p").id);
    ASSERT_EQ(node("p").state, State_::running);
  }
  const Task& task() { return *find_job(*state, "j").value()->open.begin()->second; }
};

}  // namespace scoria::batch
