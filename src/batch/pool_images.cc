#include "batch/pool_images.h"

#include "base/log.h"
#include "batch/attempts.h"
#include "batch/node_life.h"
#include "batch/nodes.h"

namespace scoria::batch {

const Json* container_configuration(const Pool& pool) {
  const auto machine = pool.body.find("virtualMachineConfiguration");
  if (machine == pool.body.end() || !machine->is_object()) return nullptr;
  const auto configuration = machine->find("containerConfiguration");
  return configuration != machine->end() && configuration->is_object() ? &*configuration : nullptr;
}

bool wants_images(const Pool& pool) {
  const Json* configuration = container_configuration(pool);
  if (configuration == nullptr) return false;
  const auto names = configuration->find("containerImageNames");
  return names != configuration->end() && names->is_array() && !names->empty();
}

Json images_order(const Pool& pool) {
  Json order = Json::object();
  const Json* configuration = container_configuration(pool);
  if (configuration == nullptr) return order;
  for (const char* key : {"containerImageNames", "containerRegistries"}) {
    if (const auto found = configuration->find(key); found != configuration->end()) order[key] = *found;
  }
  return order;
}

void fetch_images(State& state, Node& node) {
  forget_start_task(state, node);
  node.images = Node::Images::fetching;
  node.start_task_info = Json();
  std::erase_if(node.errors, [](const Json& error) { return error.value("code", "").starts_with("Container"); });
  node.start_attempt = new_attempt(state, node, spec::RunKind::images, nullptr).id;
  state.dirty_nodes.insert(&node);
  state.effects.wake.emplace(node.pool->id, node.id);
  set_node_state(state, node, NodeState::starting);
}

void images_event(State& state, Node& node, AttemptId attempt, const spec::Event& event) {
  if (attempt != node.start_attempt) return;
  if (event.kind != spec::Event::Kind::ended) {
    node.attempts.at(attempt).phase = spec::Phase::preparing;
    return;
  }
  forget_start_task(state, node);
  if (!event.failure) {
    node.images = Node::Images::fetched;
    run_start_task(state, node);
    return;
  }
  node.images = Node::Images::failed;
  Json details = Json::array();
  for (const auto& [name, value] : event.failure->details) details.push_back({{"name", name}, {"value", value}});
  node.errors.push_back(
      {{"code", event.failure->code}, {"message", event.failure->message}, {"errorDetails", std::move(details)}});
  log::warn("images_not_fetched", {{"pool", node.pool->id}, {"node", node.id}, {"error", event.failure->message}});
  set_node_state(state, node, NodeState::unusable);
}

}  // namespace scoria::batch
