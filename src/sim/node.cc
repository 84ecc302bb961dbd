#include "sim/node.h"

#include <utility>

namespace scoria::sim {

Node::Node(Agent::Parts parts, Processes& processes, Agent::Place place, Random random)
    : parts_(std::move(parts)), processes_(processes), place_(std::move(place)), random_(random) {}

void Node::start() {
  if (agent_) return;
  agent_ = std::make_unique<Agent>(parts_, place_, faults_, random_.fork("agent" + std::to_string(++starts_)),
                                   [this](bool may_start) { return find_keeper(may_start); });
}

Keeper* Node::find_keeper(bool may_start) {
  if (keeper_ && may_start && keeper_->has_left()) {
    keeper_.reset();
    spool_.clear();
  }
  if (!keeper_ && may_start) {
    keeper_ = std::make_unique<Keeper>(parts_.timeline, processes_, parts_.clock,
                                       Keeper::Place{place_.machine, place_.pool, place_.node}, spool_,
                                       place_.node + "/" + std::to_string(++boots_));
  }
  return keeper_.get();
}

void Node::kill_agent() {
  if (keeper_) keeper_->disconnect();
  agent_.reset();
}

void Node::kill_keeper() {
  keeper_.reset();
  if (agent_) agent_->lose_keeper();
}

void Node::pause_agent(Duration how_long) {
  if (agent_) agent_->pause(how_long);
}

void Node::power_off() {
  end();
  if (random_.chance(0.5)) spool_.clear();
}

void Node::end() {
  kill_agent();
  keeper_.reset();
  processes_.lose_node(place_.pool, place_.node);
}

}  // namespace scoria::sim
