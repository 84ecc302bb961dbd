// A whole batch service in memory for tests: a State, a store that survives restarts, and nodes that do as they are told. Nodes start what
// they are given at once; the test says how tasks end. The clock moves when the test says so.
//
//   ClusterForTests cluster;
//   cluster.add_pool({.nodes = 2, .slots = 2});
//   cluster.add_job();
//   cluster.add_task("t1");
//   cluster.run();
//   cluster.end("t1", 0);
//   EXPECT_EQ(cluster.task("t1")["executionInfo"]["result"], "success");
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "batch/attempts.h"
#include "batch/dispatch.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/pools.h"
#include "batch/state.h"
#include "batch/tasks.h"
#include "spec/errors.h"
#include "store/memory_store_for_tests.h"

namespace scoria::batch {

inline Settings cluster_settings() {
  Settings settings;
  settings.machine_cores = 64;
  settings.make_token = [] { return std::pair<std::string, std::string>("token", "hash"); };
  settings.job_token = [](const Job& job) { return "token of " + job.id; };
  return settings;
}

// Azure's code of what went wrong; empty where nothing did.
template <typename T>
std::string code(const Result<T>& result) {
  return result.ok() ? "" : result.error().api_code;
}

class ClusterForTests {
 public:
  struct PoolOptions {
    int nodes = 1, slots = 1;
    Json more = Json::object();
    std::vector<int> devices = {};  // of every node
  };

  explicit ClusterForTests(Settings with_settings = cluster_settings()) : settings_(std::move(with_settings)) {
    now_.wall = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 29));
    now_.steady = SteadyTime(std::chrono::hours(1));
    start();
  }

  // Pool "p", its nodes up and idle.
  void add_pool(const PoolOptions& options) {
    Json body = options.more;
    body["id"] = "p";
    body["vmSize"] = "standard_a1";
    body["targetDedicatedNodes"] = options.nodes;
    body["taskSlotsPerNode"] = options.slots;
    devices_ = options.devices;
    must(batch::add_pool(*state_, body));
    commit();
    exchange();
  }
  void add_job(Json more = Json::object(), const std::string& id = "j") {
    more["id"] = id;
    if (!more.contains("poolInfo")) more["poolInfo"] = {{"poolId", "p"}};
    must(batch::add_job(*state_, more));
    commit();
  }
  Result<Stamp> try_task(const std::string& id, Json more = Json::object(), const std::string& job = "j") {
    more["id"] = id;
    if (!more.contains("commandLine")) more["commandLine"] = "true";
    std::vector<NewTask> tasks;
    tasks.push_back(new_task(more));
    auto added = add_tasks(*state_, job, std::move(tasks));
    commit();
    if (!added.ok()) return added.error();
    return std::move(added.value().at(0));
  }
  void add_task(const std::string& id, Json more = Json::object(), const std::string& job = "j") {
    must(try_task(id, std::move(more), job));
  }

  // Nodes talk with the server until nothing is new: they start what they are told.
  void run() {
    for (int round = 0; round < 6; ++round) exchange();
  }
  // The task's running attempt ends by itself.
  void end(const std::string& task, int exit_code, bool has_outputs = false, const std::string& job = "j") {
    spec::Event event{.kind = spec::Event::Kind::ended, .exit_code = exit_code, .has_outputs = has_outputs};
    end_with(task, event, job);
  }
  void end_with(const std::string& task, spec::Event event, const std::string& job = "j") {
    for (auto& [key, agent] : agents_) {
      for (const auto& [attempt, order] : agent.running) {
        if (order.task != task || order.job != job || ended_.contains(attempt)) continue;
        event.attempt = attempt;
        event.kind = spec::Event::Kind::ended;
        event.at_us = now_.wall.time_since_epoch().count();
        ended_.insert(attempt);
        agent.events.push_back(event);
        exchange();
        return;
      }
    }
    ADD_FAILURE() << "task '" << task << "' of job '" << job << "' runs nowhere";
  }
  // One more message of a node: an event that it says again, or late.
  void say(const std::string& node, const spec::Event& event) {
    agents_.at({"p", node}).events.push_back(event);
    exchange();
  }
  void advance(Duration by) {
    now_.wall += by;
    now_.steady += by;
    state_->now = now_;
    tick(*state_);
    commit();
  }
  void lose(const std::string& node) {
    Node* lost = find_node(*state_, "p", node);
    lose_node(*state_, *lost, "the test says so");
    agents_.at({"p", node}).is_gone = true;
    commit();
  }
  // The server's process dies and starts again; nodes live on. What was not committed is gone.
  void restart() { start(); }
  // Everything that was decided is durable, as after a group of the service.
  void commit() {
    settle(*state_);
    flush(*state_);
    const Status committed = store_.commit(state_->changes);
    EXPECT_TRUE(committed.ok());
    state_->changes.clear();
    Effects effects = std::exchange(state_->effects, {});
    for (const auto& request : effects.request) agents_[{request.pool, request.node}];
    for (const auto& [pool, node] : effects.release) agents_.erase({pool, node});
    for (const AttemptId attempt : effects.discard) discarded.insert(attempt);
    for (const AttemptId attempt : effects.publish) to_publish.push_back(attempt);
    check_invariants();
  }
  void publish_all() {
    for (const AttemptId attempt : std::exchange(to_publish, {})) outputs_published(*state_, attempt);
    commit();
  }

  // What clients read.
  Json task(const std::string& id, const std::string& job = "j") {
    const auto row = store_.task(number(job), id);
    if (!row.value()) return Json();
    return task_document(*row.value()).value();
  }
  std::string state_of(const std::string& task_id, const std::string& job = "j") {
    const Json document = task(task_id, job);
    return document.is_null() ? "gone" : document["state"].get<std::string>();
  }
  Json job(const std::string& id = "j") {
    const auto document = store_.get(store::Kind::job, job_parent(id), id).value();
    return document ? Json::parse(document->text) : Json();
  }
  std::string job_state(const std::string& id = "j") {
    const Json document = job(id);
    return document.is_null() ? "gone" : document["state"].get<std::string>();
  }
  Json counts(const std::string& id = "j") { return job(id)["~"]["counts"]; }
  std::vector<Json> preparations(const std::string& id = "j") {
    std::vector<Json> out;
    const auto stored = store_.list(store::Kind::preparation, std::to_string(number(id)), "", 100);
    for (const auto& one : stored.value()) {
      out.push_back(Json::parse(one.text));
    }
    return out;
  }
  // By job/task: where it runs now, as the nodes see it.
  std::map<std::string, std::string> running() {
    std::map<std::string, std::string> out;
    for (const auto& [key, agent] : agents_) {
      for (const auto& [attempt, order] : agent.running) {
        if (!ended_.contains(attempt)) out[order.job == "j" ? order.task : order.job + "/" + order.task] = key.second;
      }
    }
    return out;
  }
  std::set<std::string> running_tasks() {
    std::set<std::string> out;
    for (const auto& [task, node] : running()) out.insert(task);
    return out;
  }
  spec::StartOrder order_of(const std::string& task_id) {
    for (const auto& [key, agent] : agents_) {
      for (const auto& [attempt, order] : agent.running) {
        if (order.task == task_id && !ended_.contains(attempt)) return order;
      }
    }
    ADD_FAILURE() << "task '" << task_id << "' runs nowhere";
    return {};
  }
  std::string node(std::size_t at = 0) {
    return std::next(agents_.begin(), static_cast<std::ptrdiff_t>(at))->first.second;
  }

  State& state() { return *state_; }
  store::MemoryStore& store() { return store_; }
  Now now() const { return now_; }

  template <typename T>
  void must(const Result<T>& result) {
    ASSERT_TRUE(result.ok()) << result.error().api_code << ": " << result.error().message;
  }

  // No slot or device is sold twice, no task is in two places, counts add up.
  void check_invariants() {
    for (const auto& [id, pool] : state_->pools) {
      for (const auto& [key, node] : pool->nodes) {
        int slots = 0;
        std::set<int> devices;
        for (const auto& [number, attempt] : node->attempts) {
          if (!attempt.may_wait) slots += attempt.slots;
          for (const int device : attempt.devices) EXPECT_TRUE(devices.insert(device).second) << "device twice";
          if (attempt.task != nullptr) {
            EXPECT_EQ(attempt.task->attempt, number);
          }
          EXPECT_EQ(state_->attempts.at(number), node.get());
        }
        EXPECT_EQ(slots, node->slots_used);
        EXPECT_LE(slots, node->slots);
        for (const int device : devices) EXPECT_FALSE(node->free_devices.contains(device));
      }
    }
    for (const auto& [id, job] : state_->jobs) {
      std::uint64_t active = 0, preparing = 0, running = 0;
      int assigned = 0;
      for (const auto& [key, task] : job->open) {
        active += task->state == TaskState::active;
        preparing += task->state == TaskState::preparing;
        running += task->state == TaskState::running;
        assigned += task->attempt != 0;
        EXPECT_EQ(job->ready.contains(task->number) && task->attempt != 0, false);
      }
      if (job->state != JobState::completed) {
        EXPECT_EQ(job->counts.active, active) << id;
        EXPECT_EQ(job->counts.preparing, preparing) << id;
        EXPECT_EQ(job->counts.running, running) << id;
        EXPECT_EQ(job->running, assigned) << id;
      }
    }
  }

  std::set<AttemptId> discarded;
  std::vector<AttemptId> to_publish;

 private:
  struct Agent {
    std::uint64_t sequence = 0;
    bool is_gone = false;
    std::map<AttemptId, spec::StartOrder> running;
    std::vector<spec::Event> events;
  };

  void start() {
    state_ = std::make_unique<State>(store_, settings_);
    state_->now = now_;
    must(load(*state_));
    commit();
  }

  std::uint64_t number(const std::string& job_id) {
    const Json document = job(job_id);
    return document.is_null() ? 0 : document["~"]["number"].get<std::uint64_t>();
  }

  // One request of every node, and what it makes of the answer.
  void exchange() {
    std::vector<scoria::pool::NodeStatus> statuses;
    for (const auto& [key, agent] : agents_) {
      statuses.push_back(
          {key.first, key.second,
           agent.is_gone ? scoria::pool::NodeStatus::State::gone : scoria::pool::NodeStatus::State::running, ""});
    }
    take_provider_status(*state_, "local", statuses);
    for (auto& [key, agent] : agents_) {
      if (agent.is_gone) continue;
      Node* told = find_node(*state_, key.first, key.second);
      if (told == nullptr) continue;
      spec::SyncRequest request{
          .session = "session", .sequence = ++agent.sequence, .events = std::exchange(agent.events, {})};
      for (const spec::Event& event : request.events) {
        if (event.kind == spec::Event::Kind::ended) agent.running.erase(event.attempt);
      }
      for (const auto& [attempt, order] : agent.running) request.held.push_back({attempt, spec::Phase::running});
      request.facts = spec::NodeFacts{.agent_version = "1", .cores = 4, .devices = devices_, .boot_id = "boot"};
      EXPECT_TRUE(heard_from(*state_, *told, request).ok());
      take_events(*state_, *told, request.events);
      compare_held(*state_, *told);
      commit();
      obey(agent, orders_for(*state_, *told));
      commit();
    }
  }

  void obey(Agent& agent, const spec::SyncReply& reply) {
    const auto at = now_.wall.time_since_epoch().count();
    for (const spec::StartOrder& order : reply.start) {
      if (agent.running.contains(order.attempt) || ended_.contains(order.attempt)) continue;
      agent.running.emplace(order.attempt, order);
      if (order.may_wait) {  // the test's nodes leave those waiting
        waiting_.insert(order.attempt);
        continue;
      }
      agent.events.push_back({.kind = spec::Event::Kind::started, .attempt = order.attempt, .at_us = at});
    }
    for (const spec::StopOrder& stop : reply.stop) {
      if (agent.running.erase(stop.attempt) == 0) continue;
      ended_.insert(stop.attempt);
      if (waiting_.contains(stop.attempt)) continue;  // its absence says it
      agent.events.push_back({.kind = spec::Event::Kind::ended,
                              .attempt = stop.attempt,
                              .at_us = at,
                              .exit_code = 143,
                              .reason = stop.reason});
    }
  }

  store::MemoryStore store_;
  Settings settings_;
  Now now_;
  std::unique_ptr<State> state_;
  std::map<std::pair<std::string, std::string>, Agent> agents_;
  std::set<AttemptId> ended_;
  std::set<AttemptId> waiting_;  // sent ahead
  std::vector<int> devices_;
};

}  // namespace scoria::batch
