#include "sim/provider.h"

namespace scoria::sim {

Status Provider::request(const pool::NodeRequest& request) {
  for (const auto& one : owned_) {
    if (!one->is_released && one->pool == request.pool && one->name == request.node) return Ok{};
  }
  if (random_.chance(refuses)) return Error{Code::exhausted, "no room for node '" + request.node + "'"};
  auto made = std::make_unique<Owned>();
  made->pool = request.pool;
  made->name = request.node;
  made->node = std::make_unique<Node>(parts_, processes_,
                                      Agent::Place{.machine = parts_.server_machine,
                                                   .pool = request.pool,
                                                   .node = request.node,
                                                   .token = request.token,
                                                   .slots = request.slots,
                                                   .devices = request.devices},
                                      random_.fork(request.pool + "/" + request.node + request.token));
  start_later(*made->node, std::chrono::milliseconds(5), std::chrono::seconds(2));
  owned_.push_back(std::move(made));
  return Ok{};
}

void Provider::start_later(Node& node, Duration least, Duration most) {
  parts_.timeline.after(Duration(random_.between(least.count(), most.count())), [this, &node] {
    for (const auto& one : owned_) {
      if (one->node.get() == &node && !one->is_released) node.start();
    }
  });
}

std::vector<pool::NodeStatus> Provider::status() {
  std::vector<pool::NodeStatus> all;
  for (const auto& one : owned_) {
    if (one->is_released) continue;
    using State = pool::NodeStatus::State;
    const State state = one->node->has_left() ? State::gone : one->node->is_up() ? State::running : State::starting;
    all.push_back({.pool = one->pool, .node = one->name, .state = state});
  }
  return all;
}

void Provider::release(const std::string& pool, const std::string& node) {
  for (const auto& one : owned_) {
    if (one->is_released || one->pool != pool || one->name != node) continue;
    one->is_released = true;
    one->node->end();
  }
}

void Provider::agent_died(Node& node) { start_later(node, std::chrono::milliseconds(50), std::chrono::seconds(3)); }

void Provider::power_off() {
  for (const auto& one : owned_) {
    if (one->is_released) continue;
    one->node->power_off();
    agent_died(*one->node);
  }
}

std::vector<Node*> Provider::nodes() {
  std::vector<Node*> all;
  for (const auto& one : owned_) {
    if (!one->is_released) all.push_back(one->node.get());
  }
  return all;
}

}  // namespace scoria::sim
