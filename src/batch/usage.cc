#include "batch/usage.h"

#include <algorithm>
#include <cstdio>

#include "batch/nodes.h"
#include "batch/state_json.h"
#include "spec/errors.h"

namespace scoria::batch {
namespace {

constexpr const char* kPools = "pools";
constexpr const char* kJobs = "jobs";
constexpr const char* kThrough = "through";
constexpr std::chrono::seconds kWriteEvery{10};

std::string day_text(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

// Ordered as the numbers are.
std::string job_key(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(20 - digits.size(), '0') + digits;
}

std::string entry_key(const UsageEntry& entry) {
  return entry.day + "/" + lower(entry.pool) + "/" + entry.size +
         (entry.is_dedicated ? "/dedicated/" : "/lowpriority/") + entry.state;
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Json entry_json(const UsageEntry& entry) {
  return {{"day", entry.day},
          {"poolId", entry.pool},
          {"vmSize", entry.size},
          {"kind", entry.is_dedicated ? "dedicated" : "lowpriority"},
          {"state", entry.state},
          {"nodeSeconds", entry.node_seconds},
          {"coreSeconds", entry.core_seconds}};
}

Json job_json(const JobUsage& usage) {
  return {
      {"jobId", usage.job}, {"poolId", usage.pool}, {"slotSeconds", usage.slot_seconds}, {"attempts", usage.attempts}};
}

JobUsage job_usage_of(const Json& stored) {
  return {.job = stored.at("jobId"),
          .pool = stored.at("poolId"),
          .slot_seconds = stored.at("slotSeconds"),
          .attempts = stored.at("attempts")};
}

// A job's line, in memory or as it was stored.
JobUsage& line_of(State& state, const Job& job) {
  const auto found = state.job_usage.find(job.number);
  if (found != state.job_usage.end()) return found->second;
  JobUsage usage{.job = job.id, .pool = job.pool_id};
  if (const auto stored = state.store.get(store::Kind::usage, kJobs, job_key(job.number));
      stored.ok() && stored.value()) {
    const Json document = Json::parse(stored.value()->text, nullptr, false);
    if (document.is_object() && document.contains("slotSeconds")) usage = job_usage_of(document);
  }
  return state.job_usage.emplace(job.number, std::move(usage)).first->second;
}

std::optional<double> cost_of(const Settings& settings, const UsageEntry& entry) {
  const auto by_size = settings.prices.find(entry.size);
  if (by_size != settings.prices.end()) {
    return entry.node_seconds / 3600 * (entry.is_dedicated ? by_size->second.dedicated : by_size->second.low_priority);
  }
  const auto by_core = settings.prices.find("core");
  if (by_core == settings.prices.end()) return std::nullopt;
  return entry.core_seconds / 3600 * (entry.is_dedicated ? by_core->second.dedicated : by_core->second.low_priority);
}

WallTime charged_until(const State& state, const Node& node) {
  return node.charged_until.value_or(
      std::max(state.usage_through.value_or(state.now.wall), node.allocated.value_or(node.stamp.created)));
}

// A node's time in its state, to the entries of its days; `touched`, where there is one, gets their keys.
void add_time(std::map<std::string, UsageEntry>& entries, const Node& node, WallTime from, WallTime to,
              std::set<std::string>* touched) {
  while (from < to) {
    const auto day = std::chrono::floor<std::chrono::days>(from);
    const WallTime until = std::min<WallTime>(to, WallTime(day + std::chrono::days(1)));
    UsageEntry entry{.day = day_text(day),
                     .pool = node.pool->id,
                     .size = node.pool->size->name,
                     .state = std::string(node_state_name(node.state)),
                     .is_dedicated = node.is_dedicated};
    const std::string key = entry_key(entry);
    UsageEntry& kept = entries.try_emplace(key, std::move(entry)).first->second;
    kept.node_seconds += seconds(until - from);
    kept.core_seconds += seconds(until - from) * node.pool->size->cores;
    if (touched != nullptr) touched->insert(key);
    from = until;
  }
}

// An attempt's slots since it started; 0 where it has not.
double slot_seconds(const Attempt& attempt, WallTime now) {
  if (attempt.job == nullptr || attempt.phase == spec::Phase::queued || attempt.started >= now) return 0;
  return seconds(now - attempt.started) * std::max(attempt.slots, 0);
}

Status check_day(std::string_view text, const char* name) {
  const bool is_day = text.empty() || (text.size() == 10 && text[4] == '-' && text[7] == '-' &&
                                       std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }) == 8);
  if (is_day) return Ok{};
  return spec::batch_error("InvalidQueryParameterValue",
                           std::string(name) + " is '" + std::string(text) + "', must be a day such as 2026-11-29",
                           {{"QueryParameterName", name}, {"QueryParameterValue", std::string(text)}});
}

}  // namespace

void charge_node(State& state, Node& node) {
  const WallTime from = charged_until(state, node);
  add_time(state.usage, node, from, state.now.wall, &state.dirty_usage);
  node.charged_until = std::max(from, state.now.wall);  // a clock that jumps back charges nothing twice
}

void charge_attempt(State& state, const Node& node, const Attempt& attempt) {
  if (attempt.job == nullptr) return;
  JobUsage& usage = line_of(state, *attempt.job);
  usage.pool = node.pool->id;
  usage.slot_seconds += slot_seconds(attempt, state.now.wall);
  ++usage.attempts;
  state.dirty_job_usage.insert(attempt.job->number);
}

void close_job_usage(State& state, const Job& job) {
  // Stays in memory until the next tick: attempts that are still stopping add to it.
  if (state.dirty_job_usage.erase(job.number) == 0) return;
  state.changes.put({store::Kind::usage, kJobs, job_key(job.number), job_json(state.job_usage.at(job.number)).dump()});
}

void tick_usage(State& state) {
  if (state.next_usage_write && state.now.wall < *state.next_usage_write) return;
  const bool has_nodes =
      std::ranges::any_of(state.pools, [](const auto& entry) { return !entry.second->nodes.empty(); });
  for (auto& [id, pool] : state.pools) {
    for (auto& [name, node] : pool->nodes) charge_node(state, *node);
  }
  for (const std::string& key : state.dirty_usage) {
    state.changes.put({store::Kind::usage, kPools, key, entry_json(state.usage.at(key)).dump()});
  }
  for (const std::uint64_t number : state.dirty_job_usage) {
    state.changes.put({store::Kind::usage, kJobs, job_key(number), job_json(state.job_usage.at(number)).dump()});
  }
  // An idle server writes nothing.
  if (has_nodes || !state.dirty_usage.empty()) {
    state.changes.put({store::Kind::usage, "", kThrough, Json{{"at", micros(state.now.wall)}}.dump()});
  }
  state.dirty_usage.clear();
  state.dirty_job_usage.clear();
  std::erase_if(state.job_usage, [&](const auto& entry) { return !state.jobs_by_number.contains(entry.first); });
  state.usage_through = state.now.wall;
  state.next_usage_write = state.now.wall + kWriteEvery;
}

Result<Json> usage_report(const State& state, std::string_view from, std::string_view to, std::size_t limit) {
  SCORIA_TRY_STATUS(check_day(from, "from"));
  SCORIA_TRY_STATUS(check_day(to, "to"));
  Json pools = Json::array();
  double total = 0;
  // What is charged, and what will be.
  std::map<std::string, UsageEntry> entries = state.usage;
  for (const auto& [id, pool] : state.pools) {
    for (const auto& [name, node] : pool->nodes) {
      add_time(entries, *node, charged_until(state, *node), state.now.wall, nullptr);
    }
  }
  for (const auto& [key, entry] : entries) {
    if ((!from.empty() && entry.day < from) || (!to.empty() && entry.day > to)) continue;
    Json line = entry_json(entry);
    if (const auto cost = cost_of(state.settings, entry)) {
      line["cost"] = *cost;
      total += *cost;
    }
    pools.push_back(std::move(line));
  }
  std::map<std::uint64_t, Json> jobs;
  const std::uint64_t first = state.next_job > limit ? state.next_job - limit : 0;
  SCORIA_TRY(stored, state.store.list(store::Kind::usage, kJobs, first > 0 ? job_key(first - 1) : "", limit));
  for (const store::Document& document : stored) {
    Json line = Json::parse(document.text, nullptr, false);
    if (line.is_object()) jobs[std::stoull(document.id)] = std::move(line);
  }
  for (const auto& [number, usage] : state.job_usage) jobs[number] = job_json(usage);
  for (const auto& [id, pool] : state.pools) {
    for (const auto& [name, node] : pool->nodes) {
      for (const auto& [number, attempt] : node->attempts) {
        const double more = slot_seconds(attempt, state.now.wall);
        if (more <= 0) continue;
        Json& line = jobs[attempt.job->number];
        if (line.is_null()) line = job_json({.job = attempt.job->id, .pool = pool->id});
        line["slotSeconds"] = line["slotSeconds"].get<double>() + more;
      }
    }
  }
  Json newest = Json::array();
  for (auto line = jobs.rbegin(); line != jobs.rend() && newest.size() < limit; ++line) newest.push_back(line->second);
  Json out{{"from", from}, {"to", to}, {"pools", std::move(pools)}, {"jobs", std::move(newest)}};
  if (!state.settings.prices.empty()) {
    out["currency"] = state.settings.currency;
    out["cost"] = total;
  }
  return out;
}

Status load_usage(State& state, const store::Document& document) {
  return guarded_load(document, [&](const Json& stored) -> Status {
    if (document.parent == kPools) {
      UsageEntry entry{.day = stored.at("day"),
                       .pool = stored.at("poolId"),
                       .size = stored.at("vmSize"),
                       .state = stored.at("state"),
                       .is_dedicated = stored.at("kind") == "dedicated",
                       .node_seconds = stored.at("nodeSeconds"),
                       .core_seconds = stored.at("coreSeconds")};
      state.usage[document.id] = std::move(entry);
    } else if (document.id == kThrough) {
      state.usage_through = wall_of(stored.at("at"));
    }
    return Ok{};  // jobs' lines are read when they are asked for
  });
}

}  // namespace scoria::batch
