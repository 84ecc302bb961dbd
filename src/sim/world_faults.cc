// World: what goes wrong, and when.
#include <algorithm>

#include "sim/world.h"

namespace scoria::sim {
namespace {

using std::chrono::seconds;

constexpr const char* kNames[] = {"kill server", "power off server",  "die in a commit", "failed sync",
                                  "full disk",   "slow disk",         "kill agent",      "kill keeper",
                                  "pause agent", "power off node",    "lossy network",   "cut link",
                                  "step clock",  "refusing provider", "failing files"};
static_assert(std::size(kNames) == kFaults);

}  // namespace

void World::go_wrong() {
  if (is_calm_) return;
  std::vector<Fault> kinds;
  for (int fault = 0; fault < kFaults; ++fault) {
    if (has(static_cast<Fault>(fault))) kinds.push_back(static_cast<Fault>(fault));
  }
  if (!kinds.empty()) {
    const Fault fault = random_.pick(kinds);
    tell(std::string("fault: ") + kNames[static_cast<int>(fault)]);
    ++faults_done_;
    do_wrong(fault);
  }
  timeline_.after(Duration(random_.between(200'000, 15'000'000)), [this] { go_wrong(); });
}

void World::do_wrong(Fault fault) {
  const Duration lasts(random_.between(500'000, 40'000'000));
  // Something that ends after a while; several may overlap, then the first end ends it.
  const auto later = [this, lasts](std::function<void()> over) { timeline_.after(lasts, std::move(over)); };
  auto nodes = all_nodes();
  Node* node = nodes.empty() ? nullptr : random_.pick(nodes);
  Machine* machine = random_.pick(machines_).get();
  const bool is_joined = node != nullptr && node->place().machine != kServer;
  switch (fault) {
    case Fault::kill_server: server_->kill(); break;
    case Fault::power_off_server:
      server_->kill();
      disk_.crash();
      provider_->power_off();
      break;
    case Fault::die_in_commit:
      server_->faults().dies_in_commit = 0.05;
      later([this] { server_->faults().dies_in_commit = 0; });
      break;
    case Fault::failed_sync: disk_.fail_next_sync(); break;
    case Fault::full_disk:
      disk_.set_room(random_.below(60'000));
      // Others take what the server's reserve gave back, so that nothing at all can be written.
      for (int i = 1; i < 4; ++i) {
        timeline_.after(lasts * i / 4, [this] {
          if (disk_.room()) disk_.set_room(0);
        });
      }
      // What waits for room must not count as done.
      if (random_.chance(0.3)) timeline_.after(lasts / 2, [this] { server_->kill(); });
      later([this] { disk_.set_room(std::nullopt); });
      break;
    case Fault::slow_disk:
      server_->faults().slow_commit = 0.3;
      later([this] { server_->faults().slow_commit = 0; });
      break;
    case Fault::kill_agent:
      if (node == nullptr || !node->is_up()) break;
      node->kill_agent();
      if (is_joined)
        timeline_.after(Duration(random_.between(50'000, 20'000'000)), [node] { node->start(); });
      else
        provider_->agent_died(*node);
      break;
    case Fault::kill_keeper:
      if (node != nullptr) node->kill_keeper();
      break;
    case Fault::pause_agent:
      if (node != nullptr) node->pause_agent(lasts);
      break;
    case Fault::power_off_node:
      machine->node->power_off();
      timeline_.after(Duration(random_.between(1'000'000, 60'000'000)), [machine] { machine->node->start(); });
      break;
    case Fault::lossy_network:
      network_.faults() = {.lost = 0.05, .doubled = 0.05, .late = 0.1};
      later([this] { network_.faults() = {}; });
      break;
    case Fault::cut_link: {
      const std::string other = random_.chance(0.7) ? machine->name : "client" + std::to_string(random_.between(1, 2));
      const auto ways = random_.between(1, 3);
      if ((ways & 1) != 0) network_.cut(other, kServer);
      if ((ways & 2) != 0) network_.cut(kServer, other);
      later([this] { network_.heal(); });
      break;
    }
    case Fault::step_clock: {
      const auto far = random_.chance(0.5) ? std::int64_t{120'000'000} : std::int64_t{7'200'000'000};
      server_clock_.step_wall(Duration(random_.between(-far, far)));
      break;
    }
    case Fault::refusing_provider:
      provider_->refuses = 0.5;
      later([this] { provider_->refuses = 0; });
      break;
    case Fault::failing_files:
      for (Node* one : nodes) one->faults() = {.slow_launch = 0.5, .failed_launch = 0.1, .failed_upload = 0.1};
      later([this] {
        for (Node* one : all_nodes()) one->faults() = {};
      });
      break;
  }
}

}  // namespace scoria::sim
