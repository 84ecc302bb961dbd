// What tasks cost before anybody waits for a disk: 10,000 tasks added as 100 requests of 100, each parsed, taken by the state machine,
// flushed and committed on its own; and the same in one commit. Then the same tasks run, on a node that takes no time.
//   cmake --preset bench && cmake --build --preset bench --target task_commit && build/bench/bench/task_commit [FOLDER]
// FOLDER is on the disk to be measured; by default the system's for temporary files.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "batch/attempts.h"
#include "batch/dispatch.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/pools.h"
#include "batch/state.h"
#include "batch/tasks.h"
#include "must.h"
#include "store/store.h"

namespace {

using namespace scoria;
using batch::Json;

constexpr int kTasks = 10'000;
constexpr int kRepeats = 15;

Json task_body(int number) {
  return {{"id", "task-" + std::to_string(number)},
          {"commandLine", "/bin/bash -c 'set -e; Rscript worker.R > $AZ_BATCH_TASK_ID.txt'"},
          {"environmentSettings", {{{"name", "CHUNK"}, {"value", std::to_string(number)}}}},
          {"constraints", {{"maxTaskRetryCount", 0}, {"retentionTime", "P7D"}}},
          {"requiredSlots", 1}};
}

struct Fixture {
  explicit Fixture(const std::filesystem::path& folder) : store(must(store::Store::open(folder))) {
    batch::Settings settings;
    settings.machine_cores = 8;
    settings.make_token = [] { return std::pair<std::string, std::string>("t", "h"); };
    state = std::make_unique<batch::State>(*store, settings);
    state->now = SystemClock().now();
    must(batch::add_pool(*state, {{"id", "p"}, {"vmSize", "standard_a1"}, {"taskSlotsPerNode", 2}}));
    must(batch::add_job(*state, {{"id", "j"}, {"poolInfo", {{"poolId", "p"}}}}));
    commit();
  }
  void commit() {
    batch::settle(*state);
    batch::flush(*state);
    must(store->commit(state->changes));
    state->changes.clear();
    state->effects.clear();
  }
  std::unique_ptr<store::Store> store;
  std::unique_ptr<batch::State> state;
};

double once(const std::filesystem::path& folder, int per_request, int requests_per_commit) {
  Fixture fixture(folder);
  std::vector<Json> bodies;
  for (int i = 0; i < kTasks; ++i) bodies.push_back(task_body(i));
  const auto begin = std::chrono::steady_clock::now();
  int pending = 0;
  for (int i = 0; i < kTasks; i += per_request) {
    std::vector<batch::NewTask> tasks;
    for (int k = i; k < i + per_request; ++k) tasks.push_back(batch::new_task(bodies[static_cast<std::size_t>(k)]));
    must(batch::add_tasks(*fixture.state, "j", std::move(tasks)));
    if (++pending < requests_per_commit) continue;
    fixture.commit();
    pending = 0;
  }
  fixture.commit();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  if (must(fixture.store->tasks(1, 0, 2 * kTasks, std::nullopt)).size() != kTasks) {
    std::fputs("not all tasks are there\n", stderr);
    std::exit(1);
  }
  return took.count();
}

// Writing alone, without the state machine: what the store needs for 10,000 rows in one commit.
double rows_only(const std::filesystem::path& folder) {
  const auto store = must(store::Store::open(folder));
  store::Changes changes;
  for (std::uint64_t i = 1; i <= kTasks; ++i) {
    changes.add_task(
        {1, i, "task-" + std::to_string(i), store::TaskState::active, std::string(300, 's'), std::string(330, 'i')});
  }
  const auto begin = std::chrono::steady_clock::now();
  must(store->commit(changes));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  return took.count();
}

// A node of two slots that ends at once what it is told to run: what the server does for a task beside what its node does.
double run_all(const std::filesystem::path& folder) {
  Fixture fixture(folder);
  batch::State& state = *fixture.state;
  must(batch::resize_pool(state, "p", {{"targetDedicatedNodes", 1}}, {}));
  fixture.commit();
  std::vector<batch::NewTask> tasks;
  for (int i = 0; i < kTasks; ++i) tasks.push_back(batch::new_task(task_body(i)));
  must(batch::add_tasks(state, "j", std::move(tasks)));
  fixture.commit();
  batch::Node& node = *state.pools.at("p")->nodes.begin()->second;
  batch::take_provider_status(state, "local", {{"p", node.id, pool::NodeStatus::State::running, ""}});
  spec::SyncRequest request{.session = "s", .facts = spec::NodeFacts{.cores = 2, .boot_id = "b"}};
  const auto begin = std::chrono::steady_clock::now();
  int exchanges = 0;
  while (state.totals.completed < kTasks && exchanges < 10 * kTasks) {
    state.now = SystemClock().now();
    ++request.sequence;
    must(batch::heard_from(state, node, request));
    batch::take_events(state, node, request.events);
    batch::compare_held(state, node);
    fixture.commit();
    const spec::SyncReply reply = batch::orders_for(state, node);
    request.events.clear();
    const auto at = state.now.wall.time_since_epoch().count();
    for (const spec::StartOrder& order : reply.start) {
      request.events.push_back({.kind = spec::Event::Kind::started, .attempt = order.attempt, .at_us = at});
      request.events.push_back(
          {.kind = spec::Event::Kind::ended, .attempt = order.attempt, .at_us = at + 600, .exit_code = 0});
    }
    ++exchanges;
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  if (state.totals.completed != kTasks) {
    std::fputs("not all tasks ended\n", stderr);
    std::exit(1);
  }
  return took.count();
}

void report(const char* name, const std::filesystem::path& folder,
            const std::function<double(const std::filesystem::path&)>& run) {
  std::vector<double> times;
  for (int i = 0; i < kRepeats; ++i) {
    const auto fresh = folder / ("run" + std::to_string(i));
    times.push_back(run(fresh));
    std::filesystem::remove_all(fresh);
  }
  std::ranges::sort(times);
  std::printf("%-44s %6.1f ms [%.1f..%.1f], n=%d\n", name, times[times.size() / 2], times.front(), times.back(),
              kRepeats);
}

}  // namespace

int main(int count, char** arguments) {
  std::filesystem::path folder = count > 1 ? arguments[1] : std::filesystem::temp_directory_path();
  folder /= "task_commit." + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  report("10,000 rows, store alone, one commit", folder, rows_only);
  report("10,000 tasks, 100 requests, one commit", folder, [](const auto& at) { return once(at, 100, 100); });
  report("10,000 tasks, 100 requests, 100 commits", folder, [](const auto& at) { return once(at, 100, 1); });
  report("10,000 tasks run, as one node's exchanges", folder, run_all);
  std::filesystem::remove_all(folder);
  return 0;
}
