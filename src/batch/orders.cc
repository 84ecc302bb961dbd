// What nodes are told: starts, stops, what else they shall do.
#include <algorithm>

#include "base/log.h"
#include "base/seeded_bug.h"
#include "batch/dispatch.h"
#include "batch/jobs.h"
#include "batch/pool_images.h"
#include "batch/preparations.h"
#include "batch/tasks.h"
#include "spec/json_text.h"

namespace scoria::batch {
namespace {

using spec::Phase;
using spec::RunKind;

// An answer stays well below the 4 MiB that a message may have.
constexpr std::size_t kStartsAtOnce = 256;
constexpr std::size_t kStartBytesAtOnce = 2 << 20;
constexpr const char* kForNodes[] = {"commandLine",
                                     "containerSettings",
                                     "resourceFiles",
                                     "outputFiles",
                                     "constraints",
                                     "userIdentity",
                                     "environmentSettings",
                                     "applicationPackageReferences",
                                     "authenticationTokenSettings"};

// Told so in this session, and no later request shows that it got lost.
bool is_told(const Node& node, std::uint64_t told) {
  return told != 0 && node.told_session == node.session && node.sequence < told + 2;
}

bool wants_start(const Node& node, const Attempt& attempt) {
  if (!attempt.stop_reason.empty() || attempt.was_held || node.held.contains(attempt.id)) return false;
  if (is_told(node, attempt.told_start) || (has_bug(SeededBug::start_told_once) && attempt.was_told)) return false;
  return has_bug(SeededBug::gate_ignored) || attempt.kind != RunKind::task || gate_of(*attempt.job, node) == Gate::open;
}

bool wants_stop(const Node& node, const Attempt& attempt) {
  return !attempt.stop_reason.empty() && attempt.was_told && !is_told(node, attempt.told_stop);
}

bool is_lost(const Node& node, const std::pair<const AttemptId, Phase>& held) {
  if (has_bug(SeededBug::fence_told_never)) return false;
  if (held.second == Phase::ended || node.attempts.contains(held.first)) return false;
  const auto told = node.told_lost.find(held.first);
  return told == node.told_lost.end() || !is_told(node, told->second);
}

bool wants_order(const Node& node) {
  if (node.order == spec::NodeOrder::none) return false;
  return node.order != node.told_order_kind || !is_told(node, node.told_order);
}

// Until it says that they are gone.
bool wants_removals(const Node& node) { return !node.remove_jobs.empty() && !is_told(node, node.told_removals); }

// It is in use again, by a job or task of the same name: told to go once, before this start, and never again.
void keep_directory(State& state, Node& node, std::string_view directory) {
  const auto covers = [&](const std::string& gone) {
    return directory.starts_with(gone) && (directory.size() == gone.size() || directory[gone.size()] == '/');
  };
  if (std::erase_if(node.remove_jobs, covers) > 0) state.dirty_nodes.insert(&node);
}

Json merged_environment(const Json& job, const Json& task) {
  // Later ones win: the node sets them in this order.
  Json merged = Json::array();
  const auto settings = [](const Json& parent, const char* key) -> Json {
    const auto found = parent.find(key);
    return found != parent.end() && found->is_array() ? *found : Json::array();
  };
  const Json own = settings(task, "environmentSettings");
  for (const Json& common : settings(job, "commonEnvironmentSettings")) {
    const bool is_replaced = std::ranges::any_of(
        own, [&](const Json& setting) { return setting.value("name", "") == common.value("name", ""); });
    if (!is_replaced) merged.push_back(common);
  }
  for (const Json& setting : own) merged.push_back(setting);
  return merged;
}

Json for_node(const Json& source, const Pool& pool) {
  Json spec = Json::object();
  for (const char* key : kForNodes) {
    if (const auto found = source.find(key); found != source.end() && !found->is_null()) spec[key] = *found;
  }
  if (const Json* configuration = container_configuration(pool); configuration != nullptr &&
                                                                 spec.contains("containerSettings") &&
                                                                 configuration->contains("containerRegistries")) {
    spec["containerRegistries"] = (*configuration)["containerRegistries"];
  }
  return spec;
}

// Packages that all of a pool's tasks find: its metadata of that name, where neither job nor task says something else.
void add_package_set(const Pool& pool, Json& environment) {
  constexpr const char* kName = "SCORIA_PACKAGE_SET";
  const auto is_it = [](const Json& item) { return item.value("name", "") == kName; };
  const auto metadata = pool.body.find("metadata");
  if (metadata == pool.body.end() || !metadata->is_array() || std::ranges::any_of(environment, is_it)) return;
  const auto found = std::ranges::find_if(*metadata, is_it);
  if (found != metadata->end()) environment.push_back({{"name", kName}, {"value", found->value("value", "")}});
}

bool wants_token(const Json& source) {
  const auto settings = source.find("authenticationTokenSettings");
  if (settings == source.end() || !settings->is_object()) return false;
  const auto access = settings->find("access");
  return access != settings->end() && access->is_array() && !access->empty();
}

spec::StartOrder start_order(const State& state, const Node& node, const Attempt& attempt) {
  spec::StartOrder order{.attempt = attempt.id, .kind = attempt.kind, .slots = attempt.slots};
  if (attempt.kind == RunKind::images) {
    order.directory = "startup";
    order.spec = images_order(*node.pool);
    return order;
  }
  if (attempt.kind == RunKind::start_task) {
    order.directory = "startup";
    order.spec = for_node(node.pool->body.value("startTask", Json::object()), *node.pool);
    order.retry = node.start_task_retries;
    return order;
  }
  const Job& job = *attempt.job;
  order.job = job.id;
  if (job.has_preparation) order.preparation_directory = task_directory(job.id, preparation_id(job));
  Json source;
  const auto preparation = node.preparations.find(job.number);
  switch (attempt.kind) {
    case RunKind::preparation:
      order.task = preparation_id(job);
      source = job.body.value("jobPreparationTask", Json::object());
      order.retry = preparation == node.preparations.end() ? 0 : preparation->second.retries;
      break;
    case RunKind::release:
      order.task = release_id(job);
      source = job.body.value("jobReleaseTask", Json::object());
      if (!source.contains("maxWallClockTime")) source["maxWallClockTime"] = "PT15M";
      source["constraints"] = {{"maxWallClockTime", source["maxWallClockTime"]},
                               {"retentionTime", source.value("retentionTime", "P7D")}};
      order.retry = preparation == node.preparations.end() ? 0 : preparation->second.release_retries;
      break;
    default:
      order.task = attempt.task->id;
      order.may_wait = attempt.may_wait;
      order.devices = attempt.devices;
      order.retry = attempt.task->retry_count;
      source = Json::parse(*attempt.task->spec, nullptr, false);
      break;
  }
  order.directory = task_directory(job.id, order.task);
  order.spec = for_node(source, *node.pool);
  Json environment = merged_environment(job.body, source);
  add_package_set(*node.pool, environment);
  if (!environment.empty()) order.spec["environmentSettings"] = std::move(environment);
  if (wants_token(source) && state.settings.job_token) order.token = state.settings.job_token(job);
  return order;
}

std::size_t size_of(const Attempt& attempt) {
  return attempt.task == nullptr ? 4096 : 512 + attempt.task->spec->size() + attempt.job->body.size() * 16;
}

}  // namespace

bool has_orders(const Node& node) {
  if (wants_order(node) || wants_removals(node)) return true;
  for (const auto& [id, attempt] : node.attempts) {
    if (wants_start(node, attempt) || wants_stop(node, attempt)) return true;
  }
  return std::ranges::any_of(node.held, [&](const auto& held) { return is_lost(node, held); });
}

spec::SyncReply orders_for(State& state, Node& node) {
  spec::SyncReply reply;
  if (node.told_session != node.session) {
    for (auto& [id, attempt] : node.attempts) attempt.told_start = attempt.told_stop = 0;
    node.told_session = node.session;
    node.told_lost.clear();
    node.told_order = node.told_removals = 0;
  }
  if (wants_removals(node)) {
    reply.remove_jobs = node.remove_jobs;
    node.told_removals = node.sequence;
  }
  std::size_t bytes = 0;
  for (auto& [id, attempt] : node.attempts) {
    if (wants_stop(node, attempt)) {
      reply.stop.push_back({.attempt = id,
                            .reason = attempt.stop_reason,
                            .grace_ms = std::chrono::ceil<std::chrono::milliseconds>(attempt.stop_grace).count()});
      attempt.told_stop = node.sequence;
      continue;
    }
    if (!wants_start(node, attempt)) continue;
    if (reply.start.size() == kStartsAtOnce || bytes > kStartBytesAtOnce) continue;
    if (attempt.kind == RunKind::task && attempt.task == nullptr) continue;
    bytes += size_of(attempt);
    reply.start.push_back(start_order(state, node, attempt));
    keep_directory(state, node, reply.start.back().directory);
    attempt.told_start = node.sequence;
    attempt.was_told = true;
  }
  std::erase_if(node.told_lost, [&](const auto& told) { return !node.held.contains(told.first); });
  for (const auto& held : node.held) {
    if (!is_lost(node, held)) continue;
    reply.stop.push_back({.attempt = held.first, .reason = "lost_fence", .grace_ms = 0});
    node.told_lost[held.first] = node.sequence;
  }
  reply.order = node.order;
  node.told_order_kind = node.order;
  node.told_order = node.sequence;
  return reply;
}

}  // namespace scoria::batch
