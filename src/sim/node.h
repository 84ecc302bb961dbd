// One node of a pool: an agent and a keeper on a simulated machine.
// Threads: one. Borrows: all that it is given.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/agent.h"
#include "sim/keeper.h"
#include "sim/processes.h"
#include "sim/random.h"

namespace scoria::sim {

class Node {
 public:
  Node(Agent::Parts parts, Processes& processes, Agent::Place place, Random random);

  Agent::Faults& faults() { return faults_; }
  const Agent::Place& place() const { return place_; }

  // The agent; it starts a keeper where it finds none.
  void start();
  void kill_agent();
  void kill_keeper();
  void pause_agent(Duration how_long);
  // Power loss: processes are gone, the spool may be.
  void power_off();
  // Taken back by its provider.
  void end();

  bool is_up() const { return agent_ != nullptr; }
  bool has_left() const { return agent_ != nullptr && agent_->has_left(); }
  // Its keeper holds nothing.
  bool is_empty() const { return keeper_ == nullptr || keeper_->has_left() || keeper_->is_empty(); }

 private:
  Keeper* find_keeper(bool may_start);

  Agent::Parts parts_;
  Processes& processes_;
  Agent::Place place_;
  Random random_;
  Agent::Faults faults_;
  Spool spool_;
  std::uint64_t boots_ = 0, starts_ = 0;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<Agent> agent_;
};

}  // namespace scoria::sim
