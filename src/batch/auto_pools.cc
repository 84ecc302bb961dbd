// Pools that live for a job or a schedule: poolInfo.autoPoolSpecification. Source: Azure Batch REST API, AutoPoolSpecification.
#include <algorithm>

#include "base/log.h"
#include "batch/allocation.h"
#include "batch/attempts.h"
#include "batch/pools.h"
#include "spec/errors.h"

namespace scoria::batch {
namespace {

std::string free_pool_id(const State& state, const std::string& prefix, const std::string& name) {
  // Azure's are the prefix, "_" and a GUID; 64 characters are what an id may have.
  std::string id = (prefix.empty() ? "auto" : prefix) + "_" + name;
  for (char& c : id) {
    if (c == ':') c = '-';
  }
  id = id.substr(0, 56);
  for (int n = 2; state.pools.contains(lower(id)); ++n) id = id.substr(0, 56) + "-" + std::to_string(n);
  return id;
}

// Whether the pool of a job or schedule has nobody to live for.
bool is_orphan(const State& state, const Pool& pool) {
  if (!pool.auto_pool_schedule.empty()) {
    const auto schedule = state.schedules.find(pool.auto_pool_schedule);
    return schedule == state.schedules.end() || schedule->second->state == Schedule::State::completed;
  }
  if (pool.auto_pool_job == 0) return false;
  const auto job = state.jobs_by_number.find(pool.auto_pool_job);
  if (job != state.jobs_by_number.end() && job->second->state != JobState::completed) return false;
  // Release tasks run on after their job's end.
  return std::ranges::all_of(pool.nodes, [](const auto& entry) {
    return std::ranges::all_of(entry.second->attempts,
                               [](const auto& attempt) { return is_start(attempt.second.kind); });
  });
}

}  // namespace

Result<Pool*> ensure_auto_pool(State& state, Job& job) {
  const auto info = job.body.find("poolInfo");
  if (info == job.body.end() || !info->contains("autoPoolSpecification")) {
    return spec::batch_error("MissingRequiredProperty", "job '" + job.id + "' needs poolId or autoPoolSpecification",
                             {{"PropertyName", "poolInfo"}});
  }
  const Json& wanted = (*info)["autoPoolSpecification"];
  const bool is_schedules = lower(wanted.value("poolLifetimeOption", "job")) == "jobschedule";
  if (is_schedules && job.schedule.empty()) {
    return spec::batch_error("InvalidPropertyValue",
                             "poolLifetimeOption is jobschedule, but job '" + job.id + "' is no schedule's",
                             {{"PropertyName", "poolLifetimeOption"}});
  }
  for (auto& [id, pool] : state.pools) {
    if (pool->is_deleting) continue;
    if (is_schedules ? pool->auto_pool_schedule == job.schedule : pool->auto_pool_job == job.number) return pool.get();
  }
  const auto specification = wanted.find("pool");
  if (specification == wanted.end() || !specification->is_object()) {
    return spec::batch_error("MissingRequiredProperty", "an automatic pool needs its specification",
                             {{"PropertyName", "pool"}});
  }
  Json body = *specification;
  const std::string id =
      free_pool_id(state, wanted.value("autoPoolIdPrefix", ""),
                   is_schedules ? job.schedule : "job-" + std::to_string(job.number) + "-" + lower(job.id));
  body["id"] = id;
  SCORIA_TRY(stamp, add_pool(state, std::move(body)));
  SCORIA_TRY(pool, find_pool(state, id));
  (is_schedules ? void(pool->auto_pool_schedule = job.schedule) : void(pool->auto_pool_job = job.number));
  pool->stays = wanted.value("keepAlive", false);
  return pool;
}

void drop_auto_pools(State& state) {
  std::vector<std::string> orphans;
  for (const auto& [id, pool] : state.pools) {
    if (!pool->is_deleting && !pool->stays && is_orphan(state, *pool)) orphans.push_back(id);
  }
  for (const std::string& id : orphans) (void)delete_pool(state, id, {});  // it is there and not being deleted
}

}  // namespace scoria::batch
