// The provider of the simulated pool "local": its nodes are processes of the server's machine, that it starts, starts again when they die, and
// ends. What it has outlives the server's process.
// Threads: one. Borrows: all that it is given.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pool/provider.h"
#include "sim/node.h"

namespace scoria::sim {

class Provider final : public pool::Provider {
 public:
  Provider(Agent::Parts parts, Processes& processes, Random random)
      : parts_(std::move(parts)), processes_(processes), random_(random) {}

  Status request(const pool::NodeRequest& request) override;
  std::vector<pool::NodeStatus> status() override;
  void release(const std::string& pool, const std::string& node) override;

  // The agent of one of its nodes died: it is started again.
  void agent_died(Node& node);
  // Power loss of the machine.
  void power_off();
  // Requests are refused, for want of room, with this probability.
  double refuses = 0;
  // Those that it has, in the order of their making.
  std::vector<Node*> nodes();

 private:
  struct Owned {
    std::string pool, name;
    std::unique_ptr<Node> node;
    bool is_released = false;
  };
  void start_later(Node& node, Duration least, Duration most);

  Agent::Parts parts_;
  Processes& processes_;
  Random random_;
  std::vector<std::unique_ptr<Owned>> owned_;  // those released, too: what is planned for them may still look at them
};

}  // namespace scoria::sim
