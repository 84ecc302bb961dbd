#include "batch/state.h"

#include <algorithm>

#include "base/log.h"
#include "base/seeded_bug.h"
#include "batch/attempts.h"
#include "batch/dispatch.h"
#include "batch/job_settings.h"
#include "batch/jobs.h"
#include "batch/nodes.h"
#include "batch/pools.h"
#include "batch/schedules.h"
#include "batch/task_progress.h"
#include "batch/tasks.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::batch {
namespace {

// Numbers are promised to the store in blocks: after a crash those of the rest of a block are left out.
constexpr std::uint64_t kNumbersAtOnce = 4096;
// A dispatch may make work for a pool's allocation, and that again for the dispatch.
constexpr int kSettleRounds = 3;

std::string_view unquoted(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  return tag;
}

bool is_same_tag(std::string_view wanted, const Stamp& stamp) {
  return wanted == "*" || unquoted(wanted) == stamp.etag();
}

auto seconds(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

void flush_tasks(State& state) {
  for (Task* task : state.dirty_tasks) {
    if (task->is_dropped || task->job->is_gone) continue;
    const auto stored = static_cast<store::TaskState>(task->state);
    if (task->is_new) {
      state.changes.add_task({.job = task->job->number,
                              .number = task->number,
                              .id = task->id,
                              .state = stored,
                              .spec = *task->spec,
                              .info = task_info_text(*task)});
    } else {
      state.changes.update_task(task->job->number, task->number, stored, task_info_text(*task));
    }
    task->is_new = false;
    task->is_dirty = false;
  }
  state.dirty_tasks.clear();
}

void flush_jobs(State& state) {
  // Those that were written as completed by an earlier flush: from now on the store has them.
  for (const std::uint64_t number : std::exchange(state.completed_jobs, {})) {
    const auto found = state.jobs_by_number.find(number);
    if (found == state.jobs_by_number.end()) continue;
    Job& job = *found->second;
    if (job.state != JobState::completed) continue;
    if (state.dirty_jobs.contains(&job) || !job.attempts.empty()) {
      state.completed_jobs.push_back(number);
      continue;
    }
    forget_job(state, job);
  }
  for (Job* job : state.dirty_jobs) {
    state.changes.put({store::Kind::job, job_parent(job->id), job->id, spec::json_text(stored_job(*job))});
    if (job->state == JobState::completed) state.completed_jobs.push_back(job->number);
  }
  state.dirty_jobs.clear();
}

void flush_numbers(State& state) {
  if (has_bug(SeededBug::numbers_not_stored)) return;
  if (state.next_job < state.stored_next_job && state.next_attempt < state.stored_next_attempt) return;
  state.stored_next_job = state.next_job + kNumbersAtOnce;
  state.stored_next_attempt = state.next_attempt + kNumbersAtOnce;
  const Json numbers{{"nextJob", state.stored_next_job}, {"nextAttempt", state.stored_next_attempt}};
  state.changes.put({store::Kind::account, "", kNumbersId, numbers.dump()});
}

}  // namespace

std::string Stamp::etag() const {
  // Azure's look like the time of the change in .NET's ticks, in hexadecimal. The version keeps changes of one microsecond apart.
  constexpr std::int64_t kTicksTo1970 = 621'355'968'000'000'000;
  const std::int64_t ticks =
      kTicksTo1970 + modified.time_since_epoch().count() * 10 + static_cast<std::int64_t>(version % 10);
  std::string digits;
  for (auto rest = static_cast<std::uint64_t>(ticks); rest != 0; rest >>= 4) {
    digits += "0123456789ABCDEF"[rest & 15];
  }
  std::ranges::reverse(digits);
  return "0x" + digits;
}

Status Precondition::check(const Stamp& stamp) const {
  const bool is_met = (!if_match || is_same_tag(*if_match, stamp)) &&
                      (!if_none_match || !is_same_tag(*if_none_match, stamp)) &&
                      (!if_modified_since || seconds(stamp.modified) > seconds(*if_modified_since)) &&
                      (!if_unmodified_since || seconds(stamp.modified) <= seconds(*if_unmodified_since));
  if (is_met) return Ok{};
  return spec::batch_error("ConditionNotMet",
                           "the condition of the request's headers is not met: the eTag is \"" + stamp.etag() + "\"");
}

void Effects::clear() {
  request.clear();
  release.clear();
  publish.clear();
  discard.clear();
  wake.clear();
  notices.clear();
}

std::string lower(std::string_view id) {
  std::string out(id);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

void settle(State& state) {
  for (int round = 0; round < kSettleRounds; ++round) {
    end_stopped_untold(state);
    if (state.stale_pools.empty() && state.restless_pools.empty() && state.unsettled_nodes.empty()) return;
    settle_pools(state);
    // By id, not by address, so that a run repeats.
    std::map<std::string_view, Pool*> stale;
    for (Pool* pool : std::exchange(state.stale_pools, {})) stale.emplace(pool->id, pool);
    for (const auto& [id, pool] : stale) dispatch(state, *pool);
    for (Node* node : std::exchange(state.unsettled_nodes, {})) settle_node(state, *node);
  }
}

void flush(State& state) {
  for (const Pool* pool : state.dirty_pools) {
    state.changes.put({store::Kind::pool, "", pool->id, spec::json_text(stored_pool(*pool))});
  }
  state.dirty_pools.clear();
  for (const Node* node : state.dirty_nodes) {
    state.changes.put({store::Kind::node, node->pool->id, node->id, spec::json_text(stored_node(*node))});
  }
  state.dirty_nodes.clear();
  for (const Schedule* schedule : state.dirty_schedules) {
    state.changes.put({store::Kind::schedule, "", schedule->id, spec::json_text(stored_schedule(*schedule))});
  }
  state.dirty_schedules.clear();
  flush_tasks(state);
  flush_jobs(state);
  flush_numbers(state);
  state.gone_tasks.clear();
  state.gone_jobs.clear();
}

void tick(State& state) {
  while (!state.deadlines.empty() && state.deadlines.begin()->first <= state.now.steady) {
    const AttemptId id = state.deadlines.begin()->second;
    state.deadlines.erase(state.deadlines.begin());
    time_out(state, id);
  }
  while (!state.job_deadlines.empty() && state.job_deadlines.begin()->first <= state.now.wall) {
    const std::uint64_t number = state.job_deadlines.begin()->second;
    state.job_deadlines.erase(state.job_deadlines.begin());
    if (const auto found = state.jobs_by_number.find(number); found != state.jobs_by_number.end()) {
      end_job(state, *found->second, "MaxWallClockTimeExpiry");
    }
  }
  for (auto& [id, pool] : state.pools) {
    if (pool->nodes.size() > 1 && has_sent_ahead(*pool)) state.stale_pools.insert(pool.get());
  }
  release_held_back(state);
  fire_due(state);
  tick_pools(state);
}

}  // namespace scoria::batch
