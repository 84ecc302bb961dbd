#include "server/retention.h"

#include <condition_variable>
#include <mutex>

#include "base/iso8601.h"
#include "base/log.h"
#include "batch/jobs.h"
#include "server/documents.h"

namespace scoria::server {

Retention::Retention(App& app, Duration kept) : app_(app), kept_(kept) {
  if (kept != Duration::max()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Retention::run(const std::stop_token& stop) const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    try {
      delete_old(stop);
    } catch (const std::exception& error) {
      log::error("retention_failed", {{"error", error.what()}});
    }
    never.wait_for(lock, stop, std::chrono::minutes(1), [] { return false; });
  }
}

void Retention::delete_old(const std::stop_token& stop) const {
  const WallTime before = app_.clock.now().wall - kept_;
  std::string after;
  for (;;) {
    const auto jobs = app_.store.list(store::Kind::job, std::nullopt, after, 1000);
    if (!jobs.ok()) return log::warn("retention_failed", {{"error", jobs.error().message}});
    for (const store::Document& document : jobs.value()) {
      if (stop.stop_requested()) return;
      after = document.parent + "\n" + document.id;
      const auto job = parse_stored("job '" + document.id + "'", document.text);
      if (!job.ok() || job.value().value("state", "") != "completed") continue;
      const auto info = job.value().find("executionInfo");
      if (info == job.value().end() || !info->is_object()) continue;
      const auto end = parse_time(info->value("endTime", ""));
      if (!end.ok() || end.value() > before) continue;
      log::info("job_expired", {{"job", document.id}});
      const auto deleted = app_.service.write_and_wait(
          [id = document.id](batch::State& state) { return as_json(batch::delete_job(state, id, {})); });
      if (!deleted.ok()) log::warn("job_not_deleted", {{"job", document.id}, {"error", deleted.error().message}});
    }
    if (jobs.value().size() < 1000) return;
  }
}

}  // namespace scoria::server
