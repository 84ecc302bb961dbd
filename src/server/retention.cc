#include "server/retention.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>

#include "base/iso8601.h"
#include "base/log.h"
#include "batch/jobs.h"
#include "server/documents.h"

namespace scoria::server {
namespace {

constexpr std::chrono::minutes kPeriod{1};
constexpr int kBlobRounds = 10;  // a container of a million blobs is looked through in a second, not every minute
constexpr std::size_t kPage = 1000;

class Sweep {
 public:
  Sweep(App& app, const RetentionPolicy& policy, const std::stop_token& stop)
      : app_(app), policy_(policy), stop_(stop), now_(app.clock.now().wall) {}

  void jobs() {
    struct Ended {
      WallTime end;
      std::string id;
    };
    std::map<std::string, std::vector<Ended>> of_schedules;
    std::vector<std::string> due;
    std::string after;
    for (;;) {
      const auto page = app_.store.list(store::Kind::job, std::nullopt, after, kPage);
      if (!page.ok()) return log::warn("retention_failed", {{"error", page.error().message}});
      for (const store::Document& document : page.value()) {
        if (stop_.stop_requested()) return;
        after = document.parent + "\n" + document.id;
        const auto job = parse_stored("job '" + document.id + "'", document.text);
        if (!job.ok() || job.value().value("state", "") != "completed") continue;
        const auto info = job.value().find("executionInfo");
        if (info == job.value().end() || !info->is_object()) continue;
        const auto end = parse_time(info->value("endTime", ""));
        if (!end.ok()) continue;
        if (policy_.jobs != Duration::max() && end.value() <= now_ - policy_.jobs) {
          due.push_back(document.id);
        } else if (policy_.schedule_jobs > 0 && !document.parent.empty()) {
          of_schedules[document.parent].push_back({end.value(), document.id});
        }
      }
      if (page.value().size() < kPage) break;
    }
    for (auto& [schedule, ended] : of_schedules) {
      const auto kept = static_cast<std::size_t>(policy_.schedule_jobs);
      if (ended.size() <= kept) continue;
      std::ranges::sort(ended, std::ranges::greater(), &Ended::end);
      for (std::size_t i = kept; i < ended.size(); ++i) due.push_back(ended[i].id);
    }
    for (const std::string& id : due) {
      if (stop_.stop_requested()) return;
      delete_job(id);
    }
  }

  void blobs() {
    for (const RetentionPolicy::Blobs& rule : policy_.blobs) {
      const bool is_open = rule.container.ends_with('*');
      const std::string prefix = is_open ? rule.container.substr(0, rule.container.size() - 1) : rule.container;
      std::string after;
      for (;;) {
        const auto containers = app_.blobs.list_containers(prefix, after, kPage);
        if (!containers.ok()) return log::warn("retention_failed", {{"error", containers.error().message}});
        for (const auto& container : containers.value()) {
          after = container.name;
          if (stop_.stop_requested()) return;
          if (is_open || container.name == rule.container) blobs_of(container.name, rule);
        }
        if (containers.value().size() < kPage) break;
      }
    }
  }

 private:
  void delete_job(const std::string& id) {
    const auto deleted = app_.service.write_and_wait(
        [&id](batch::State& state) { return as_json(batch::delete_job(state, id, {})); }, batch::Work::less);
    if (!deleted.ok()) return log::warn("job_not_deleted", {{"job", id}, {"error", deleted.error().message}});
    ++app_.retained.jobs;
    log::info("job_expired", {{"job", id}});
  }

  void blobs_of(const std::string& container, const RetentionPolicy::Blobs& rule) {
    std::uint64_t count = 0, bytes = 0;
    std::string after;
    for (;;) {
      const auto page = app_.blobs.list_blobs(container, rule.prefix, "", after, kPage);
      if (!page.ok()) break;  // deleted meanwhile
      for (const blob::BlobItem& item : page.value()) {
        after = item.name;
        if (stop_.stop_requested()) break;
        if (item.properties.modified > now_ - rule.older_than) continue;
        // Not what somebody put in its place since.
        const Status deleted =
            app_.blobs.delete_blob(container, item.name, {.if_match = item.properties.etag, .if_none_match = {}});
        if (!deleted.ok()) continue;
        ++count;
        bytes += item.properties.length;
      }
      if (page.value().size() < kPage || stop_.stop_requested()) break;
    }
    if (count == 0) return;
    app_.retained.blobs += count;
    app_.retained.blob_bytes += bytes;
    log::info("blobs_expired", {{"container", container}, {"prefix", rule.prefix}, {"blobs", count}, {"bytes", bytes}});
  }

  App& app_;
  const RetentionPolicy& policy_;
  const std::stop_token& stop_;
  WallTime now_;
};

bool lets_jobs_go(const RetentionPolicy& policy) { return policy.jobs != Duration::max() || policy.schedule_jobs > 0; }

}  // namespace

Retention::Retention(App& app, const RetentionPolicy& policy) : app_(app), policy_(policy) {
  if (!lets_jobs_go(policy) && policy.blobs.empty()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Retention::sweep(App& app, const RetentionPolicy& policy, const std::stop_token& stop, bool blobs_too) {
  Sweep sweep(app, policy, stop);
  if (lets_jobs_go(policy)) sweep.jobs();
  if (blobs_too && !policy.blobs.empty()) sweep.blobs();
}

void Retention::run(const std::stop_token& stop) const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  for (int round = 0; !stop.stop_requested(); round = (round + 1) % kBlobRounds) {
    try {
      sweep(app_, policy_, stop, round == 0);
    } catch (const std::exception& error) {
      log::error("retention_failed", {{"error", error.what()}});
    }
    never.wait_for(lock, stop, kPeriod, [] { return false; });
  }
}

}  // namespace scoria::server
