// A State from what the store holds.
#include <algorithm>

#include "base/log.h"
#include "batch/job_settings.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/notices.h"
#include "batch/pools.h"
#include "batch/preparations.h"
#include "batch/schedules.h"
#include "batch/tasks.h"
#include "batch/usage.h"

namespace scoria::batch {
namespace {

constexpr std::size_t kDocumentsAtOnce = 1000;

template <typename Load>
Status load_all(State& state, store::Kind kind, Load load) {
  std::string after;
  for (;;) {
    SCORIA_TRY(documents, state.store.list(kind, std::nullopt, after, kDocumentsAtOnce));
    for (const store::Document& document : documents) SCORIA_TRY_STATUS(load(state, document));
    if (documents.size() < kDocumentsAtOnce) return Ok{};
    after = documents.back().parent + "\n" + documents.back().id;
  }
}

Status load_numbers(State& state) {
  SCORIA_TRY(document, state.store.get(store::Kind::account, "", kNumbersId));
  if (!document) return Ok{};
  const Json numbers = Json::parse(document->text, nullptr, false);
  if (!numbers.is_object() || !numbers.contains("nextJob") || !numbers.contains("nextAttempt")) {
    return Error{Code::corrupt, "the stored numbers of jobs and attempts cannot be read"};
  }
  state.next_job = state.stored_next_job = numbers["nextJob"];
  state.next_attempt = state.stored_next_attempt = numbers["nextAttempt"];
  return Ok{};
}

}  // namespace

Status load(State& state) {
  SCORIA_TRY_STATUS(load_numbers(state));
  SCORIA_TRY_STATUS(load_all(state, store::Kind::pool, load_pool));
  SCORIA_TRY_STATUS(load_all(state, store::Kind::node, load_node));
  SCORIA_TRY_STATUS(load_all(state, store::Kind::job, load_job));
  SCORIA_TRY_STATUS(load_all(state, store::Kind::preparation, load_preparation));
  SCORIA_TRY_STATUS(
      state.store.each_open_task([&](const store::TaskRow& row) -> Status { return load_task(state, row); }));
  SCORIA_TRY_STATUS(load_all(state, store::Kind::schedule, load_schedule));
  SCORIA_TRY_STATUS(load_all(state, store::Kind::usage, load_usage));
  SCORIA_TRY_STATUS(load_all(state, store::Kind::notice, load_notice));
  for (auto& [id, pool] : state.pools) {
    state.stale_pools.insert(pool.get());
    state.restless_pools.insert(pool.get());
    for (auto& [key, node] : pool->nodes) state.unsettled_nodes.insert(node.get());
  }
  // What was decided and not done yet: a job whose last task completed, one that is being deleted. Some end by it.
  std::vector<Job*> jobs;
  for (auto& [id, job] : state.jobs) jobs.push_back(job.get());
  for (Job* job : jobs) resume_job(state, *job);
  log::info("state_loaded",
            {{"pools", state.pools.size()}, {"jobs", state.jobs.size()}, {"attempts", state.attempts.size()}});
  return Ok{};
}

}  // namespace scoria::batch
