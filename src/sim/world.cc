#include "sim/world.h"

#include <cstdio>
#include <utility>

#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/pools.h"
#include "batch/schedules.h"
#include "pool/joined.h"
#include "sim/auditor.h"

namespace scoria::sim {
namespace {

using batch::Json;
using batch::State;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kLocal = "local";
constexpr const char* kField = "field";
constexpr int kClients = 2, kMachines = 2;
constexpr Duration kLook = seconds(1);

constexpr std::uint32_t bit(Fault fault) { return 1u << static_cast<int>(fault); }
constexpr std::uint32_t kNodeFaults = bit(Fault::power_off_server) | bit(Fault::kill_agent) | bit(Fault::kill_keeper) |
                                      bit(Fault::pause_agent) | bit(Fault::power_off_node) | bit(Fault::lossy_network) |
                                      bit(Fault::cut_link) | bit(Fault::refusing_provider) | bit(Fault::failing_files);

WallTime start_of_time() { return WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 29)); }

pool::JoinedProvider joined;

template <typename T>
Result<Json> as_json(const T& result) {
  if (!result.ok()) return result.error();
  return Json();
}

}  // namespace

World::World(std::uint64_t seed, Options options)
    : options_(options),
      random_(Random(seed).fork("world")),
      network_(timeline_, Random(seed).fork("network")),
      processes_(timeline_),
      disk_(Random(seed).fork("disk")),
      server_clock_(timeline_, start_of_time(), 0) {
  SqliteDisk::seed_sqlite(static_cast<std::uint32_t>(seed));
  // A third of all faults, so that none hides the others.
  for (int fault = 0; fault < kFaults; ++fault) {
    if (random_.chance(0.35)) faults_ |= 1u << fault;
  }
  if (random_.chance(0.15)) faults_ &= ~kNodeFaults;
  if (options.faults) faults_ = *options.faults;
  manages_pools_ = random_.chance(0.7);
  const bool ends_tasks = random_.chance(0.5);

  batch::Settings settings;
  settings.account_name = "account";
  settings.account_url = "https://server";
  settings.machine_cores = 8;
  settings.machine_devices = 6;
  settings.sizes["gpu1"] = {.name = "gpu1", .cores = 1, .memory_bytes = 1u << 30, .gpus = 1};
  settings.job_token = [](const batch::Job& job) { return "token of " + job.id; };
  settings.webhooks = {"https://hook"};
  // Sooner than its leases end, too: then the server has to wait before a single-writer task runs again.
  Random choice = Random(seed).fork("settings");
  if (choice.chance(0.3)) settings.remote_node_lost = std::chrono::seconds(choice.between(2, 12));
  settings.make_token = [this] {
    const std::string token = "token" + std::to_string(++tokens_);
    return std::pair(token, "#" + token);
  };
  server_ = std::make_unique<Server>(timeline_, Random(seed).fork("server"), disk_, server_clock_, outputs_,
                                     std::move(settings));
  const Agent::Parts parts{timeline_, network_, outputs_, *server_, kServer, server_clock_};
  provider_ = std::make_unique<Provider>(parts, processes_, Random(seed).fork("provider"));
  server_->set_providers({{kLocal, provider_.get()}, {"joined", &joined}});
  server_->on_end([this] { server_ended(); });
  for (int i = 1; i <= kMachines; ++i) {
    const std::string name = "machine" + std::to_string(i);
    const double drift = static_cast<double>(random_.between(-500, 500)) * 1e-6;
    auto machine = std::make_unique<Machine>(
        Machine{.name = name, .token = "joined" + name, .clock = {timeline_, start_of_time(), drift}, .node = nullptr});
    const Agent::Parts at_machine{timeline_, network_, outputs_, *server_, kServer, machine->clock};
    machine->node = std::make_unique<Node>(
        at_machine, processes_,
        Agent::Place{.machine = name, .pool = kField, .node = name, .token = machine->token, .slots = 3},
        Random(seed).fork(name));
    machines_.push_back(std::move(machine));
  }
  for (int i = 1; i <= kClients; ++i) {
    const std::string name = "client" + std::to_string(i);
    clients_.push_back(std::make_unique<Client>(
        Client::Parts{timeline_, network_, *server_, kServer, history_, {kLocal, kField}}, name,
        Random(seed).fork(name), Client::Load{.manages_pools = i == 1 && manages_pools_, .ends_tasks = ends_tasks}));
  }
}

World::~World() = default;

bool World::are_nodes_sound() const { return (faults_ & kNodeFaults) == 0 && !manages_pools_; }

void World::tell(const std::string& what) {
  if (options_.tells) {
    std::fprintf(stderr, "%10.3f %s\n", static_cast<double>(timeline_.now().count()) * 1e-6, what.c_str());
  }
}

void World::tell_nodes() {
  if (!server_->is_up()) return;
  for (const auto& [id, pool] : server_->state().pools) {
    for (const auto& [key, node] : pool->nodes) {
      tell("  node " + node->id + " " + std::string(batch::node_state_name(node->state)) + ", scheduling " +
           (node->is_scheduling_enabled ? "on" : "off") + ", " + std::to_string(node->attempts.size()) + " attempts");
      for (const auto& [number, attempt] : node->attempts) {
        tell("    attempt " + std::to_string(number) + " of " +
             (attempt.task == nullptr ? "no task" : attempt.task->job->id + "/" + attempt.task->id) + ", phase " +
             std::to_string(static_cast<int>(attempt.phase)) + ", " + std::to_string(attempt.slots) + " slots" +
             (attempt.may_wait ? ", may wait" : "") + (attempt.stop_reason.empty() ? "" : ", " + attempt.stop_reason));
      }
    }
  }
}

void World::tell_runs() {
  if (!options_.tells) return;
  for (const ProcessRun& run : processes_.runs()) {
    const auto at = [](Duration time) { return std::to_string(static_cast<double>(time.count()) * 1e-6); };
    tell("attempt " + std::to_string(run.attempt) + " of " + run.order.job + "/" + run.order.task + " on " + run.node +
         ", " + std::to_string(run.order.slots) + " slots, devices " + Json(run.order.devices).dump() + ", from " +
         at(run.started) + " to " + (run.ended ? at(*run.ended) : "never") + ", exit code " +
         (run.exit_code ? std::to_string(*run.exit_code) : "none"));
  }
}

void World::broke(std::string what) {
  if (broken_.empty()) tell_nodes();
  tell("BROKEN: " + what);
  if (broken_.size() < 20) broken_.push_back(std::move(what));
}

void World::insist(Server::Change change) {
  ++insisting_;
  const auto serve = [this, change](std::function<void(bool)> reply) {
    if (!server_->is_up()) return reply(false);
    server_->change(change, batch::Work::less, [reply](Result<Json> answer) {
      reply(answer.ok() || (answer.error().code != Code::unavailable && answer.error().code != Code::exhausted));
    });
  };
  network_.call<bool>("operator", kServer, seconds(10), serve, [this, change](std::optional<bool> answer) {
    --insisting_;
    if (!answer.value_or(false)) timeline_.after(seconds(1), [this, change] { insist(change); });
  });
}

void World::set_up() {
  insist([](State& s) {
    return as_json(batch::add_pool(s, {{"id", kLocal},
                                       {"vmSize", "gpu1"},
                                       {"taskSlotsPerNode", 2},
                                       {"targetDedicatedNodes", 2},
                                       {"targetLowPriorityNodes", 1}}));
  });
  insist([](State& s) {
    return as_json(batch::add_pool(
        s, {{"id", kField}, {"vmSize", "standard_a1"}, {"taskSlotsPerNode", 3}, {"provider", "joined"}}));
  });
  for (auto& machine : machines_) {
    timeline_.after(seconds(1) + Duration(random_.between(0, 3'000'000)), [this, m = machine.get()] { join(*m); });
  }
  for (auto& client : clients_) client->start();
}

void World::join(Machine& machine) {
  const auto change = [&machine](State& s) -> Result<Json> {
    SCORIA_TRY(node, batch::join_node(s, kField, machine.name, "#" + machine.token, 3));
    return Json(node->id);
  };
  const auto serve = [this, change](std::function<void(Result<Json>)> reply) {
    if (!server_->is_up()) return reply(Error{Code::unavailable, "connection refused"});
    server_->change(change, batch::Work::less, std::move(reply));
  };
  network_.call<Result<Json>>(machine.name, kServer, seconds(10), serve,
                              [this, &machine](std::optional<Result<Json>> answer) {
                                if (answer && answer->ok())
                                  machine.node->start();
                                else
                                  timeline_.after(seconds(2), [this, &machine] { join(machine); });
                              });
}

void World::start_server() {
  if (server_->is_up()) return;
  const Status started = server_->start();
  if (started.ok()) return tell("server started");
  // A disk on which nothing can be opened for want of room, or a sync that fails at the start: it tries again.
  tell("server did not start: " + started.error().message);
  const bool may_be = started.error().code == Code::exhausted || started.error().code == Code::unavailable;
  if (!may_be) return broke("the server does not start: " + started.error().message);
  timeline_.after(seconds(1), [this] { start_server(); });
}

void World::server_ended() {
  tell("server ended");
  const Duration wait = random_.chance(0.7) ? Duration(random_.between(100'000, 3'000'000))
                                            : Duration(random_.between(3'000'000, 90'000'000));
  timeline_.after(is_calm_ ? Duration(milliseconds(100)) : wait, [this] { start_server(); });
}

std::vector<Node*> World::all_nodes() {
  std::vector<Node*> all = provider_->nodes();
  for (auto& machine : machines_) all.push_back(machine->node.get());
  return all;
}

// What must be so at every moment.
void World::look() {
  if (server_->is_up()) {
    for (std::string& what : check_state(server_->state())) broke(std::move(what));
  }
  // Somebody takes a machine that was told to leave to the pool again.
  for (auto& machine : machines_) {
    if (!machine->node->has_left()) continue;
    machine->node->kill_agent();
    join(*machine);
  }
  timeline_.after(kLook, [this] { look(); });
}

void World::calm_down() {
  tell("calm");
  is_calm_ = true;
  network_.heal();
  network_.faults() = {};
  disk_.faults() = {};
  disk_.set_room(std::nullopt);
  server_->faults() = {};
  provider_->refuses = 0;
  for (Node* node : all_nodes()) node->faults() = {};
  for (auto& client : clients_) client->stop();
  start_server();
  for (auto& machine : machines_) {
    if (!machine->node->is_up()) join(*machine);
  }
  // Whatever clients left disabled goes on, and there are nodes for it.
  timeline_.after(seconds(20), [this] {
    insist([this](State& s) {
      schedules_ended_ = timeline_.now();
      for (auto& [id, schedule] : s.schedules) (void)batch::terminate_schedule(s, schedule->id, {});
      for (auto& [id, job] : s.jobs) (void)batch::enable_job(s, job->id, {});
      for (auto& [id, pool] : s.pools) {
        for (auto& [key, node] : pool->nodes) (void)batch::enable_scheduling(s, pool->id, node->id);
      }
      (void)batch::disable_autoscale(s, kLocal);
      return as_json(Status(Ok{}));
    });
    insist([](State& s) -> Result<Json> {
      (void)batch::stop_resize(s, kLocal, {});  // refused where nothing is under way
      const Json body{
          {"targetDedicatedNodes", 2}, {"targetLowPriorityNodes", 0}, {"nodeDeallocationOption", "requeue"}};
      if (const auto resized = batch::resize_pool(s, kLocal, body, {}); !resized.ok()) {
        return Error{Code::unavailable, "again: " + resized.error().message};
      }
      return Json();
    });
  });
}

bool World::is_over() {
  if (!server_->is_up() || insisting_ > 0 || timeline_.now() < options_.busy + seconds(40)) return false;
  for (auto& client : clients_) {
    if (!client->is_idle()) return false;
  }
  for (Node* node : all_nodes()) {
    if (!node->is_empty()) return false;
  }
  return unfinished(server_->state()).empty();
}

World::Verdict World::run() {
  start_server();
  set_up();
  look();
  timeline_.after(Duration(random_.between(1'000'000, 10'000'000)), [this] { go_wrong(); });
  while (timeline_.step(options_.busy)) {
  }
  calm_down();
  const Duration end = options_.busy + options_.calm;
  bool is_done = false;
  for (Duration until = timeline_.now(); until < end && !is_done && broken_.empty(); until += seconds(1)) {
    while (timeline_.step(until)) {
    }
    is_done = is_over();
  }
  if (broken_.empty() && !is_done) {
    if (!server_->is_up()) {
      broke("the server is down long after all faults stopped");
    } else {
      for (std::string& what : unfinished(server_->state())) {
        if (broken_.size() < 4) broke("long after all faults stopped: " + std::move(what));
      }
      for (const auto& client : clients_) {
        if (!client->is_idle()) broke("a client is not answered long after all faults stopped");
      }
      for (Node* node : all_nodes()) {
        if (!node->is_empty())
          broke("node '" + node->place().node + "' holds what is over long after all faults stopped");
      }
    }
  }
  Verdict verdict{.steps = timeline_.steps(), .tasks = processes_.runs().size(), .faults = faults_done_};
  if (broken_.empty()) {
    // What a power cut leaves is what was promised.
    server_->on_end(nullptr);
    server_->kill();
    disk_.crash();
    const auto process = disk_.start_process();
    const SqliteDisk sqlite(*process);
    auto store = store::Store::open("state", {.vfs = sqlite.name()});
    if (!store.ok()) {
      broke("the store does not open at the end: " + store.error().message);
    } else {
      for (std::string& what : audit({.history = history_,
                               .runs = processes_.runs(),
                               .outputs = outputs_,
                               .store = *store.value(),
                               .ticks = server_->ticks(),
                               .calm = options_.busy,
                               .schedules_ended = schedules_ended_,
                               .are_nodes_sound = are_nodes_sound()}))
        broke(std::move(what));
    }
  }
  tell_runs();
  verdict.digest = digest();
  verdict.broken = std::move(broken_);
  return verdict;
}

std::string World::digest() {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::uint64_t number) { hash = (hash ^ number) * 0x100000001b3; };
  add(timeline_.steps());
  add(static_cast<std::uint64_t>(timeline_.now().count()));
  for (const ProcessRun& run : processes_.runs()) {
    add(run.attempt);
    add(static_cast<std::uint64_t>(run.started.count()));
  }
  for (const Operation& operation : history_)
    add(static_cast<std::uint64_t>(operation.heard.value_or(Duration(0)).count()));
  add(disk_.counters().bytes);
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace scoria::sim
