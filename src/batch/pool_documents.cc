// What clients and the store read of pools.
#include <algorithm>

#include "base/iso8601.h"
#include "batch/allocation.h"
#include "batch/pool_body.h"
#include "batch/pools.h"
#include "batch/state_json.h"

namespace scoria::batch {
namespace {

constexpr std::array<std::string_view, 3> kAllocations{"steady", "resizing", "stopping"};

// Azure never gives back what it was given to keep secret.
void drop_secrets(Json& value) {
  if (value.is_array()) {
    for (Json& item : value) drop_secrets(item);
  } else if (value.is_object()) {
    for (const char* key : {"password", "accountKey", "sasKey", "sshPrivateKey", "protectedSettings"}) value.erase(key);
    for (auto& [key, item] : value.items()) drop_secrets(item);
  }
}

int count_nodes(const Pool& pool, bool is_dedicated) {
  return static_cast<int>(
      std::ranges::count_if(pool.nodes, [&](const auto& entry) { return entry.second->is_dedicated == is_dedicated; }));
}

}  // namespace

Json pool_document(const Pool& pool) {
  Json out = pool.body;
  drop_secrets(out);
  const bool is_autoscaled = pool.formula.has_value();
  out["id"] = pool.id;
  out["url"] = "/pools/" + pool.id;
  out["eTag"] = pool.stamp.etag();
  out["lastModified"] = format_time(pool.stamp.modified);
  out["creationTime"] = format_time(pool.stamp.created);
  out["state"] = pool.is_deleting ? "deleting" : "active";
  out["stateTransitionTime"] = format_time(pool.stamp.state_since);
  out["allocationState"] = kAllocations[static_cast<std::size_t>(pool.allocation)];
  out["allocationStateTransitionTime"] = format_time(pool.allocation_since);
  out["currentDedicatedNodes"] = count_nodes(pool, true);
  out["currentLowPriorityNodes"] = count_nodes(pool, false);
  out["targetDedicatedNodes"] = pool.target_dedicated;
  out["targetLowPriorityNodes"] = pool.target_low_priority;
  out["enableAutoScale"] = is_autoscaled;
  out["enableInterNodeCommunication"] = pool.body.value("enableInterNodeCommunication", false);
  out["taskSlotsPerNode"] = pool.slots_per_node;
  out["taskSchedulingPolicy"] = {{"nodeFillType", pool.packs ? "pack" : "spread"}};
  if (is_autoscaled) {
    out["autoScaleFormula"] = pool.formula_text;
    out["autoScaleEvaluationInterval"] = format_duration(pool.evaluation_interval);
    if (!pool.autoscale_run.is_null()) out["autoScaleRun"] = pool.autoscale_run;
    out.erase("resizeTimeout");
  } else {
    out["resizeTimeout"] = format_duration(pool.resize_timeout);
    for (const char* key : {"autoScaleFormula", "autoScaleEvaluationInterval", "autoScaleRun"}) out.erase(key);
  }
  // Absent when there are none: doAzureParallel stops at an empty list.
  out.erase("resizeErrors");
  if (!pool.resize_errors.empty()) out["resizeErrors"] = pool.resize_errors;
  return out;
}

Json stored_pool(const Pool& pool) {
  Json out = pool_document(pool);
  Json& own = out[spec::kPrivate];
  own = {{"body", pool.body},
         {"stamp", stamp_json(pool.stamp)},
         {"allocationSince", micros(pool.allocation_since)},
         {"size", {pool.size->name, pool.size->cores, pool.size->memory_bytes, pool.size->gpus}},
         {"deallocation", deallocation_name(pool.deallocation)},
         {"resizeTimeout", pool.resize_timeout.count()},
         {"resizeDeadline", optional_micros(pool.resize_deadline)},
         {"nextEvaluation", optional_micros(pool.next_evaluation)},
         {"lastEvaluation", optional_micros(pool.last_evaluation)},
         {"wantsRoom", pool.wants_room},
         {"nextNode", pool.next_node},
         {"autoPoolJob", pool.auto_pool_job},
         {"autoPoolSchedule", pool.auto_pool_schedule},
         {"stays", pool.stays}};
  return out;
}

Status load_pool(State& state, const store::Document& document) {
  return guarded_load(document, [&](const Json& stored) -> Status {
    const Json& own = stored.at(spec::kPrivate);
    auto made = make<Pool>(state);
    Pool& pool = *made;
    pool.id = stored.at("id");
    pool.body = own.at("body");
    pool.stamp = stamp_of(own.at("stamp"));
    pool.is_deleting = stored.at("state") == "deleting";
    const auto allocation = std::ranges::find(kAllocations, stored.at("allocationState").get<std::string>());
    if (allocation != kAllocations.end()) {
      pool.allocation = static_cast<AllocationState>(allocation - kAllocations.begin());
    }
    pool.allocation_since = wall_of(own.at("allocationSince"));
    pool.provider = pool.body.value("provider", kLocal);
    const Json& size = own.at("size");
    pool.size = scoria::pool::ResourceClass{
        .name = size.at(0), .cores = size.at(1), .memory_bytes = size.at(2), .gpus = size.at(3)};
    pool.slots_per_node = stored.at("taskSlotsPerNode");
    pool.packs = stored.at("taskSchedulingPolicy").at("nodeFillType") == "pack";
    pool.target_dedicated = stored.at("targetDedicatedNodes");
    pool.target_low_priority = stored.at("targetLowPriorityNodes");
    SCORIA_TRY(deallocation, parse_deallocation(own.at("deallocation").get<std::string>(), "deallocation"));
    pool.deallocation = deallocation;
    pool.resize_timeout = Duration(own.at("resizeTimeout").get<std::int64_t>());
    pool.resize_deadline = optional_wall(own, "resizeDeadline");
    if (stored.contains("resizeErrors")) pool.resize_errors = stored["resizeErrors"].get<std::vector<Json>>();
    if (stored.value("enableAutoScale", false)) {
      pool.formula_text = stored.at("autoScaleFormula");
      auto formula = sched::Formula::parse(pool.formula_text);
      if (!formula.ok()) return with_context("pool '" + pool.id + "'", formula.error());
      pool.formula = std::move(formula).value();
      SCORIA_TRY(interval, parse_duration(stored.at("autoScaleEvaluationInterval").get<std::string>()));
      pool.evaluation_interval = interval;
      if (stored.contains("autoScaleRun")) pool.autoscale_run = stored["autoScaleRun"];
    }
    pool.next_evaluation = optional_wall(own, "nextEvaluation");
    pool.last_evaluation = optional_wall(own, "lastEvaluation");
    pool.evaluates_on_change = pool.body.value("evaluatesOnChange", state.settings.evaluates_on_change);
    pool.wants_room = own.at("wantsRoom");
    pool.next_node = own.at("nextNode");
    pool.auto_pool_job = own.at("autoPoolJob");
    pool.auto_pool_schedule = own.at("autoPoolSchedule");
    pool.stays = own.at("stays");
    pool.next_sample = state.now.wall;  // history begins anew: samples are not stored
    state.restless_pools.insert(&pool);
    state.stale_pools.insert(&pool);
    state.pools[lower(pool.id)] = std::move(made);
    return Ok{};
  });
}

}  // namespace scoria::batch
